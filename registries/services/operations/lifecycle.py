"""Operation lifecycle: committed before the call, settled after it; unknown outcomes are settled by reading.

Writes are never resent. `services.operations.outcomes` decides from the target's present state how an operation ended;
every page that reads registries settles open operations, and so does `manage.py reconcile`.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from dashboard.loops import guarded_step
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.outbound.errors import BadResponse, Unreachable, UpstreamError
from registries.rancher.errors import ApiError, Invalid, NotFound
from registries.rancher.types import Registry, RegistryCredential
from registries.services.audit import write
from registries.services.inventory import store
from registries.services.inventory.reading import Reading, read_registries
from registries.services.operations import lost_creates
from registries.services.operations.outcomes import ReadStart, Target, snapshot
from registries.services.operations.settlement import settle, settle_with
from registries.services.upstream import connection

Verb, State = Operation.Verb, Operation.State

# The call has ended by then (wall deadline 8 s): a row that is still pending was left by a killed process.
CALL_OVER = timedelta(seconds=10)
# Rancher sets no limit for transitions; after this, pages say "still pending".
LONG_PENDING = timedelta(seconds=60)
PROFILE_GONE = "The profile was removed from Corral a moment ago; nothing was sent."


@dataclass(frozen=True)
class Intent:
    """A write before its call: verb, target, reason and input. `input` never holds a secret.

    `registry_id` is set for writes to a credential of that registry.
    """

    verb: Operation.Verb
    key: UUID
    request_id: str
    target_type: str = "registry"
    registry_id: str = ""
    target_id: str = ""
    target_name: str = ""
    reason: str = ""
    input: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


class KeyTaken(Exception):
    """The form's one-time key belongs to another person's operation, or another profile's."""


def begin(access: Access, intent: Intent) -> tuple[Operation, bool]:
    """Commits the operation with its first audit event; returns it and whether it is new.

    Returns the existing operation when the key was used before. Raises KeyTaken when another person used it, or for
    another profile, and ProfileUnusable for a profile that was removed a moment ago.
    """
    try:
        with transaction.atomic():
            if not ConnectionProfile.objects.select_for_update().filter(pk=access.profile.pk).exists():
                raise connection.ProfileUnusable("profile_gone", PROFILE_GONE)
            operation = Operation.objects.create(
                key=intent.key,
                actor=access.user,
                actor_name=access.user.get_username(),
                profile=access.profile,
                profile_name=access.profile.name,
                verb=intent.verb,
                target_type=intent.target_type,
                registry_id=intent.registry_id,
                target_id=intent.target_id,
                target_name=intent.target_name,
                reason=intent.reason,
                input=intent.input or {},
                before=intent.before,
                request_id=intent.request_id,
            )
            write.write_begun(operation, actor=access.user, role=access.role_name, reason=intent.reason)
    except IntegrityError:
        if not Operation.objects.filter(key=intent.key).exists():
            raise
        return find_by_key(access, intent.key), False
    store.note_write(access.profile)
    return operation, True


def find_by_key(access: Access, key: UUID) -> Operation:
    """Finds the operation of a form that was sent before. Raises KeyTaken, or Operation.DoesNotExist if it wasn't."""
    operation = Operation.objects.get(key=key)
    if operation.actor_id != access.user.pk or operation.profile_id != access.profile.pk:
        raise KeyTaken(str(key))
    return operation


def accept(operation: Operation, profile: ConnectionProfile, target: Target) -> None:
    """Notes that Rancher accepted the call; settles the operation if its target is at rest."""
    _note_answer(operation, profile, target_id=target.id, after=snapshot(target), accepted_at=timezone.now())
    if isinstance(target, Registry):
        store.note_registry(profile, target)
    settle_with(operation, target, ReadStart(-1, timezone.now()))  # the answer itself disproves nothing


def fail(operation: Operation, profile: ConnectionProfile, error: UpstreamError) -> None:
    """Notes that the call ended with an error: failed if it can't have been applied, else unknown."""
    _note_answer(operation, profile)  # after a refusal too: the kept reading was outdated
    changes = {"error_reason": error.reason, "error_text": str(error), "error_field": _field_of(error)}
    settle(operation, State.UNKNOWN if error.maybe_applied else State.FAILED, **changes)


def _note_answer(operation: Operation, profile: ConnectionProfile, **changes: Any) -> None:
    """Stores the answer before anything else, with the write serial from which readings are younger than it."""
    with transaction.atomic():
        store.note_write(profile)
        changes["noted_serial"] = profile.write_serial
        Operation.objects.filter(pk=operation.pk).update(**changes)
    for name, value in changes.items():
        setattr(operation, name, value)


def _field_of(error: UpstreamError) -> str:
    if isinstance(error, ApiError) and error.code == "ServerAddressUsed":
        return "serverAddress"
    return (error.field or "")[:32] if isinstance(error, Invalid) else ""


def open_operations(profile: ConnectionProfile) -> list[Operation]:
    """Open operations of the profile, oldest first; without pulls, which `services.operations.pulls` settles."""
    waiting = Operation.objects.filter(profile=profile, state__in=Operation.OPEN)
    return list(waiting.exclude(verb=Verb.PULL).order_by("pk"))


