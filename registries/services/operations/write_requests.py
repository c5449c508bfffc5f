"""What can be asked of Rancher now, and what a form brings to ask for it."""

from dataclasses import dataclass
from uuid import UUID

from registries.models import Operation
from registries.services.operations.outcomes import Target

Verb = Operation.Verb

# What the resource has to offer for a verb. An active registry has no `remove`: it is deactivated first (rancher.md).
NEEDED_ACTION = {
    Verb.UPDATE: "update",
    Verb.ACTIVATE: "activate",
    Verb.DEACTIVATE: "deactivate",
    Verb.REMOVE: "remove",
    Verb.PURGE: "purge",
    Verb.RESTORE: "restore",
}


@dataclass(frozen=True)
class WriteRequest:
    """What a form brings beside its fields: its one-time key, the id of the request and the reason given."""

    key: UUID
    request_id: str
    reason: str = ""


class ActionUnavailable(Exception):
    """Rancher doesn't offer the action in the registry's present state; nothing was sent. Its text is for people."""


def offered(target: Target) -> list[Verb]:
    """What can be done now, from the resource's own `actions`; removing an active one is offered as two steps."""
    verbs = [verb for verb, action in NEEDED_ACTION.items() if action in target.actions]
    if needs_deactivation(target):
        verbs.insert(verbs.index(Verb.DEACTIVATE) + 1, Verb.REMOVE)
    return verbs


def needs_deactivation(target: Target) -> bool:
    """Whether removing takes two steps: it rests active, where Rancher answers a DELETE with 405."""
    return target.state == "active" and "deactivate" in target.actions and "remove" not in target.actions


def check_offered(target: Target, verb: Verb, request: WriteRequest) -> None:
    """Raises ActionUnavailable, unless the form was sent before: then its operation is the answer."""
    if verb not in offered(target) and not Operation.objects.filter(key=request.key).exists():
        raise ActionUnavailable(
            f"Rancher doesn't offer to {verb.label} it while it is {target.state}. Nothing was sent."
        )
