"""Reads a profile's registries: single flight, kept for a few seconds, and stored.

Rancher can't search or sort by address and returns no counts, so the whole list is read (`rancher.resources`) and
searched here (`services.inventory.listing`). The last list stays in `InventoryItem` (`services.inventory.store`) and is
shown with its age while Rancher is unreachable.
"""

import logging
import threading
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from dashboard.timed_cache import TimedCache
from registries.images.credential_use import CredentialsInUse
from registries.models import ConnectionProfile, CredentialStatus, InventoryItem, Operation
from registries.outbound.errors import Unreachable, UpstreamError
from registries.rancher.errors import PEER
from registries.rancher.types import Listing, Registry
from registries.services.inventory import attention, store
from registries.services.upstream import connection

KEPT_S = 5.0  # age up to which a reading is reused
FOLLOWER_WAIT_S = 0.05  # longer waits for another thread's read need a PATIENT_READERS slot
PATIENT_READERS = 2  # slots a process: a hanging Rancher must not block all threads
NOT_STORED = "Corral's database did not take this list: with Rancher out of reach, an older one would be shown."
logger = logging.getLogger("corral.inventory")


@dataclass(frozen=True)
class Reading:
    """Registries of a profile with their age, and the error if they are not live."""

    registries: tuple[Registry, ...]
    read_at: datetime | None
    elapsed_ms: int | None = None
    warnings: tuple[str, ...] = ()
    error: UpstreamError | None = None
    removed: int = 0  # number that left the list and are not known to be purged
    serial: int = -1  # write serial of the profile before the call
    is_quiet: bool = False  # no operation was open; beginning one makes kept readings outdated
    rendered: dict[Hashable, Any] = field(default_factory=dict, compare=False)  # HTML rendered from it by views

    @property
    def is_live(self) -> bool:
        return self.error is None

    @property
    def age(self) -> timedelta | None:
        return timezone.now() - self.read_at if self.read_at else None

    @cached_property
    def credentials_in_use(self) -> CredentialsInUse:
        return CredentialsInUse(self.registries)

    @cached_property
    def faults(self) -> attention.Causes:
        return attention.find_faults(self.registries)

    def find_attention(self, statuses: Iterable[CredentialStatus]) -> attention.Causes:
        """Finds registries that need attention, with causes; `statuses` are of the profile's credentials."""
        return attention.add_failing_credentials(self.faults, self.registries, statuses)

    def find(self, rancher_id: str) -> Registry | None:
        return next((registry for registry in self.registries if registry.id == rancher_id), None)


@dataclass
class _Flight:
    """One read in progress; other threads that want the same wait for it."""

    landed: threading.Event = field(default_factory=threading.Event)
    reading: Reading | None = None
    error: BaseException | None = None


_lock = threading.Lock()
_flights: dict[tuple[int, int], _Flight] = {}
_readings: TimedCache[int, Reading] = TimedCache(keyed_by="profile", max_age_s=KEPT_S, max_entries=200)
_patience = threading.BoundedSemaphore(PATIENT_READERS)


def read_registries(profile: ConnectionProfile, *, fresh: bool = False) -> Reading:
    """Returns the kept reading of the last seconds, or reads once for all threads that ask at this moment.

    `fresh` ignores the kept reading. Raises UpstreamError. Longer waits for another thread's read need one of
    PATIENT_READERS slots; without one: Unreachable("busy").
    """
    if not fresh and (reading := _readings.get(profile.pk, version=profile.write_serial)):
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
                _readings.put(profile.pk, flight.reading, version=profile.write_serial)
        flight.landed.set()
    return flight.reading


def read_or_recall(profile: ConnectionProfile, *, fresh: bool = False) -> Reading:
    """Returns the live list or, with Rancher unreachable, the last known one with the error. Raises nothing."""
    try:
        return read_registries(profile, fresh=fresh)
    except UpstreamError as error:
        return recall(profile, error=error)


def recall(profile: ConnectionProfile, *, error: UpstreamError | None = None) -> Reading:
    """Loads the last known list."""
    items = InventoryItem.objects.filter(profile=profile, gone_at=None).order_by("id")
    registries = tuple(map(store.as_registry, items))
    return Reading(registries, profile.inventory_read_at, error=error, removed=store.recall_removed(profile).count())


def _wait_for(flight: _Flight) -> Reading:
    if not flight.landed.wait(FOLLOWER_WAIT_S):
        if not _patience.acquire(blocking=False):
            raise Unreachable("busy", peer=PEER)
        try:
            flight.landed.wait()
        finally:
            _patience.release()
    if flight.reading:
        return flight.reading
    if isinstance(flight.error, UpstreamError):
        raise flight.error
    raise Unreachable("busy", peer=PEER)


def _read(profile: ConnectionProfile) -> Reading:
    # taken before the call: the list may show nothing younger
    serial, read_at, started = profile.write_serial, timezone.now(), time.monotonic()
    with connection.contact(profile) as client:
        listing = client.registries.list_all(include_credentials=True)
    elapsed_ms = round((time.monotonic() - started) * 1000)
    warnings = listing.warnings + _remember(profile, listing, read_at)
    is_quiet = not Operation.objects.filter(profile=profile, state__in=Operation.OPEN).exists()
    removed = store.recall_removed(profile).count()
    return Reading(listing.items, read_at, elapsed_ms, warnings, removed=removed, serial=serial, is_quiet=is_quiet)


def _remember(profile: ConnectionProfile, listing: Listing[Registry], read_at: datetime) -> tuple[str, ...]:
    """Stores the list; a database error becomes a warning, so that the page is shown all the same."""
    try:
        store.remember(profile, listing.items, read_at, is_whole=not listing.warnings)
    except DatabaseError:
        logger.warning("The list of %s was not stored", profile.slug, exc_info=True)
        return (NOT_STORED,)
    return ()
