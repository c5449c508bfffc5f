"""Registries of a profile as of a date, from the changes that Corral stores whenever it reads Rancher."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Min

from registries.models import ConnectionProfile, InventoryChange
from registries.rancher.types import Registry, from_document

BATCH = 500


@dataclass(frozen=True)
class PastInventory:
    """Registries as of `at`. `known_since` is when Corral first saw any registry; None if never."""

    at: datetime
    registries: tuple[Registry, ...]
    known_since: datetime | None

    @property
    def is_before_anything(self) -> bool:
        return self.known_since is None or self.at < self.known_since


def note_changes(
    profile: ConnectionProfile, now: datetime, seen: Iterable[tuple[str, Any]], gone: Iterable[str]
) -> None:
    """Appends new, changed and removed registries; `seen` are ids with their documents.

    Must run in the transaction that rewrites the inventory.
    """
    rows = [InventoryChange(profile=profile, rancher_id=one, document=document, at=now) for one, document in seen]
    rows += [InventoryChange(profile=profile, rancher_id=one, document=None, at=now) for one in gone]
    InventoryChange.objects.bulk_create(rows, batch_size=BATCH)


def registries_at(profile: ConnectionProfile, at: datetime) -> PastInventory:
    """Finds the last change of each registry up to `at`, without those that were gone; ordered by address."""
    changes = InventoryChange.objects.filter(profile=profile)
    latest = changes.filter(at__lte=at).values("rancher_id").annotate(last=Max("pk")).values("last")
    documents = InventoryChange.objects.filter(pk__in=latest).exclude(document=None)
    registries = sorted(
        (from_document(one.document or {}) for one in documents), key=lambda one: (one.server_address or "", one.id)
    )
    return PastInventory(at, tuple(registries), changes.aggregate(first=Min("at"))["first"])
