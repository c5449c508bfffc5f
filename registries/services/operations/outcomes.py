"""What Rancher shows now proves how an operation ended, or proves nothing yet. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from registries.models import Operation
from registries.rancher.types import Registry, RegistryCredential

Verb, State = Operation.Verb, Operation.State
Target = Registry | RegistryCredential

# A call whose answer was lost may be applied late; before this, "not there" is no proof.
PROOF_AFTER = timedelta(seconds=12)
NEW_SECRET = "new_secret"  # noqa: S105 - in an operation's input: that one was set, never which


@dataclass(frozen=True)
class OperationOutcome:
    """How an operation ended."""

    state: Operation.State
    error_reason: str = ""
    error_text: str = ""
    target_id: str = ""


def snapshot(target: Target) -> dict[str, Any]:
    """What goes into an operation's before and after: what a person can change and may see, and the state."""
    own = {"server_address": target.server_address} if isinstance(target, Registry) else _public_values(target)
    return {"name": target.name, "description": target.description, **own, "state": target.state}


def _public_values(credential: RegistryCredential) -> dict[str, Any]:
    return {"public_value": credential.public_value, "email": credential.email}


def decide_outcome(operation: Operation, target: Target | None) -> OperationOutcome | None:
    """What the target as it is now proves about the operation; None while it proves nothing yet. Pure."""
    if target is None or target.state in {"removed", "purging", "purged"}:
        return _outcome_when_gone(operation, target)
    if operation.verb == Verb.UPDATE:
        return _outcome_of_update(operation, target)
    what = operation.target_type
    if target.transitioning == "error":
        return OperationOutcome(
            State.FAILED, "rancher_error", f"Rancher took the call, then reported an error on the {what}."
        )
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
    if operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER:
        return None
    if operation.accepted_at or operation.state == State.UNKNOWN:
        return OperationOutcome(State.FAILED, "not_applied", f"It was not applied: the {what} is {target.state}.")
    return None


def _outcome_when_gone(operation: Operation, target: Target | None) -> OperationOutcome | None:
    state, what = target.state if target else "purged", operation.target_type
    if operation.verb == Verb.REMOVE:
        return OperationOutcome(State.SUCCEEDED)
    if operation.verb == Verb.PURGE:
        if state == "purged":
            return OperationOutcome(State.SUCCEEDED)
        if state == "purging" or (operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER):
            return None
        if operation.accepted_at or operation.state == State.UNKNOWN:
            return OperationOutcome(
                State.FAILED, "not_applied", f"It was not applied: the {what} is removed, not purged."
            )
        return None
    if operation.verb == Verb.RESTORE:
        if operation.state == State.UNKNOWN and operation.age > PROOF_AFTER:
            return OperationOutcome(State.FAILED, "not_applied", f"It was not applied: the {what} is {state}.")
        return None
    if operation.verb == Verb.UPDATE and target:
        return _outcome_of_update(operation, target)
    return OperationOutcome(State.FAILED, "removed_meanwhile", f"Somebody removed the {what} in the meantime.")


def _outcome_of_update(operation: Operation, target: Target) -> OperationOutcome | None:
    now, before = snapshot(target), operation.before or {}
    wanted = {name: value for name, value in operation.input.items() if name in now}
    if NEW_SECRET in operation.input and not operation.accepted_at:
        return _outcome_of_lost_secret(operation)
    if all(now.get(name) == value for name, value in wanted.items()):
        return OperationOutcome(State.SUCCEEDED)
    if operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER:
        return None
    if operation.state != State.UNKNOWN and not operation.accepted_at:
        return None
    if all(now.get(name) == before.get(name) for name in wanted):
        return OperationOutcome(State.FAILED, "not_applied", "It was not applied: the fields read as they did before.")
    return OperationOutcome(
        State.FAILED, "changed_meanwhile", "The fields now hold something else: somebody changed them after."
    )


def _outcome_of_lost_secret(operation: Operation) -> OperationOutcome | None:
    """Rancher never shows a secret, so nothing that can be read proves whether a lost change of it was applied."""
    if operation.state != State.UNKNOWN or operation.age <= PROOF_AFTER:
        return None
    return OperationOutcome(
        State.FAILED,
        "cannot_be_read",
        "Rancher's answer was lost, and whether it took the new password can't be read there. Enter it again: "
        "setting the same one twice does no harm.",
    )
