"""Registries as of a date: what Corral saw up to then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile, InventoryChange
from registries.rancher.client import Client
from registries.services.inventory.as_of import registries_at
from registries.services.inventory.reading import read_registries
from tests.registries.conftest import settled

pytestmark = pytest.mark.django_db
URL = "/profiles/staging/registries/as-of/"


def at(day: int) -> datetime:
    return datetime(2026, 2, day, 9, 14, tzinfo=UTC)


def read_on(profile: ConnectionProfile, day: int) -> None:
    """Reads Rancher as if it were that day."""
    InventoryChange.objects.filter(at__gt=timezone.now() - timedelta(days=1)).delete()
    timed_cache.clear_all()
    read_registries(profile, fresh=True)
    InventoryChange.objects.filter(at__gt=timezone.now() - timedelta(days=1)).update(at=at(day))


def addresses(profile: ConnectionProfile, day: int) -> list[str]:
    return [one.server_address or "" for one in registries_at(profile, at(day)).registries]


def make(upstream: Client, address: str) -> str:
    made = upstream.registries.create(server_address=address, name=None, description=None)
    settled(upstream, made.id, "active")
    return made.id


def test_shows_what_was_there_then_and_as_it_was(profile: ConnectionProfile, upstream: Client) -> None:
    quay = make(upstream, "quay.io")
    read_on(profile, 10)
    make(upstream, "ghcr.io")
    upstream.registries.act(quay, "deactivate")
    settled(upstream, quay, "inactive")
    read_on(profile, 11)
    upstream.registries.remove(quay)
    settled(upstream, quay, "removed")
    read_on(profile, 12)
    assert [addresses(profile, day) for day in (9, 10, 11, 12)] == [
        [],
        ["quay.io"],
        ["ghcr.io", "quay.io"],
        ["ghcr.io"],
    ]
    states = [[one.state for one in registries_at(profile, at(day)).registries] for day in (10, 11)]
    assert states == [["active"], ["active", "inactive"]]
    assert [registries_at(profile, at(day)).is_before_anything for day in (9, 10)] == [True, False]


def test_an_unchanged_list_notes_nothing(profile: ConnectionProfile, upstream: Client) -> None:
    make(upstream, "quay.io")
    read_on(profile, 10)
    timed_cache.clear_all()
    read_registries(profile, fresh=True)
    assert InventoryChange.objects.count() == 1


def test_the_page_shows_a_moment(client: Browser, viewer: User, profile: ConnectionProfile, upstream: Client) -> None:
    make(upstream, "quay.io")
    read_on(profile, 10)
    client.force_login(viewer)
    page = client.get(f"{URL}?at=2026-02-10T09:20").content.decode()
    assert 'data-state="active"' in page
    assert "10 Feb 2026, 09:20 UTC" in page
    assert "Nothing is known of that time" in client.get(f"{URL}?at=2026-02-10T09:10").content.decode()
    assert "Choose a date" in client.get(URL).content.decode()


@pytest.mark.parametrize("moment", ["yesterday", "2999-01-01", ""])
def test_says_what_is_wrong_with_a_moment(
    client: Browser, viewer: User, profile: ConnectionProfile, moment: str
) -> None:
    client.force_login(viewer)
    answer = client.get(URL, {"at": moment})
    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (422, True)
