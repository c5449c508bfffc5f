"""Storing what was read: by several at once, and with a database that doesn't take it."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone

from registries.models import ConnectionProfile, InventoryItem
from registries.rancher.client import Client
from registries.services.inventory import store
from registries.services.inventory.reading import NOT_STORED, read_registries

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    problems: list[BaseException] = []
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        ready.wait()
        try:
            work()
        except Exception as problem:  # whatever it is, the test shows it
            problems.append(problem)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_two_readers_of_a_new_registry_store_it_once(profile: ConnectionProfile, upstream: Client) -> None:
    for number in range(10):
        registry = upstream.registries.create(server_address=f"r{number}.example")
        listed = upstream.registries.list_all().items
        same = [ConnectionProfile.objects.get(pk=profile.pk) for _ in range(4)]
        works: list[Callable[[], object]] = [partial(store.remember, one, listed, timezone.now()) for one in same[:3]]
        works.append(partial(store.note_registry, same[3], registry))
        assert at_once(*works) == []
        assert InventoryItem.objects.filter(rancher_id=registry.id).count() == 1


def test_shows_a_list_that_cannot_be_stored_and_says_so(
    profile: ConnectionProfile, upstream: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.registries.create(server_address="quay.io")

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(store, "remember", fail)
    reading = read_registries(profile)
    assert [one.server_address for one in reading.registries] == ["quay.io"]
    assert NOT_STORED in reading.warnings
