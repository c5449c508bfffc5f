"""Stores the last known registries of a profile as `InventoryItem` rows, and loads them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from registries.models import ConnectionProfile, InventoryItem
from registries.rancher.types import ActionNames, Registry, from_document, to_document
from registries.rancher.types import fingerprint as fingerprint_of
from registries.services.inventory import as_of

READ_NOTED_EVERY = timedelta(seconds=5)  # unchanged lists update the profile's row at most this often
GONE_FOR = timedelta(days=30)  # removed registries are listed for this long
COLUMNS = ("server_address", "name", "description", "state", "document")


def recall_one(profile: ConnectionProfile, rancher_id: str) -> InventoryItem | None:
    """Loads the last known state of a registry, removed ones included."""
    try:
        return InventoryItem.objects.get(profile=profile, rancher_id=rancher_id)
    except InventoryItem.DoesNotExist:
        return None


def recall_removed(profile: ConnectionProfile) -> QuerySet[InventoryItem]:
    """Registries that left Rancher's list and are not known to be purged; newest first."""
    since = timezone.now() - GONE_FOR
    items = InventoryItem.objects.filter(profile=profile, gone_at__gt=since, purged_at=None)
    return items.order_by("-gone_at", "-id")


def recall_twins(profile: ConnectionProfile, registry: Registry) -> list[Registry]:
    """Loads the other last known registries of the address, letters' case aside, without removed ones."""
    items = InventoryItem.objects.filter(
        profile=profile, gone_at=None, server_address__iexact=registry.server_address or ""
    )
    return [as_registry(item) for item in items.exclude(rancher_id=registry.id).order_by("id")]


def as_registry(item: InventoryItem) -> Registry:
    return from_document(item.document)


def as_removed_registry(item: InventoryItem) -> Registry:
    """Registry as it was before it left the list, with the state removed."""
    return msgspec.structs.replace(as_registry(item), state="removed", transitioning="no", actions=ActionNames())


def note_write(profile: ConnectionProfile) -> None:
    """Bumps the write serial; part of the cache key, so kept readings of every process are ignored."""
    mine = ConnectionProfile.objects.filter(pk=profile.pk)
    mine.update(write_serial=F("write_serial") + 1)
    profile.write_serial = mine.values_list("write_serial", flat=True).first() or profile.write_serial + 1


def note_registry(profile: ConnectionProfile, registry: Registry) -> None:
    """Stores one registry as Rancher returned it, between two reads of the list."""
    with transaction.atomic():
        if _lock(profile):
            _store_one(profile, registry)


def _lock(profile: ConnectionProfile) -> ConnectionProfile | None:
    """Locks the profile's row until the transaction ends, so that writers of its inventory take turns."""
    return ConnectionProfile.objects.select_for_update().filter(pk=profile.pk).first()


def _store_one(profile: ConnectionProfile, registry: Registry) -> None:
    now = timezone.now()
    gone_at = now if registry.state in {"removed", "purging", "purged"} else None
    known = recall_one(profile, registry.id)
    if registry.credentials is None and known:  # Rancher's answers to writes have no credentials
        registry = msgspec.structs.replace(registry, credentials=as_registry(known).credentials)
    if gone_at and known and known.gone_at:
        gone_at = known.gone_at
    columns = _columns(registry)
    if known and known.document == columns["document"] and known.gone_at == gone_at:
        return
    values = columns | {"seen_at": now, "gone_at": gone_at}
    if registry.state == "purged":
        values["purged_at"] = now
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
    """Marks a registry as purged: Rancher no longer knows it."""
    now = timezone.now()
    items = InventoryItem.objects.filter(profile=profile, rancher_id=rancher_id, purged_at=None)
    with transaction.atomic():
        as_of.note_changes(profile, now, seen=[], gone=items.filter(gone_at=None).values_list("rancher_id", flat=True))
        items.update(gone_at=now, purged_at=now, state="purged")


def remember(
    profile: ConnectionProfile, registries: Sequence[Registry], now: datetime, *, is_whole: bool = True
) -> None:
    """Stores the list as of `now`; registries missing from one that isn't whole are not gone. Raises DatabaseError."""
    fingerprint = fingerprint_of(registries) if is_whole else f"part {fingerprint_of(registries)[5:]}"
    if fingerprint != profile.inventory_fingerprint:
        with transaction.atomic():
            held = _lock(profile)
            if held is None:  # the profile was removed meanwhile
                return
            if held.inventory_fingerprint != fingerprint:
                _rewrite(profile, registries, now, is_whole=is_whole)
    elif profile.inventory_read_at and now - profile.inventory_read_at < READ_NOTED_EVERY:
        return
    changes = {"inventory_read_at": now, "inventory_fingerprint": fingerprint}
    ConnectionProfile.objects.filter(pk=profile.pk).update(**changes)
    profile.inventory_read_at, profile.inventory_fingerprint = now, fingerprint


def _rewrite(profile: ConnectionProfile, registries: Iterable[Registry], now: datetime, *, is_whole: bool) -> None:
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
    left = [item for item in known.values() if item.gone_at is None] if is_whole else []
    if left:
        InventoryItem.objects.filter(pk__in=[item.pk for item in left]).update(gone_at=now, state="removed")
    seen = [(item.rancher_id, item.document) for item in (*new, *changed)]
    as_of.note_changes(profile, now, seen=seen, gone=[item.rancher_id for item in left])


def _columns(registry: Registry) -> dict[str, object]:
    return {
        "server_address": registry.server_address or "",
        "name": registry.name or "",
        "description": registry.description or "",
        "state": registry.state,
        "document": to_document(registry),
    }
