"""Reading a profile: live, kept, single flight, and what is remembered when Rancher is gone."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection as database

from registries.models import AllowedTarget, ConnectionProfile, InventoryItem
from registries.outbound.errors import Unreachable
from registries.rancher.client import Client
from registries.services.inventory import store
from registries.services.inventory.reading import PATIENT_READERS, Reading, read_or_recall, read_registries, recall
from registries.services.upstream import connection
from registries.services.upstream.connection import ProfileUnusable
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)


def asked(rancher: Rancher) -> int:
    return rancher.calls("GET .*/registries")


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io", name="Quay").id
    settled(upstream, made, "active")
    return made


def test_asks_rancher_once_within_the_kept_copys_life(profile: ConnectionProfile, rancher: Rancher) -> None:
    first = read_registries(profile)
    assert read_registries(profile) is first
    assert asked(rancher) == 1


def test_asks_again_after_a_write_here_or_in_another_process(profile: ConnectionProfile, rancher: Rancher) -> None:
    read_registries(profile)
    store.note_write(ConnectionProfile.objects.get(pk=profile.pk))
    read_registries(ConnectionProfile.objects.get(pk=profile.pk))
    assert asked(rancher) == 2


def test_asks_once_for_all_who_ask_at_the_same_moment(profile: ConnectionProfile, rancher: Rancher) -> None:
    rancher.fail("latency", match="GET .*/registries", ms=200)
    readings: list[Reading] = []

    def read() -> None:
        readings.append(read_registries(profile))
        database.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readings) == 3
    assert asked(rancher) == 1


def test_lets_few_wait_for_a_hanging_rancher(profile: ConnectionProfile, rancher: Rancher) -> None:
    rancher.fail("latency", match="GET .*/registries", ms=600)
    errors: list[str] = []

    def read() -> None:
        try:
            read_registries(profile)
        except Unreachable as error:
            errors.append(error.reason)
        database.close()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == ["busy"] * (8 - 1 - PATIENT_READERS)


def test_remembers_what_it_read(profile: ConnectionProfile, quay: str) -> None:
    reading = read_registries(profile)
    assert recall(profile).registries == reading.registries
    assert InventoryItem.objects.get(rancher_id=quay).server_address == "quay.io"


def test_recalls_the_last_known_list_with_the_error_when_rancher_is_gone(
    profile: ConnectionProfile, quay: str, rancher: Rancher
) -> None:
    read_registries(profile)
    rancher.fail("drop_before")
    reading = read_or_recall(profile, fresh=True)
    assert [registry.id for registry in reading.registries] == [quay]
    assert isinstance(reading.error, Unreachable)
    assert not reading.is_live
    profile.refresh_from_db()
    assert (profile.failure_reason, bool(profile.failing_since)) == ("reset", True)


def test_marks_what_left_the_list_as_removed(profile: ConnectionProfile, quay: str, upstream: Client) -> None:
    read_registries(profile)
    upstream.registries.act(quay, "deactivate")
    settled(upstream, quay, "inactive")
    upstream.registries.remove(quay)
    settled(upstream, quay, "removed")
    read_registries(profile, fresh=True)
    assert [item.rancher_id for item in store.recall_removed(profile)] == [quay]
    assert recall(profile).registries == ()


def test_rewrites_nothing_when_nothing_changed(profile: ConnectionProfile, quay: str) -> None:
    read_registries(profile)
    seen_at = InventoryItem.objects.get().seen_at
    read_registries(profile, fresh=True)
    assert InventoryItem.objects.get().seen_at == seen_at


def test_keeps_the_credentials_when_a_write_answers_without_them(
    profile: ConnectionProfile, quay: str, upstream: Client
) -> None:
    upstream.credentials.create(registry_id=quay, public_value="robot", secret_value="x")
    read_registries(profile, fresh=True)
    store.note_registry(profile, upstream.registries.update(quay, name="New"))
    (registry,) = recall(profile).registries
    assert [credential.public_value for credential in registry.credentials or ()] == ["robot"]
    assert registry.name == "New"


def test_says_so_when_the_profile_has_no_keys(make_profile: Callable[..., ConnectionProfile]) -> None:
    with pytest.raises(ProfileUnusable, match="no keys"):
        read_registries(make_profile(access_key="", secret_key=""))


def test_says_so_when_the_keys_cannot_be_decrypted(profile: ConnectionProfile, settings: object) -> None:
    settings.ENCRYPTION_KEYS = "other:" + "QUJD" * 10 + "QUI="  # type: ignore[attr-defined]  # another ring
    with pytest.raises(ProfileUnusable, match="cannot be read any more"):
        read_registries(ConnectionProfile.objects.get(pk=profile.pk))


def test_connects_to_nothing_that_is_not_allowed(profile: ConnectionProfile, rancher: Rancher) -> None:
    AllowedTarget.objects.all().delete()
    connection.forget_targets()
    with pytest.raises(Unreachable) as refusal:
        read_registries(profile)
    assert refusal.value.reason == "blocked"
    assert rancher.calls() == 0
