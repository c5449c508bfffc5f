"""The life of an operation: committed before the call, settled after it, an unknown outcome settled by reading.

Nothing is ever sent again. `verdict` says, from the registry as Rancher shows it now, how an operation ended; every
page that reads registries settles what is open with it, and so does `manage.py reconcile`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from registries.access import Access
from registries.addresses import is_same_address
from registries.models import ConnectionProfile, Operation
from registries.rancher.errors import ApiError, Invalid, NotFound, RancherError
from registries.rancher.types import Registry
from registries.services import audit, connection, inventory

Verb, State = Operation.Verb, Operation.State

# After this the call itself has ended (wall deadline 8 s): a row that is still pending was left by a killed process.
CALL_OVER = timedelta(seconds=10)
# A call whose answer was lost may be applied late; before this, "not there" is no proof.
PROOF_AFTER = timedelta(seconds=12)
# Rancher sets no bound to a transition; from here on the pages say "still pending".
LONG_PENDING = timedelta(seconds=60)


@dataclass(frozen=True)
class Intent:
    """What somebody is about to do: everything that is known before the call."""

    verb: Operation.Verb
    key: UUID
    request_id: str
    target_id: str = ""
    target_name: str = ""
    reason: str = ""
    input: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """How an operation ended."""

    state: Operation.State
    error_reason: str = ""
    error_text: str = ""
    target_id: str = ""


class KeyTaken(Exception):
    """The one-time key of the form belongs to somebody else's operation."""


def begin(access: Access, intent: Intent) -> tuple[Operation, bool]:
    """Commits the operation with its first row on record; whether it is new.

    The same key again gives the operation that is there. Raises KeyTaken when the key was used by somebody else or for
    another profile.
    """
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                key=intent.key,
                actor=access.user,
                actor_name=access.user.get_username(),
                profile=access.profile,
                profile_name=access.profile.name,
                verb=intent.verb,
                target_id=intent.target_id,
                target_name=intent.target_name,
                reason=intent.reason,
                input=intent.input or {},
                before=intent.before,
                request_id=intent.request_id,
            )
            audit.record_begun(operation, actor=access.user, role=access.role_name, reason=intent.reason)
    except IntegrityError:
        if not Operation.objects.filter(key=intent.key).exists():
            raise
        return find_by_key(access, intent.key), False
    inventory.note_write(access.profile)
    return operation, True


def find_by_key(access: Access, key: UUID) -> Operation:
    """The operation of a form that was sent before. Raises KeyTaken, or Operation.DoesNotExist when it wasn't."""
    operation = Operation.objects.get(key=key)
    if operation.actor_id != access.user.pk or operation.profile_id != access.profile.pk:
        raise KeyTaken(str(key))
    return operation


def accept(operation: Operation, profile: ConnectionProfile, registry: Registry) -> None:
    """Rancher took the call and answered with the registry; it is settled when the registry rests."""
    now = timezone.now()
    operation.target_id, operation.after, operation.accepted_at = registry.id, snapshot(registry), now
    Operation.objects.filter(pk=operation.pk).update(target_id=registry.id, after=operation.after, accepted_at=now)
    inventory.note_write(profile)
    inventory.note_registry(profile, registry)
    settle_with(operation, registry)


def fail(operation: Operation, profile: ConnectionProfile, error: RancherError) -> None:
    """The call ended with an error: failed when it cannot have been applied, else unknown."""
    inventory.note_write(profile)  # also after a refusal: what is kept was not true
    changes = {"error_reason": error.reason, "error_text": str(error), "error_field": _field_of(error)}
    settle(operation, State.UNKNOWN if error.maybe_applied else State.FAILED, **changes)


def settle(operation: Operation, state: Operation.State, **changes: Any) -> bool:
    """Ends the operation, or marks it unknown, unless somebody else has ended it, and records that; whether it did."""
    with transaction.atomic():
        done = operation.settle(state, **changes)
        if done:
            audit.record_outcome(operation)
    return done


def _field_of(error: RancherError) -> str:
    if isinstance(error, ApiError) and error.code == "ServerAddressUsed":
        return "serverAddress"
    return (error.field or "")[:32] if isinstance(error, Invalid) else ""


def snapshot(registry: Registry) -> dict[str, Any]:
    """What of a registry goes into an operation's before and after: what a person can change, and the state."""
    return {
        "name": registry.name,
        "description": registry.description,
        "server_address": registry.server_address,
        "state": registry.state,
    }


def open_operations(profile: ConnectionProfile) -> list[Operation]:
    """The profile's operations without an outcome, oldest first."""
    return list(Operation.objects.filter(profile=profile, state__in=Operation.OPEN).order_by("pk"))


def settle_from_reading(operations: Iterable[Operation], reading: inventory.Reading) -> list[Operation]:
    """Settles what a live list proves; which operations are still open.

    A removed registry leaves the list at once (rancher.md), so its absence from a whole list proves a removal.
    """
    by_id = {registry.id: registry for registry in reading.registries}
    for operation in operations:
        if reading.read_at is None or reading.read_at <= operation.started_at:
            continue  # it was read before: it proves nothing
        mark_if_abandoned(operation)
        if operation.verb == Verb.CREATE and not operation.target_id:
            settle_lost_create(operation, by_id.values())
        elif registry := by_id.get(operation.target_id):
            settle_with(operation, registry)
        elif operation.verb == Verb.REMOVE and not reading.warnings:
            settle_with(operation, None)
    return [operation for operation in operations if operation.is_open]


