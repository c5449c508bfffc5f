"""Decides an operation's outcome from its target's present state; None while undecided. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from registries.models import Operation
from registries.rancher.types import Registry, RegistryCredential

Verb, State = Operation.Verb, Operation.State
Target = Registry | RegistryCredential

# A call whose answer was lost may be applied late; until then, absence is no proof.
PROOF_AFTER = timedelta(seconds=12)
NEW_SECRET = "new_secret"  # noqa: S105 - in an operation's input: that one was set, never which


@dataclass(frozen=True)
class OperationOutcome:
    """Final state of an operation, with the reason of a failure."""

    state: Operation.State
    error_reason: str = ""
    error_text: str = ""
    target_id: str = ""


def snapshot(target: Target) -> dict[str, Any]:
    """Values for an operation's before and after: the editable fields that people may see, and the state."""
    own = {"server_address": target.server_address} if isinstance(target, Registry) else _public_values(target)
    return {"name": target.name, "description": target.description, **own, "state": target.state}


def _public_values(credential: RegistryCredential) -> dict[str, Any]:
    return {"public_value": credential.public_value, "email": credential.email}


@dataclass(frozen=True)
class ReadStart:
    """Start of a read of Rancher: the profile's write serial and the time, both taken before the call."""

    serial: int
    at: datetime

    def disproves(self, operation: Operation) -> bool:
        """Whether the read can prove that a write was not applied.

        For an accepted write, it must have begun after the answer was noted; for a lost one, after the last moment at
        which the call could have been applied.
        """
        if operation.noted_serial is not None and self.serial < operation.noted_serial:
            return False
        if operation.state == State.UNKNOWN:
            return operation.age_at(self.at) > PROOF_AFTER
        return operation.accepted_at is not None


def decide_outcome(operation: Operation, target: Target | None, read_start: ReadStart) -> OperationOutcome | None:
    """Decides the outcome from the target as read (None: Rancher doesn't know it); None while undecided. Pure."""
    found = _outcome(operation, target)
    if found and found.state == State.FAILED and not read_start.disproves(operation):
        return None
    return found


def _outcome(operation: Operation, target: Target | None) -> OperationOutcome | None:
    if target and target.lacks("state", "transitioning", *operation.input):
        return None
    if target is None or target.state in {"removed", "purging", "purged"}:
        return _outcome_when_gone(operation, target)
    if operation.verb == Verb.UPDATE:
        return _outcome_of_update(operation, target)
    what = operation.target_type
    if target.transitioning == "error":
        text = f"Rancher took the call, then reported an error on the {what}."
        return OperationOutcome(State.FAILED, "rancher_error", text)
    if target.is_moving:
        return None
    reached = {
        Verb.CREATE: target.state in {"active", "inactive"},
        Verb.ACTIVATE: target.state == "active",
        Verb.DEACTIVATE: target.state == "inactive",
        Verb.RESTORE: target.state in {"active", "inactive"},
    }.get(operation.verb)  # type: ignore[call-overload]
    if reached:
        return OperationOutcome(State.SUCCEEDED)
    if operation.verb == Verb.REMOVE and operation.step:
        return None  # the worker goes on (`services.operations.removal`)
    return _not_in_effect(operation, f"the {what} is {target.state}")


def _outcome_when_gone(operation: Operation, target: Target | None) -> OperationOutcome | None:
    state, what = target.state if target else "purged", operation.target_type
    if operation.verb == Verb.REMOVE:
        return OperationOutcome(State.SUCCEEDED)
    if operation.verb == Verb.PURGE:
        if state == "purged":
            return OperationOutcome(State.SUCCEEDED)
        return None if state == "purging" else _not_in_effect(operation, f"the {what} is removed, not purged")
    if operation.verb == Verb.RESTORE:
        return _not_in_effect(operation, f"the {what} is {state}") if operation.state == State.UNKNOWN else None
    if operation.verb == Verb.UPDATE and target:
        return _outcome_of_update(operation, target)
    return OperationOutcome(State.FAILED, "removed_meanwhile", f"Somebody removed the {what} in the meantime.")


def _outcome_of_update(operation: Operation, target: Target) -> OperationOutcome:
    now, before = snapshot(target), operation.before or {}
    wanted = {name: value for name, value in operation.input.items() if name in now}
    if NEW_SECRET in operation.input and not operation.accepted_at:
        return _outcome_of_lost_secret()
    if all(now.get(name) == value for name, value in wanted.items()):
        return OperationOutcome(State.SUCCEEDED)
    if all(now.get(name) == before.get(name) for name in wanted):
        return _not_in_effect(operation, "the fields read as they did before")
    text = "The fields now hold something else: somebody changed them after."
    return OperationOutcome(State.FAILED, "changed_meanwhile", text)


def _outcome_of_lost_secret() -> OperationOutcome:
    """Outcome of a lost password change: no read proves it, because Rancher never shows secrets."""
    return OperationOutcome(
        State.FAILED,
        "cannot_be_read",
        "Rancher's answer was lost, and whether it took the new password can't be read there. Enter it again: "
        "setting the same one twice does no harm.",
    )


def _not_in_effect(operation: Operation, now: str) -> OperationOutcome:
    """Outcome of a change that is not in effect: it was not applied, or another person undid it."""
    if operation.accepted_at:
        text = f"Rancher accepted it, but {now}: it was not carried out, or it was undone since."
        return OperationOutcome(State.FAILED, "not_in_effect", text)
    text = f"Rancher's answer was lost, and {now}: it was not applied, or it was undone since."
    return OperationOutcome(State.FAILED, "not_applied", text)
