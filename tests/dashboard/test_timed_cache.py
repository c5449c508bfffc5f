"""The cache of a process: age, number, versions, what is told of what leaves, and many threads at once."""

import gc
import threading

import pytest

from dashboard import timed_cache
from dashboard.timed_cache import TimedCache


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dropped() -> list[str]:
    return []


@pytest.fixture
def cache(clock: Clock, dropped: list[str]) -> TimedCache[int, str]:
    return TimedCache(keyed_by="thing", max_age_s=10, max_entries=3, on_drop=dropped.append, clock=clock)


def test_gives_a_value_until_it_is_too_old(cache: TimedCache[int, str], clock: Clock) -> None:
    assert cache.get(1) is None
    cache.put(1, "one")
    clock.now += 9.9
    assert cache.get(1) == "one"
    clock.now += 0.1
    assert cache.get(1) is None


def test_gives_no_value_of_another_version(cache: TimedCache[int, str], dropped: list[str]) -> None:
    cache.put(1, "old", version=7)
    assert cache.get(1, version=8) is None
    assert cache.get(1, version=7) == "old"
    cache.put(1, "new", version=8)
    assert (cache.get(1, version=7), cache.get(1, version=8)) == (None, "new")
    assert dropped == ["old"]


def test_the_same_value_starts_anew_and_is_not_dropped(
    cache: TimedCache[int, str], clock: Clock, dropped: list[str]
) -> None:
    cache.put(1, "one")
    clock.now += 6
    cache.put(1, "one")
    clock.now += 6
    assert cache.get(1) == "one"
    assert dropped == []


def test_a_write_drops_what_is_too_old(cache: TimedCache[int, str], clock: Clock, dropped: list[str]) -> None:
    cache.put(1, "one")
    clock.now += 5
    cache.put(2, "two")
    clock.now += 5
    cache.put(3, "three")
    assert dropped == ["one"]
    assert len(cache) == 2


def test_the_oldest_gives_way_when_it_is_full(cache: TimedCache[int, str], dropped: list[str]) -> None:
    for key, value in enumerate(("one", "two", "three"), start=1):
        cache.put(key, value)
    cache.put(1, "one")  # the oldest is now the second
    cache.put(4, "four")
    assert dropped == ["two"]
    assert [cache.get(key) for key in (1, 2, 3, 4)] == ["one", None, "three", "four"]


def test_tells_once_of_what_is_dropped_and_cleared(cache: TimedCache[int, str], dropped: list[str]) -> None:
    cache.put(1, "one")
    cache.put(2, "two")
    cache.drop(1)
    cache.drop(1)
    assert dropped == ["one"]
    cache.clear()
    cache.clear()
    assert dropped == ["one", "two"]
    assert len(cache) == 0


def test_what_is_gone_is_forgotten_by_every_cache_with_such_keys(cache: TimedCache[int, str]) -> None:
    same = TimedCache[int, str](keyed_by="thing", max_age_s=10, max_entries=3)
    other = TimedCache[int, str](keyed_by="another thing", max_age_s=10, max_entries=3)
    for one in (cache, same, other):
        one.put(1, "one")
        one.put(2, "two")
    timed_cache.forget("thing", 1)
    assert [one.get(1) for one in (cache, same, other)] == [None, None, "one"]
    assert [one.get(2) for one in (cache, same, other)] == ["two", "two", "two"]


def test_all_caches_are_emptied_at_once(cache: TimedCache[int, str], dropped: list[str]) -> None:
    other = TimedCache[int, str](max_age_s=10, max_entries=3)
    cache.put(1, "one")
    other.put(1, "one")
    timed_cache.clear_all()
    assert (len(cache), len(other), dropped) == (0, 0, ["one"])


def test_a_cache_that_nobody_uses_any_more_is_not_held() -> None:
    before = len(timed_cache._caches)
    one = TimedCache[int, str](max_age_s=10, max_entries=3)
    assert len(timed_cache._caches) == before + 1
    del one
    gc.collect()
    assert len(timed_cache._caches) == before


def test_a_value_may_use_the_cache_while_it_is_dropped() -> None:
    """`on_drop` runs outside of the lock: closing something may ask the cache again."""
    asking: TimedCache[int, str] = TimedCache(max_age_s=10, max_entries=1, on_drop=lambda _: asking.drop(99))
    asking.put(1, "one")
    asking.put(2, "two")
    assert asking.get(2) == "two"


def test_every_value_is_dropped_once_whatever_threads_do() -> None:
    lock, made, dropped = threading.Lock(), list[object](), list[object]()

    def note(value: object) -> None:
        with lock:
            dropped.append(value)

    cache: TimedCache[int, object] = TimedCache(max_age_s=1000, max_entries=5, on_drop=note)
    start = threading.Barrier(8)

    def work(seed: int) -> None:
        start.wait()
        for step in range(500):
            value = object()
            with lock:
                made.append(value)
            cache.put((seed * 7 + step) % 11, value)
            cache.get(step % 11)
            if step % 17 == 0:
                cache.drop(step % 11)
            if step % 101 == 0:
                timed_cache.clear_all()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache) <= 5
    cache.clear()
    assert len(dropped) == len(made)
    assert set(map(id, dropped)) == set(map(id, made))
