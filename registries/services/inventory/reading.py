"""Reads a profile's registries: live, once at a time for all who ask, kept for a few seconds, and remembered.

Rancher can neither search nor sort by address and counts nothing, so the whole list is read (`rancher.resources`) and
searched here (`services.inventory.listing`). What was read last stays in `InventoryItem`; with Rancher out of reach it is shown
with its age.
"""

import threading
import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from registries.models import ConnectionProfile, InventoryItem, Operation
from registries.rancher.errors import RancherError, Unreachable
from registries.rancher.types import ActionNames, Registry, from_document, to_document
from registries.rancher.types import fingerprint as fingerprint_of
from registries.services.inventory import as_of
from registries.services.upstream import connection

KEPT_S = 5.0  # how long a reading serves without asking Rancher again
HURRY_S = 0.05  # who waits longer for somebody else's reading takes one of the few places for that
PATIENT_READERS = 2  # places of the process: a hanging Rancher must not collect the server's threads
READ_NOTED_EVERY = timedelta(seconds=5)  # an unchanged list costs one update in so long
GONE_FOR = timedelta(days=30)  # how long removed registries are offered in the list


@dataclass(frozen=True)
class Reading:
    """The registries of a profile, how old that knowledge is, and what kept it from being fresh."""

    registries: tuple[Registry, ...]
    read_at: datetime | None
    elapsed_ms: int | None = None
    warnings: tuple[str, ...] = ()
    error: RancherError | None = None
    removed: int = 0  # how many left the list and are not known to be purged
    is_quiet: bool = False  # no operation was open; beginning one throws the kept copy away
    drawn: dict[Hashable, Any] = field(default_factory=dict, compare=False)  # what views made of it, for its short life

    @property
    def is_live(self) -> bool:
        return self.error is None

    @property
    def age(self) -> timedelta | None:
        return timezone.now() - self.read_at if self.read_at else None

    def find(self, rancher_id: str) -> Registry | None:
        return next((registry for registry in self.registries if registry.id == rancher_id), None)


@dataclass
class _Flight:
    """One reading under way; everybody else who wants the same waits for it."""

    landed: threading.Event = field(default_factory=threading.Event)
    reading: Reading | None = None
    error: BaseException | None = None


_lock = threading.Lock()
_flights: dict[tuple[int, int], _Flight] = {}
_kept: dict[int, tuple[int, float, Reading]] = {}  # profile -> (write serial, monotonic time, reading)
_patience = threading.BoundedSemaphore(PATIENT_READERS)


def read_registries(profile: ConnectionProfile, *, fresh: bool = False) -> Reading:
    """The live list: the kept copy of the last few seconds, or one read for all who ask at this moment.

    `fresh` asks Rancher whatever is kept. Raises RancherError when Rancher doesn't answer as it should.
    """
    if not fresh and (reading := _kept_reading(profile)):
        return reading
    key = (profile.pk, profile.write_serial)
    with _lock:
        flight = _flights.get(key)
        leads = flight is None
        if flight is None:
            flight = _flights[key] = _Flight()
    if not leads:
        return _wait_for(flight)
    try:
        flight.reading = _read(profile)
    except BaseException as error:
        flight.error = error
        raise
    finally:
        with _lock:
            del _flights[key]
            if flight.reading:
                _kept[profile.pk] = (profile.write_serial, time.monotonic(), flight.reading)
        flight.landed.set()
    return flight.reading


def read_or_recall(profile: ConnectionProfile, *, fresh: bool = False) -> Reading:
    """The live list or, with Rancher out of reach, the last known one with the error beside it. Raises nothing."""
    try:
        return read_registries(profile, fresh=fresh)
    except RancherError as error:
        return recall(profile, error=error)


def recall(profile: ConnectionProfile, *, error: RancherError | None = None) -> Reading:
    """The last known list."""
    items = InventoryItem.objects.filter(profile=profile, gone_at=None).order_by("id")
    registries = tuple(map(as_registry, items))
    return Reading(registries, profile.inventory_read_at, error=error, removed=recall_removed(profile).count())


def recall_one(profile: ConnectionProfile, rancher_id: str) -> InventoryItem | None:
    """A registry as it was last seen, removed ones included."""
    try:
        return InventoryItem.objects.get(profile=profile, rancher_id=rancher_id)
    except InventoryItem.DoesNotExist:
        return None


def recall_removed(profile: ConnectionProfile) -> QuerySet[InventoryItem]:
    """What was seen here and then disappeared from Rancher's list, not yet purged as far as is known; newest first."""
    since = timezone.now() - GONE_FOR
    items = InventoryItem.objects.filter(profile=profile, gone_at__gt=since, purged_at=None)
    return items.order_by("-gone_at", "-id")


def as_registry(item: InventoryItem) -> Registry:
    return from_document(item.document)


def as_removed_registry(item: InventoryItem) -> Registry:
    """The registry as it was before it left the list, in the state that it is in since."""
    return msgspec.structs.replace(as_registry(item), state="removed", transitioning="no", actions=ActionNames())


def note_write(profile: ConnectionProfile) -> None:
    """Throws away what is kept, in every process: the serial is part of the key, and read with the profile."""
    ConnectionProfile.objects.filter(pk=profile.pk).update(write_serial=F("write_serial") + 1)
    profile.refresh_from_db(fields=["write_serial"])


