"""So many tries and no more, whoever counts."""

import threading

import pytest
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command
from django.db import connections

from dashboard import rate_limits
from dashboard.rate_limits import RateLimit, free_slots, take_slot

FIVE = RateLimit("test", slots=5, seconds=300)


def test_refuses_the_sixth_and_says_for_how_long() -> None:
    assert [take_slot(FIVE, "alice") for _ in range(5)] == [0] * 5
    assert 290 < take_slot(FIVE, "alice") <= 300


def test_counts_each_key_and_each_limit_apart() -> None:
    for _ in range(6):
        take_slot(FIVE, "alice")
    assert take_slot(FIVE, "bob") == 0
    assert take_slot(RateLimit("other", slots=1, seconds=60), "alice") == 0


def test_a_success_frees_the_slots() -> None:
    for _ in range(6):
        take_slot(FIVE, "alice")
    free_slots(FIVE, "alice")
    assert take_slot(FIVE, "alice") == 0


def test_a_slot_is_free_again_after_the_window() -> None:
    short = RateLimit("short", slots=1, seconds=1)
    assert take_slot(short, "alice") == 0
    assert take_slot(short, "alice") == 1
    while take_slot(short, "alice"):
        pass


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_get_five_in_the_database_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("createcachetable", "limits_cache")
    monkeypatch.setattr(rate_limits, "cache", DatabaseCache("limits_cache", {}))
    taken: list[int] = []
    start = threading.Barrier(16)

    def guess() -> None:
        start.wait()
        try:
            taken.append(take_slot(FIVE, "alice"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), taken.count(0)) == (16, 5)
