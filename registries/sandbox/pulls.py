"""Pull tasks: the credential that is sent along, and each host's result. Source: `pull-on-hosts.json`."""

from __future__ import annotations

from registries.sandbox.image_credential import choose_credential
from registries.sandbox.state import Row, State, public_id

DOCKER = "docker:"
HOST_LABEL = "io.rancher.scheduler.affinity:host_label"
PULL_FAILS = "sandbox.pull"  # a label of a host: the error text that it gives to every pull


def plan(state: State, task: Row) -> None:
    """Stores the task's credential and the result that each selected host will report."""
    image = (task.fields["image"] or "").removeprefix(DOCKER)
    credential = choose_credential(state, task.account, image).credential
    task.fields["credential"] = public_id(credential.kind, credential.number) if credential else None
    task.fields["outcome"] = {
        host: state.host_labels.get(host, {}).get(PULL_FAILS, "Done")
        for host in state.hosts.get(task.account, ())
        if _is_selected(state.host_labels.get(host, {}), task.fields.get("labels") or {})
    }


def _is_selected(labels: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether a host is selected: by the scheduler's label (`name=value`, separated by commas), not by plain ones."""
    pairs = [pair.partition("=") for pair in wanted.get(HOST_LABEL, "").split(",") if pair]
    return all(labels.get(name.strip()) == value.strip() for name, _, value in pairs)