def note_registry(profile: ConnectionProfile, registry: Registry) -> None:
    """Remembers one registry as Rancher has just shown it, between two whole reads."""
    now = timezone.now()
    gone_at = now if registry.state in {"removed", "purging", "purged"} else None
    known = recall_one(profile, registry.id)
    if registry.credentials is None and known:  # answers of writes come without them
        registry = msgspec.structs.replace(registry, credentials=as_registry(known).credentials)
    if gone_at and known and known.gone_at:
        gone_at = known.gone_at
    columns = _columns(registry)
    if known and known.document == columns["document"] and known.gone_at == gone_at:
        return
    values = columns | {"seen_at": now, "gone_at": gone_at}
    if registry.state == "purged":
        values["purged_at"] = now
    with transaction.atomic():
        InventoryItem.objects.update_or_create(profile=profile, rancher_id=registry.id, defaults=values)
        as_of.note_changes(
            profile,
            now,
            seen=[] if gone_at else [(registry.id, columns["document"])],
            gone=[registry.id] if gone_at and not (known and known.gone_at) else [],
        )
        profiles = ConnectionProfile.objects.filter(pk=profile.pk)
        profiles.exclude(inventory_fingerprint="").update(inventory_fingerprint="")


def note_absence(profile: ConnectionProfile, rancher_id: str) -> None:
    """Rancher no longer knows the registry at all: purged."""
    now = timezone.now()
    items = InventoryItem.objects.filter(profile=profile, rancher_id=rancher_id, purged_at=None)
    with transaction.atomic():
        as_of.note_changes(profile, now, seen=[], gone=items.filter(gone_at=None).values_list("rancher_id", flat=True))
        items.update(gone_at=now, purged_at=now, state="purged")


def forget_kept() -> None:
    """Empties this process's kept copies (for tests)."""
    with _lock:
        _kept.clear()


def _kept_reading(profile: ConnectionProfile) -> Reading | None:
    serial, read_at, reading = _kept.get(profile.pk, (-1, 0.0, None))
    if reading and serial == profile.write_serial and time.monotonic() - read_at < KEPT_S:
        return reading
    return None


def _wait_for(flight: _Flight) -> Reading:
    if not flight.landed.wait(HURRY_S):
        if not _patience.acquire(blocking=False):
            raise Unreachable("busy")
        try:
            flight.landed.wait()
        finally:
            _patience.release()
    if flight.reading:
        return flight.reading
    if isinstance(flight.error, RancherError):
        raise flight.error
    raise Unreachable("busy")


def _read(profile: ConnectionProfile) -> Reading:
    read_at, started = timezone.now(), time.monotonic()  # as of before the call: it may show nothing younger
    with connection.contact(profile) as client:
        listing = client.registries.list_all(include_credentials=True)
    elapsed_ms = round((time.monotonic() - started) * 1000)
    _remember(profile, listing.items, read_at)
    is_quiet = not Operation.objects.filter(profile=profile, state__in=Operation.OPEN).exists()
    removed = recall_removed(profile).count()
    return Reading(listing.items, read_at, elapsed_ms, listing.warnings, removed=removed, is_quiet=is_quiet)


def _remember(profile: ConnectionProfile, registries: Sequence[Registry], now: datetime) -> None:
    fingerprint = fingerprint_of(registries)
    if fingerprint != profile.inventory_fingerprint:
        _rewrite(profile, registries, now)
    elif profile.inventory_read_at and now - profile.inventory_read_at < READ_NOTED_EVERY:
        return
    changes = {"inventory_read_at": now, "inventory_fingerprint": fingerprint}
    ConnectionProfile.objects.filter(pk=profile.pk).update(**changes)
    profile.inventory_read_at, profile.inventory_fingerprint = now, fingerprint


def _rewrite(profile: ConnectionProfile, registries: Iterable[Registry], now: datetime) -> None:
    with transaction.atomic():
        known = {item.rancher_id: item for item in InventoryItem.objects.filter(profile=profile)}
        new, changed = [], []
        for registry in registries:
            columns = _columns(registry)
            item = known.pop(registry.id, None)
            if item is None:
                new.append(InventoryItem(profile=profile, rancher_id=registry.id, seen_at=now, **columns))
            elif item.document != columns["document"] or item.gone_at:
                for name, value in (columns | {"seen_at": now, "gone_at": None, "purged_at": None}).items():
                    setattr(item, name, value)
                changed.append(item)
        InventoryItem.objects.bulk_create(new)
        InventoryItem.objects.bulk_update(changed, [*COLUMNS, "seen_at", "gone_at", "purged_at"])
        left = [item for item in known.values() if item.gone_at is None]
        if left:
            InventoryItem.objects.filter(pk__in=[item.pk for item in left]).update(gone_at=now, state="removed")
        seen = [(item.rancher_id, item.document) for item in (*new, *changed)]
        as_of.note_changes(profile, now, seen=seen, gone=[item.rancher_id for item in left])


COLUMNS = ("server_address", "name", "description", "state", "document")


def _columns(registry: Registry) -> dict[str, object]:
    return {
        "server_address": registry.server_address or "",
        "name": registry.name or "",
        "description": registry.description or "",
        "state": registry.state,
        "document": to_document(registry),
    }
