"""Loads one registry, live or as last known, with its open operations."""

from dataclasses import dataclass

import msgspec
from django.db.models import Q
from django.utils import timezone

from registries.images.credential_use import CredentialsInUse
from registries.models import ConnectionProfile, InventoryItem, Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import Registry
from registries.services.inventory import store
from registries.services.operations import lifecycle
from registries.services.operations.outcomes import ReadStart
from registries.services.operations.settlement import settle_with

RECENT_OPERATIONS = 10


@dataclass(frozen=True)
class RegistryState:
    """One registry with its open operation; live unless `error` is set or `is_gone` (purged, unknown to Rancher)."""

    registry: Registry
    pending: Operation | None = None
    settled: tuple[Operation, ...] = ()  # by this read
    error: UpstreamError | None = None
    is_gone: bool = False
    seen: InventoryItem | None = None

    @property
    def is_live(self) -> bool:
        return self.error is None and not self.is_gone

    @property
    def is_moving(self) -> bool:
        return self.is_live and (self.registry.is_moving or self.pending is not None)


def load_registry(profile: ConnectionProfile, rancher_id: str) -> RegistryState | None:
    """Reads one registry (one upstream call) and settles its operations as far as that proves their outcome.

    With Rancher unreachable: the last known registry with the error. None if neither Rancher nor Corral knows it.
    """
    under_way = list(
        Operation.objects.filter(_of_registry(rancher_id), profile=profile, state__in=Operation.OPEN).order_by("pk")
    )
    read_start = ReadStart(profile.write_serial, timezone.now())
    try:
        registry = lifecycle.read_target(profile, rancher_id)
    except UpstreamError as error:
        return _as_last_seen(profile, rancher_id, error=error)
    for operation in under_way:
        lifecycle.mark_if_abandoned(operation)
    settled = tuple(operation for operation in under_way if _settle(operation, registry, read_start))
    if settled:
        store.note_write(profile)  # kept readings show it in transition
    pending = next((operation for operation in under_way if operation.is_open), None)
    if registry is None:
        gone = _as_last_seen(profile, rancher_id, is_gone=True)
        return RegistryState(gone.registry, pending, settled, is_gone=True, seen=gone.seen) if gone else None
    return RegistryState(registry, pending, settled)


def find_credential_use(profile: ConnectionProfile, found: RegistryState) -> CredentialsInUse:
    """Use of the registry's credentials, from the loaded registry and its last known twins."""
    registry = msgspec.structs.replace(found.registry, state="purged") if found.is_gone else found.registry
    return CredentialsInUse([registry, *store.recall_twins(profile, registry)])


def recent_operations(profile: ConnectionProfile, rancher_id: str) -> list[Operation]:
    """Recent operations on one registry and its credentials, newest first."""
    return list(Operation.objects.filter(_of_registry(rancher_id), profile=profile)[:RECENT_OPERATIONS])


def _of_registry(rancher_id: str) -> Q:
    return Q(target_type="registry", target_id=rancher_id) | Q(registry_id=rancher_id)


def _settle(operation: Operation, registry: Registry | None, read_start: ReadStart) -> bool:
    if operation.target_type == "registry":
        return settle_with(operation, registry, read_start)
    return registry is not None and lifecycle.settle_credential(operation, registry, read_start)


def _as_last_seen(
    profile: ConnectionProfile, rancher_id: str, *, error: UpstreamError | None = None, is_gone: bool = False
) -> RegistryState | None:
    item = store.recall_one(profile, rancher_id)
    if item is None:
        if error is not None:
            raise error
        return None
    return RegistryState(store.as_registry(item), error=error, is_gone=is_gone, seen=item)
