"""Write requests of forms, and the verbs that Rancher offers for a target."""

from dataclasses import dataclass
from uuid import UUID

from registries.models import Operation
from registries.services.operations.outcomes import Target

Verb = Operation.Verb

# Action that a resource must offer for a verb. Active registries offer no `remove`: deactivate first (rancher.md).
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
    """Metadata of a submitted form: its one-time key, the request's id and the reason given."""

    key: UUID
    request_id: str
    reason: str = ""


class ActionUnavailable(Exception):
    """Action that Rancher doesn't offer in the target's present state; nothing was sent. Its text is for people."""


def was_sent(request: WriteRequest) -> bool:
    """Whether the same form was sent before and has an operation."""
    return Operation.objects.filter(key=request.key).exists()


def offered(target: Target) -> list[Verb]:
    """Verbs that the resource's `actions` allow now; removing an active one is offered as two steps."""
    verbs = [verb for verb, action in NEEDED_ACTION.items() if action in target.actions]
    if needs_deactivation(target):
        verbs.insert(verbs.index(Verb.DEACTIVATE) + 1, Verb.REMOVE)
    return verbs


def needs_deactivation(target: Target) -> bool:
    """Whether removal takes two steps: for active targets, Rancher answers DELETE with 405."""
    return target.state == "active" and "deactivate" in target.actions and "remove" not in target.actions


def check_offered(target: Target, verb: Verb, request: WriteRequest) -> None:
    """Raises ActionUnavailable if the verb isn't offered; not for a form that was sent before and has an operation."""
    if verb not in offered(target) and not was_sent(request):
        raise ActionUnavailable(
            f"Rancher doesn't offer to {verb.label} it while it is {target.state}. Nothing was sent."
        )
