"""Rate limits: an exact number of tries in a number of seconds, counted over all processes.

A try takes one of the limit's slots and holds it until it expires; without a free slot it is refused. Slots are rows of
a table of their own, because Django's database cache deletes entries once it holds 300. The beat deletes expired rows.
A database that can't be written to raises: nobody gets in.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.people.models import RateLimitSlot

# An upsert with a condition, which the ORM can't express; SQLite and PostgreSQL read it alike.
CLAIM = (
    "INSERT INTO people_ratelimitslot (name, key_hash, number, expires_at) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (name, key_hash, number) DO UPDATE SET expires_at = excluded.expires_at "
    "WHERE people_ratelimitslot.expires_at <= %s"
)


@dataclass(frozen=True)
class RateLimit:
    """`slots` tries in `seconds`, for each key of its `name`."""

    name: str
    slots: int
    seconds: int


def take_slot(limit: RateLimit, key: str) -> int:
    """Takes a slot. Returns 0, or without a free one the seconds until the next is free. Raises DatabaseError."""
    now = timezone.now()
    held = set(_slots(limit, key).filter(expires_at__gt=now).values_list("number", flat=True))
    for number in range(limit.slots):
        if number not in held and _claim(limit, key, number, now):
            return 0
    free_at = min(_slots(limit, key).values_list("expires_at", flat=True), default=now)
    return max(1, math.ceil((free_at - now).total_seconds()))


def return_slot(limit: RateLimit, key: str) -> None:
    """Gives back the newest slot of a key, after a try that shall not count."""
    if newest := _slots(limit, key).order_by("-expires_at").first():
        newest.delete()


def free_slots(limit: RateLimit, key: str) -> None:
    """Gives back every slot of a key, after a try that succeeded."""
    _slots(limit, key).delete()


def delete_expired_limits() -> int:
    """Deletes expired slots; returns their number. Called by the beat."""
    deleted, _ = RateLimitSlot.objects.filter(expires_at__lte=timezone.now()).delete()
    return deleted


def _slots(limit: RateLimit, key: str) -> QuerySet[RateLimitSlot]:
    return RateLimitSlot.objects.filter(name=limit.name, key_hash=_digest(key), number__lt=limit.slots)


def _claim(limit: RateLimit, key: str, number: int, now: datetime) -> bool:
    """Takes one slot if it is free or expired. One statement, so that of several claims at once one succeeds."""
    adapt = connection.ops.adapt_datetimefield_value
    until = now + timedelta(seconds=limit.seconds)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit.name, _digest(key), number, adapt(until), adapt(now)])
        return bool(cursor.rowcount == 1)


def _digest(key: str) -> str:
    """Hash of a key, which may be of any length and holds names and codes that people typed."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
