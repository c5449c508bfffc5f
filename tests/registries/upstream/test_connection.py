"""From a profile to its client, and what every contact tells."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.utils import timezone

from dashboard import timed_cache
from dashboard.people.models import User
from registries.access import Access
from registries.models import AllowedTarget, ConnectionProfile
from registries.outbound.errors import Unreachable
from registries.outbound.transport import Transport
from registries.rancher.errors import NotFound, Unauthorized
from registries.services.images import lookup
from registries.services.inventory import reading
from registries.services.profiles.profiles import remove_profile
from registries.services.upstream import connection, schema_limits
from registries.services.upstream.connection import ProfileUnusable
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)


def test_keeps_one_client_while_the_profile_stays(profile: ConnectionProfile) -> None:
    first = connection.client_for(profile)
    assert connection.client_for(ConnectionProfile.objects.get()) is first
    profile.api_version = "v2-beta"
    assert connection.client_for(profile) is not first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret_key": ""}, "no_keys"),
        ({"access_key": ""}, "no_keys"),
        ({"project_id": ""}, "no_project"),
    ],
)
def test_sends_nothing_when_something_is_missing(
    make_profile: Callable[..., ConnectionProfile], rancher: Rancher, change: dict[str, str], reason: str
) -> None:
    profile = make_profile(**change)
    with pytest.raises(ProfileUnusable) as caught, connection.contact(profile) as client:
        client.ping()
    assert caught.value.reason == reason
    assert rancher.calls() == 0
    assert (profile.failure_reason, profile.failing_since is not None) == (reason, True)


def test_sends_nothing_when_the_keys_do_not_open(profile: ConnectionProfile, rancher: Rancher) -> None:
    token = profile.secret_key.token
    ConnectionProfile.objects.filter(pk=profile.pk).update(access_key=profile.secret_key)  # moved from another column
    profile.refresh_from_db()
    with pytest.raises(ProfileUnusable) as caught:
        connection.client_for(profile)
    assert caught.value.reason == "keys_unreadable"
    assert token not in str(caught.value)
    assert rancher.calls() == 0


def test_notes_since_when_it_fails_and_that_it_answers_again(profile: ConnectionProfile, rancher: Rancher) -> None:
    rancher.fail("drop_before", times=2)
    with pytest.raises(Unreachable), connection.contact(profile) as client:
        client.ping()
    profile.refresh_from_db()
    since = profile.failing_since
    assert since is not None
    assert profile.failure_reason == "reset"
    connection.note_failure(profile, Unauthorized(401))
    profile.refresh_from_db()
    assert (profile.failing_since, profile.failure_reason) == (since, "unauthorized")
    with connection.contact(profile) as client:
        client.ping()
    profile.refresh_from_db()
    assert (profile.failing_since, profile.failure_text) == (None, "")
    assert profile.contact_at is not None


def test_a_refusal_of_one_request_is_a_contact_all_the_same(profile: ConnectionProfile) -> None:
    with pytest.raises(NotFound), connection.contact(profile) as client:
        client.registries.get("1sp999")
    profile.refresh_from_db()
    assert profile.contact_at is not None
    assert profile.failing_since is None


def test_rejected_keys_flag_the_profile(profile: ConnectionProfile, rancher: Rancher) -> None:
    rancher.sandbox.switch_key("env", active=False)
    with pytest.raises(Unauthorized), connection.contact(profile) as client:
        client.registries.list_all()
    profile.refresh_from_db()
    assert profile.failure_reason == "unauthorized"


def test_writes_of_a_live_profile_are_few(
    profile: ConnectionProfile, django_assert_num_queries: Callable[[int], Any]
) -> None:
    connection.note_contact(profile, elapsed_ms=3)
    with django_assert_num_queries(0):
        connection.note_contact(profile, elapsed_ms=4)
    profile.contact_at = timezone.now() - timedelta(minutes=1)
    with django_assert_num_queries(1):
        connection.note_contact(profile, elapsed_ms=5)


def test_the_same_failure_is_written_once(
    profile: ConnectionProfile, django_assert_num_queries: Callable[[int], Any]
) -> None:
    connection.note_failure(profile, Unreachable("refused"))
    with django_assert_num_queries(0):
        connection.note_failure(profile, Unreachable("refused"))


def test_a_target_counts_from_the_moment_that_it_is_saved_here(loopback: AllowedTarget) -> None:
    here = ip_address("127.0.0.1")
    connection.forget_targets()
    assert connection.allow("http", "127.0.0.1", here, 8080)
    loopback.delete()
    connection.forget_targets()
    assert not connection.allow("http", "127.0.0.1", here, 8080)


def test_closes_the_connections_of_a_client_that_is_dropped(
    profile: ConnectionProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Transport] = []

    def close(transport: Transport) -> None:
        closed.append(transport)

    monkeypatch.setattr(Transport, "close", close)
    first = connection.client_for(profile)
    connection.client_for(profile)
    assert closed == []
    profile.api_version = "v2-beta"
    second = connection.client_for(profile)
    assert len(closed) == 1
    timed_cache.clear_all()
    assert len(set(closed)) == 2
    assert first is not second


def test_a_removed_profile_leaves_nothing_in_this_process(
    profile: ConnectionProfile, make_profile: Callable[..., ConnectionProfile], admin: User
) -> None:
    caches = (connection._clients, schema_limits._limits, lookup._settings, reading._readings)
    other = make_profile()
    for one in (profile, other):
        schema_limits.of_registries(one)
        lookup.resolve_image(one, "quay.io/a/b:1")
    assert [len(cache) for cache in caches] == [2, 2, 2, 2]
    remove_profile(Access(admin, profile))
    assert [list(cache._entries) for cache in caches] == [[other.pk]] * 4


def test_a_client_that_is_dropped_while_it_is_used_goes_on(profile: ConnectionProfile) -> None:
    with connection.contact(profile) as client:
        client.ping()
        timed_cache.clear_all()
        client.ping()
    assert not profile.failing_since