def settle_with(operation: Operation, registry: Registry | None) -> bool:
    """Settles the operation if the registry (None: Rancher doesn't know it) proves an outcome; whether it did."""
    found = verdict(operation, registry)
    if found is None:
        return False
    changes: dict[str, Any] = {"error_reason": found.error_reason, "error_text": found.error_text}
    if registry:
        changes["after"] = snapshot(registry)
    return settle(operation, found.state, **changes)


def mark_if_abandoned(operation: Operation) -> None:
    """Pending, never answered, and its call must long be over: the process that made it was killed."""
    in_worker = operation.verb == Verb.REMOVE and operation.step
    if operation.state == State.PENDING and not operation.accepted_at and not in_worker and operation.age > CALL_OVER:
        settle(
            operation,
            State.UNKNOWN,
            error_reason="abandoned",
            error_text="The call was cut off here before Rancher's answer came.",
        )


def settle_lost_create(operation: Operation, registries: Iterable[Registry]) -> None:
    """A create whose answer was lost: looked for by its address among what was not there before."""
    before = set((operation.before or {}).get("ids", ()))
    address = str(operation.input.get("server_address", ""))
    new = [one for one in registries if one.id not in before and is_same_address(one.server_address, address)]
    if operation.state != State.UNKNOWN:
        return
    if new:
        found = min(new, key=lambda one: (len(one.id), one.id))
        settle(operation, State.SUCCEEDED, target_id=found.id, after=snapshot(found), error_reason="", error_text="")
    elif operation.age > PROOF_AFTER:
        settle(operation, State.FAILED, error_text="Rancher has no registry with that address: nothing was created.")


def verdict(operation: Operation, registry: Registry | None) -> Verdict | None:
    """What the registry as it is now proves about the operation; None while it proves nothing yet. Pure."""
    if registry is None or registry.state in {"removed", "purging", "purged"}:
        return _verdict_when_gone(operation, registry)
    if operation.verb == Verb.UPDATE:
        return _verdict_of_update(operation, registry)
    if registry.transitioning == "error":
        return Verdict(State.FAILED, "rancher_error", "Rancher took the call, then reported an error on the registry.")
    if registry.is_moving:
        return None
    reached = {
        Verb.CREATE: registry.state in {"active", "inactive"},
        Verb.ACTIVATE: registry.state == "active",
        Verb.DEACTIVATE: registry.state == "inactive",
        Verb.RESTORE: registry.state in {"active", "inactive"},
    }.get(operation.verb)  # type: ignore[call-overload]
    if reached:
        return Verdict(State.SUCCEEDED)
    if operation.verb == Verb.REMOVE and operation.step:
        return None  # the worker goes on (`services.removal`)
    if operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER:
        return None
    if operation.accepted_at or operation.state == State.UNKNOWN:
        return Verdict(State.FAILED, "not_applied", f"It was not applied: the registry is {registry.state}.")
    return None


def _verdict_when_gone(operation: Operation, registry: Registry | None) -> Verdict | None:
    state = registry.state if registry else "purged"
    if operation.verb == Verb.REMOVE:
        return Verdict(State.SUCCEEDED)
    if operation.verb == Verb.PURGE:
        if state == "purged":
            return Verdict(State.SUCCEEDED)
        if state == "purging" or (operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER):
            return None
        if operation.accepted_at or operation.state == State.UNKNOWN:
            return Verdict(State.FAILED, "not_applied", "It was not applied: the registry is removed, not purged.")
        return None
    if operation.verb == Verb.RESTORE:
        if operation.state == State.UNKNOWN and operation.age > PROOF_AFTER:
            return Verdict(State.FAILED, "not_applied", f"It was not applied: the registry is {state}.")
        return None
    if operation.verb == Verb.UPDATE and registry:
        return _verdict_of_update(operation, registry)
    return Verdict(State.FAILED, "removed_meanwhile", "Somebody removed the registry in the meantime.")


def _verdict_of_update(operation: Operation, registry: Registry) -> Verdict | None:
    wanted, now, before = operation.input, snapshot(registry), operation.before or {}
    if all(now.get(name) == value for name, value in wanted.items()):
        return Verdict(State.SUCCEEDED)
    if operation.state == State.UNKNOWN and operation.age <= PROOF_AFTER:
        return None
    if operation.state != State.UNKNOWN and not operation.accepted_at:
        return None
    if all(now.get(name) == before.get(name) for name in wanted):
        return Verdict(State.FAILED, "not_applied", "It was not applied: the fields read as they did before.")
    return Verdict(
        State.FAILED, "changed_meanwhile", "The fields now hold something else: somebody changed them after."
    )


def settle_open(profile: ConnectionProfile) -> list[Operation]:
    """Settles the profile's open operations by reading Rancher; those that stay open. Raises RancherError.

    One read of the list, and one of each target that the list no longer shows (removed rows leave it).
    """
    operations = open_operations(profile)
    if not operations:
        return []
    left = settle_from_reading(operations, inventory.read_registries(profile, fresh=True))
    for operation in left:
        if operation.target_id:
            settle_with(operation, read_target(profile, operation.target_id))
    return [operation for operation in left if operation.is_open]


def read_target(profile: ConnectionProfile, rancher_id: str) -> Registry | None:
    """The registry live, removed ones too; None when Rancher doesn't know it. Raises RancherError."""
    try:
        with connection.contact(profile) as client:
            registry = client.registries.get(rancher_id, include_credentials=True)
    except NotFound:
        inventory.note_absence(profile, rancher_id)
        return None
    inventory.note_registry(profile, registry)
    return registry
