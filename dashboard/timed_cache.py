"""Caches of this process for what can be had again: bounded in age and number, safe for threads.

What all processes have to agree on is kept in Django's cache or in the database instead.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

Key = TypeVar("Key")
Value = TypeVar("Value")
_Entry = tuple[float, object, Value]  # expires at (of the clock), version, value


class TimedCache(Generic[Key, Value]):
    """Values by key, each for `max_age_s` after it was put; the oldest gives way when there are `max_entries`.

    `keyed_by` names what the keys are, for `forget`. `on_drop` is called once for each value that leaves the cache,
    outside of its lock. Putting the same value again starts its age anew.
    """

    def __init__(
        self,
        *,
        max_age_s: float,
        max_entries: int,
        keyed_by: str = "",
        on_drop: Callable[[Value], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_age_s, self.max_entries, self.keyed_by = max_age_s, max_entries, keyed_by
        self._on_drop, self._clock = on_drop, clock
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry[Value]] = {}  # the oldest first: in this order they expire
        _caches.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key, *, version: object = None) -> Value | None:
        """The value, unless it is too old or of another version. Takes no lock: one look into a dict is atomic."""
        entry = self._entries.get(key)
        if entry is None or entry[1] != version or entry[0] <= self._clock():
            return None
        return entry[2]

    def put(self, key: Key, value: Value, *, version: object = None) -> None:
        """Replaces what is there, and drops what is too old or too much."""
        with self._lock:
            now = self._clock()
            replaced = self._entries.pop(key, None)
            dropped = [replaced] if replaced and replaced[2] is not value else []
            self._entries[key] = (now + self.max_age_s, version, value)
            dropped += self._take_out_surplus(now)
        self._tell(dropped)

    def drop(self, key: Key) -> None:
        with self._lock:
            entry = self._entries.pop(key, None)
        self._tell([entry] if entry else [])

    def clear(self) -> None:
        with self._lock:
            entries, self._entries = self._entries, {}
        self._tell(entries.values())

    def _take_out_surplus(self, now: float) -> list[_Entry[Value]]:
        surplus = []
        while self._entries:
            oldest = next(iter(self._entries))
            if self._entries[oldest][0] > now and len(self._entries) <= self.max_entries:
                break
            surplus.append(self._entries.pop(oldest))
        return surplus

    def _tell(self, dropped: Iterable[_Entry[Value]]) -> None:
        if self._on_drop:
            for _, _, value in dropped:
                self._on_drop(value)


_caches: WeakSet["TimedCache[Any, Any]"] = WeakSet()


def forget(keyed_by: str, key: object) -> None:
    """Drops a key from every cache with such keys: what it stood for is gone."""
    for cache in list(_caches):
        if cache.keyed_by == keyed_by:
            cache.drop(key)


def clear_all() -> None:
    """Empties every cache of this process."""
    for cache in list(_caches):
        cache.clear()
