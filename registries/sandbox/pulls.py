"""What each host says to a pull, and the credential that the server sends along. Source: `pull-on-hosts.json`."""

from __future__ import annotations

from registries.sandbox.image_credential import choose_credential
from registries.sandbox.state import Row, State, public_id

DOCKER = "docker:"
HOST_LABEL = "io.rancher.scheduler.affinity:host_label"
PULL_FAILS = "sandbox.pull"  # a label of a host: the error text that it gives to every pull


def plan(state: State, task: Row) -> None:
    """Picks the credential for a pull task, and what each host will say once it is through."""
    image = (task.fields["image"] or "").removeprefix(DOCKER)
    credential = choose_credential(state, task.account, image).credential
    task.fields["credential"] = public_id(credential.kind, credential.number) if credential else None
    task.fields["outcome"] = {
        host: state.host_labels.get(host, {}).get(PULL_FAILS, "Done")
        for host in state.hosts.get(task.account, ())
        if _is_selected(state.host_labels.get(host, {}), task.fields.get("labels") or {})
    }


def _is_selected(labels: dict[str, str], wanted: dict[str, str]) -> bool:
    """Plain labels select no hosts, those of the scheduler do: `name=value`, several between commas."""
    pairs = [pair.partition("=") for pair in wanted.get(HOST_LABEL, "").split(",") if pair]
    return all(labels.get(name.strip()) == value.strip() for name, _, value in pairs)