def settle_from_reading(operations: Iterable[Operation], reading: Reading) -> list[Operation]:
    """Settles operations as far as a live list proves their outcome; returns those that are still open.

    Removed registries leave the list at once (rancher.md), so absence from a complete list proves a removal.
    """
    by_id = {registry.id: registry for registry in reading.registries}
    for operation in operations:
        if reading.read_at is None or reading.read_at <= operation.started_at:
            continue  # an older reading proves nothing
        with guarded_step(f"settle operation {operation.pk}"):
            mark_if_abandoned(operation)
            _settle_from_list(operation, reading, by_id, ReadStart(reading.serial, reading.read_at))
    return [operation for operation in operations if operation.is_open]


def _settle_from_list(
    operation: Operation, reading: Reading, by_id: Mapping[str, Registry], read_start: ReadStart
) -> None:
    is_whole = not reading.warnings  # only then absence is proof
    if operation.target_type == "credential":
        if registry := by_id.get(operation.registry_id):
            settle_credential(operation, registry, read_start)
    elif operation.verb == Verb.CREATE and not operation.target_id:
        tells_addresses = is_whole and not any(registry.lacks("server_address") for registry in by_id.values())
        if tells_addresses or not read_start.disproves(operation):
            lost_creates.settle_registry(operation, by_id.values(), read_start)
    elif registry := by_id.get(operation.target_id):
        settle_with(operation, registry, read_start)
    elif operation.verb == Verb.REMOVE and is_whole:
        settle_with(operation, None, read_start)


def settle_credential(operation: Operation, registry: Registry, read_start: ReadStart) -> bool:
    """Settles an operation on a credential as far as its registry, read with credentials, proves the outcome.

    Removed credentials leave the list; a purge after that is proved only by reading the credential itself.
    """
    credentials, is_whole = registry.credentials or (), not registry.lacks("credentials")
    if operation.verb == Verb.CREATE and not operation.target_id:
        is_proof = is_whole or not read_start.disproves(operation)
        return is_proof and lost_creates.settle_credential(operation, credentials, read_start)
    found = next((one for one in credentials if one.id == operation.target_id), None)
    is_proof = found is not None or (operation.verb == Verb.REMOVE and is_whole)
    return is_proof and settle_with(operation, found, read_start)


def mark_if_abandoned(operation: Operation) -> None:
    """Marks an operation unknown if it is pending without an answer and its call must be over: its process died."""
    in_worker = operation.verb == Verb.REMOVE and operation.step
    if operation.state == State.PENDING and not operation.accepted_at and not in_worker and operation.age > CALL_OVER:
        settle(
            operation,
            State.UNKNOWN,
            error_reason="abandoned",
            error_text="The call was cut off here before Rancher's answer came.",
        )


def settle_open(profile: ConnectionProfile) -> list[Operation]:
    """Settles the profile's open operations by reading Rancher; returns those still open. Raises UpstreamError.

    Reads the list once, and each target that is missing there (removed rows leave it). A target that can't be read
    leaves its own operation open and no other; only Unreachable ends the loop.
    """
    operations = open_operations(profile)
    if not operations:
        return []
    left = settle_from_reading(operations, read_registries(profile, fresh=True))
    for operation in left:
        step = guarded_step(f"settle operation {operation.pk}", passing=Unreachable)
        with step, contextlib.suppress(ApiError, BadResponse):
            _settle_by_target(operation, profile)
    return [operation for operation in left if operation.is_open]


def _settle_by_target(operation: Operation, profile: ConnectionProfile) -> None:
    read_start = ReadStart(profile.write_serial, timezone.now())
    if operation.target_id:
        settle_with(operation, read_target_of(operation, profile), read_start)
    elif operation.target_type == "credential":
        with connection.contact(profile) as client:
            listing = client.credentials.list_of(operation.registry_id)
        if not listing.warnings or not read_start.disproves(operation):
            lost_creates.settle_credential(operation, listing.items, read_start)


def read_target_of(operation: Operation, profile: ConnectionProfile) -> Target | None:
    """Reads the operation's target; None if Rancher doesn't know it. Raises UpstreamError."""
    if operation.target_type == "credential":
        return read_credential(profile, operation.target_id)
    return read_target(profile, operation.target_id)


def read_credential(profile: ConnectionProfile, rancher_id: str) -> RegistryCredential | None:
    """Reads a credential, removed ones too; None if Rancher doesn't know it. Raises UpstreamError."""
    try:
        with connection.contact(profile) as client:
            return client.credentials.get(rancher_id)
    except NotFound:
        return None


def read_target(profile: ConnectionProfile, rancher_id: str) -> Registry | None:
    """Reads a registry, removed ones too; None if Rancher doesn't know it. Raises UpstreamError."""
    try:
        with connection.contact(profile) as client:
            registry = client.registries.get(rancher_id, include_credentials=True)
    except NotFound:
        store.note_absence(profile, rancher_id)
        return None
    store.note_registry(profile, registry)
    return registry
