"""What the server makes of an image: the credential that it takes, and the hosts that pull with it.

Source: `resolver.json`, `pull-on-hosts.json`.
"""

from __future__ import annotations

from registries.images.credential_lookup import Resolution, resolve, split_whitelist
from registries.rancher.types import Registry, RegistryCredential
from registries.sandbox.state import Row, State, public_id

DOCKER = "docker:"
HOST_LABEL = "io.rancher.scheduler.affinity:host_label"
PULL_FAILS = "sandbox.pull"  # a label of a host: the error text that it gives to every pull


def resolve_image(state: State, account: int, image: str) -> Resolution:
    """By the rules that Corral explains, over this project's registries and the server's settings."""
    credentials: dict[int, list[RegistryCredential]] = {}
    for row in state.credentials.values():
        shown = RegistryCredential(id=public_id(row.kind, row.number), state=row.state)
        credentials.setdefault(row.fields["registry"], []).append(shown)
    registries = [
        Registry(
            id=public_id(row.kind, row.number),
            state=row.state,
            server_address=row.fields["serverAddress"],
            credentials=tuple(credentials.get(row.number, ())),
        )
        for row in state.registries.values()
        if row.account == account
    ]
    return resolve(
        image.removeprefix(DOCKER),
        registries=registries,
        default_registry=state.settings.get("registry.default") or "",
        whitelist=split_whitelist(state.settings.get("registry.whitelist")),
    )


def plan(state: State, task: Row) -> None:
    """Picks the credential for a pull task, and what each host will say once it is through."""
    found = resolve_image(state, task.account, task.fields["image"] or "")
    task.fields["credential"] = found.credential.id if found.credential else None
    task.fields["outcome"] = {
        host: state.host_labels.get(host, {}).get(PULL_FAILS, "Done")
        for host in state.hosts.get(task.account, ())
        if _is_selected(state.host_labels.get(host, {}), task.fields.get("labels") or {})
    }


def _is_selected(labels: dict[str, str], wanted: dict[str, str]) -> bool:
    """Plain labels select no hosts, those of the scheduler do: `name=value`, several between commas."""
    pairs = [pair.partition("=") for pair in wanted.get(HOST_LABEL, "").split(",") if pair]
    return all(labels.get(name.strip()) == value.strip() for name, _, value in pairs)
