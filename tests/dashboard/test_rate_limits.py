"""Rate limits: an exact number of tries, kept where nothing deletes them early."""

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone

from dashboard.people.models import RateLimitSlot, User
from dashboard.rate_limits import RateLimit, delete_expired_limits, free_slots, return_slot, take_slot

FIVE = RateLimit("test", slots=5, seconds=300)
pytestmark = pytest.mark.django_db


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


def test_gives_one_slot_back() -> None:
    for _ in range(6):
        take_slot(FIVE, "alice")
    return_slot(FIVE, "alice")
    assert [take_slot(FIVE, "alice") > 0 for _ in range(2)] == [False, True]


def test_a_slot_is_free_again_after_the_window() -> None:
    for _ in range(6):
        take_slot(FIVE, "alice")
    RateLimitSlot.objects.filter(number=3).update(expires_at=timezone.now())
    assert [take_slot(FIVE, "alice") > 0 for _ in range(2)] == [False, True]


def test_the_beat_deletes_expired_slots_and_no_others() -> None:
    take_slot(FIVE, "alice")
    take_slot(FIVE, "bob")
    RateLimitSlot.objects.filter(pk=RateLimitSlot.objects.latest("pk").pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert delete_expired_limits() == 1
    assert RateLimitSlot.objects.count() == 1


def test_the_beat_calls_it() -> None:
    take_slot(FIVE, "alice")
    RateLimitSlot.objects.update(expires_at=timezone.now())
    call_command("reconcile")
    assert not RateLimitSlot.objects.exists()


def test_two_thousand_addresses_open_no_locked_account() -> None:
    """Django's database cache deletes entries at random beyond 300, limits first."""
    names = [f"locked{number}" for number in range(20)]
    for name in names:
        while not take_slot(RateLimit("sign-in", slots=5, seconds=300), name):
            pass
    for number in range(2_000):
        assert take_slot(RateLimit("sign-in-from", slots=10, seconds=60), f"10.0.{number // 250}.{number % 250}") == 0
    assert all(take_slot(RateLimit("sign-in", slots=5, seconds=300), name) for name in names)


def test_nobody_gets_in_when_tries_cannot_be_counted(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("operator", password="a long enough passphrase")
    monkeypatch.setattr("dashboard.rate_limits._claim", _fail)
    client.raise_request_exception = False
    answer = client.post("/accounts/login/", {"login": "operator", "password": "a long enough passphrase"})
    assert answer.status_code >= 500
    assert "_auth_user_id" not in client.session


def _fail(*_: object) -> bool:
    raise DatabaseError("gone")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("are_expired", [False, True])
def test_sixteen_at_once_get_five(are_expired: bool) -> None:
    if are_expired:
        for _ in range(5):
            take_slot(FIVE, "alice")
        RateLimitSlot.objects.update(expires_at=timezone.now())
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
