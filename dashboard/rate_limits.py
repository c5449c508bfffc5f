"""How often somebody may try: so many tries in so many seconds, exactly, however many processes count.

A try takes one of the limit's slots and holds it for the window; with none free it is refused. Slots are taken by the
cache's `add`, which is atomic in the database cache and in Redis; counting up is not (20 tries for 5, measured, see
`faults.md`). A cache that can't be reached raises: then nobody gets in.
"""

import hashlib
import math
import time
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True)
class RateLimit:
    """`slots` tries in `seconds`, for each key of its `name`."""

    name: str
    slots: int
    seconds: int


def take_slot(limit: RateLimit, key: str) -> int:
    """0 when the try may go on, else the seconds until the next place is free."""
    names = _names(limit, key)
    for name in names:
        if cache.add(name, time.time() + limit.seconds, timeout=limit.seconds):
            return 0
    free_at = min(cache.get_many(names).values(), default=time.time())
    return max(1, math.ceil(free_at - time.time()))


def free_slots(limit: RateLimit, key: str) -> None:
    """Forgets the tries of a key, after one that succeeded."""
    cache.delete_many(_names(limit, key))


def _names(limit: RateLimit, key: str) -> list[str]:
    """Keys are hashed: caches take no blanks and no long names, and people sign in with anything."""
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return [f"limit:{limit.name}:{digest}:{number}" for number in range(limit.slots)]
