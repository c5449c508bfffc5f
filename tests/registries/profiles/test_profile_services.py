"""However a profile is changed: keys stay with their origin, and nothing overwrites what changed meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, InventoryItem, Operation
from registries.outbound.base_url import parse_base_url
from registries.rancher.connection_check import ConnectionCheck
from registries.services.inventory import store
from registries.services.inventory.reading import read_registries
from registries.services.profiles import profiles
from registries.services.profiles.stored_keys import Obstacle, find_obstacle
from registries.services.upstream import connection, connection_check
from registries.services.upstream.connection_check import ConnectionParams
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)


def admin() -> User:
    return User.objects.get_or_create(username="admin", site_role="admin")[0]


def by_admin(profile: ConnectionProfile) -> Access:
    return Access(admin(), profile)


def values(**fields: str) -> dict[str, Any]:
    blank = {"keeps_copies": False, "description": "", "tags": [], "label_colour": "grey", "protection": "open"}
    return {"name": "Staging", "access_key": "", "secret_key": "", **blank, **fields}


def params_for(rancher: Rancher, role: str = "env", project_id: str = "1a5") -> ConnectionParams:
    access_key, secret_key = rancher.sandbox.keys[role]
    return ConnectionParams(parse_base_url(rancher.base_url), "v1", project_id, access_key, secret_key, "")


def test_a_check_keeps_what_was_changed_while_it_ran(profile: ConnectionProfile, rancher: Rancher) -> None:
    stale = ConnectionProfile.objects.get()
    profile.base_url = "http://elsewhere.example"
    profile.access_key = profile.secret_key = "new-key"
    profile.save()
    assert profiles.check_again(stale).ok
    after = ConnectionProfile.objects.get()
    assert (after.base_url, after.check_passed, after.checked_at) == ("http://elsewhere.example", None, None)
    assert after.secret_key.reveal() == "new-key"


def test_a_check_leaves_the_count_of_writes_alone(profile: ConnectionProfile) -> None:
    stale = ConnectionProfile.objects.get()
    store.note_write(profile)
    profiles.check_again(stale)
    after = ConnectionProfile.objects.get()
    assert (after.write_serial, after.check_passed) == (1, True)


def test_nothing_is_saved_over_somebody_elses_change(profile: ConnectionProfile, rancher: Rancher) -> None:
    stale = ConnectionProfile.objects.get()
    profile.description = "theirs"
    profile.save()
    with pytest.raises(profiles.ChangedMeanwhile):
        profiles.update_profile(by_admin(stale), values(description="mine"), params_for(rancher), None)
    assert ConnectionProfile.objects.get().description == "theirs"


def test_stored_keys_never_meet_another_origin(profile: ConnectionProfile) -> None:
    moved = replace(connection_check.stored_params(profile), base=parse_base_url("https://127.0.0.1"))
    profiles.update_profile(by_admin(profile), values(), moved, ConnectionCheck())
    after = ConnectionProfile.objects.get()
    assert (after.base_url, after.has_keys) == ("https://127.0.0.1", False)


def test_stored_keys_stay_with_another_path_of_the_same_origin(profile: ConnectionProfile) -> None:
    base = parse_base_url(f"{profile.base_url}/behind/a/proxy")
    profiles.update_profile(
        by_admin(profile), values(), replace(connection_check.stored_params(profile), base=base), ConnectionCheck()
    )
    assert ConnectionProfile.objects.get().has_keys


def test_what_was_read_of_another_project_is_forgotten(profile: ConnectionProfile, rancher: Rancher) -> None:
    with connection.contact(profile) as client:
        client.registries.create(server_address="quay.io")
    read_registries(profile, fresh=True)
    assert InventoryItem.objects.exists()
    serial = profile.write_serial
    key = dict(zip(("access_key", "secret_key"), rancher.sandbox.keys["env2"], strict=True))
    params = params_for(rancher, "env2", "1a7")
    profiles.update_profile(by_admin(profile), values(**key), params, connection_check.check(params))
    after = ConnectionProfile.objects.get()
    assert not InventoryItem.objects.exists()
    assert (after.inventory_read_at, after.inventory_fingerprint) == (None, "")
    assert after.write_serial > serial
    assert (after.project_id, after.project_name) == ("1a7", "Staging")


def test_a_project_with_open_operations_is_not_exchanged(profile: ConnectionProfile, rancher: Rancher) -> None:
    Operation.objects.create(
        profile=profile, profile_name="Staging", actor_name="a", verb="create", state=Operation.State.UNKNOWN
    )
    with pytest.raises(profiles.StillOpen):
        profiles.update_profile(by_admin(profile), values(), params_for(rancher, "env2", "1a7"), ConnectionCheck())
    assert ConnectionProfile.objects.get().project_id == "1a5"


def test_rights_of_another_key_are_not_those_of_the_last_one(
    make_profile: Callable[..., ConnectionProfile], rancher: Rancher
) -> None:
    profile = make_profile(role="readonly", rights="read-only")
    params = replace(params_for(rancher), secret_key="wrong")
    typed = {"access_key": params.access_key, "secret_key": params.secret_key}
    profiles.update_profile(
        by_admin(profile), values(name=profile.name, **typed), params, connection_check.check(params)
    )
    after = ConnectionProfile.objects.get()
    assert (after.rights, after.failure_reason) == ("", "unauthorized")


def test_a_failing_check_of_the_same_connection_keeps_what_was_known(
    make_profile: Callable[..., ConnectionProfile], rancher: Rancher
) -> None:
    profile = make_profile(role="readonly", rights="read-only", server_version="v1.6.30")
    rancher.fail("drop_before", times=None)
    assert not profiles.check_again(profile).ok
    after = ConnectionProfile.objects.get()
    assert (after.rights, after.server_version, after.failure_reason) == ("read-only", "v1.6.30", "reset")


def test_a_profile_saved_without_a_project_takes_the_one_that_a_later_check_finds(
    make_profile: Callable[..., ConnectionProfile],
) -> None:
    profile = make_profile(project_id="")
    assert profiles.check_again(profile).ok
    assert ConnectionProfile.objects.get().project_id == "1a5"


def test_a_check_of_keys_that_do_not_open_says_so_and_sends_nothing(
    profile: ConnectionProfile, rancher: Rancher
) -> None:
    ConnectionProfile.objects.filter(pk=profile.pk).update(access_key=profile.secret_key)
    profile.refresh_from_db()
    failed = profiles.check_again(profile).failed_step
    assert failed is not None
    assert failed.detail == connection.KEYS_UNREADABLE
    assert rancher.calls() == 0
    assert profile.failure_reason == "keys_unreadable"


def test_an_address_that_can_no_longer_be_read_fails_the_check(make_profile: Callable[..., ConnectionProfile]) -> None:
    profile = make_profile(base_url="ftp://rancher.example")
    found = profiles.check_again(profile)
    assert not found.ok
    elsewhere = parse_base_url("http://rancher.example")
    assert find_obstacle(profile, base=elsewhere, project_id="1a5", ca_certificate="", by=admin()) == Obstacle.ORIGIN


def test_keys_do_not_open_at_an_address_that_was_written_into_the_database(
    profile: ConnectionProfile, rancher: Rancher, rancher_14: Rancher
) -> None:
    ConnectionProfile.objects.filter(pk=profile.pk).update(base_url=rancher_14.base_url)
    profile.refresh_from_db()
    assert not profiles.check_again(profile).ok
    assert profile.failure_reason == "keys_unreadable"
    assert rancher_14.calls() == 0
    with pytest.raises(connection.ProfileUnusable):
        connection.client_for(profile)


def test_typed_keys_are_sealed_for_the_address_that_comes_with_them(
    profile: ConnectionProfile, rancher_14: Rancher
) -> None:
    typed = values(access_key="new", secret_key="newer")
    profiles.update_profile(by_admin(profile), typed, params_for(rancher_14), ConnectionCheck())
    after = ConnectionProfile.objects.get()
    assert (after.base_url, after.access_key.reveal()) == (rancher_14.base_url, "new")


def test_two_forms_at_once_make_one_profile(rancher: Rancher, make_profile: Callable[..., ConnectionProfile]) -> None:
    make_profile(name="Staging", slug="staging")
    params = params_for(rancher)
    with pytest.raises(profiles.NameTaken):
        profiles.create_profiles(values(), [(params, ConnectionCheck())], actor=admin())
    other = make_profile(name="Other", slug="other")
    with pytest.raises(profiles.NameTaken):
        profiles.update_profile(by_admin(other), values(), params, None)


def test_all_of_several_profiles_are_made_or_none(
    rancher: Rancher, make_profile: Callable[..., ConnectionProfile], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_profile(name="Taken", slug="lab-1a7")
    monkeypatch.setattr(profiles, "unique_slug", lambda name: name.lower().replace(" – ", "-"))
    plan = [(params_for(rancher, project_id=project_id), ConnectionCheck()) for project_id in ("1a5", "1a7")]
    with pytest.raises(profiles.NameTaken):
        profiles.create_profiles(values(name="Lab"), plan, actor=admin())
    assert ConnectionProfile.objects.count() == 1


def test_a_way_prints_no_key(rancher: Rancher) -> None:
    params = params_for(rancher)
    assert params.secret_key not in repr(params)
    assert params.access_key not in repr(params)
