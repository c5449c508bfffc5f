"""A lost encryption key: the start names it by its id, and still starts."""

import base64
import secrets

import pytest
from allauth.mfa.models import Authenticator
from django.core.checks import CheckMessage, run_checks
from django.db import connection
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.people.sign_in.sealed_factors import seal_factor
from registries.models import ConnectionProfile, CredentialStatus
from registries.services.stored_keys import find_lost_key_ids

pytestmark = pytest.mark.django_db


def ring(*key_ids: str) -> str:
    return ",".join(f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for key_id in key_ids)


def warnings() -> list[CheckMessage]:
    return [message for message in run_checks(databases=["default"]) if message.id == "corral.W007"]


def store(name: str) -> ConnectionProfile:
    return ConnectionProfile.objects.create(
        name=name, slug=name, base_url="https://rancher.test", access_key=f"access of {name}", secret_key="canary-1"
    )


def test_names_the_key_ids_that_the_database_holds_and_the_ring_does_not(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ring("k1")
    profile = store("first")
    settings.ENCRYPTION_KEYS = ring("K1")
    CredentialStatus.objects.create(profile=profile, registry_id="1sp1", credential_id="1c1", secret="canary-2")
    settings.ENCRYPTION_KEYS = ring("factors")
    user = User.objects.create_user("ada")
    secret = seal_factor("canary-3", user_id=user.pk)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": secret})
    settings.ENCRYPTION_KEYS = ring("new")
    store("second")
    assert find_lost_key_ids() == ["K1", "factors", "k1"]
    (warning,) = warnings()
    assert warning.level < 40, "it starts: profiles take new keys"
    assert "CORRAL_ENCRYPTION_KEYS lacks K1, factors, k1" in warning.msg
    assert "canary" not in str(warning)


def test_is_silent_while_the_ring_has_every_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ring("old")
    store("first")
    settings.ENCRYPTION_KEYS = f"{ring('new')},{settings.ENCRYPTION_KEYS}"
    store("second")
    ConnectionProfile.objects.create(name="third", slug="third", base_url="https://rancher.test")
    assert warnings() == []


def test_is_silent_before_the_tables_are_made(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CredentialStatus._meta, "db_table", "not_made_yet")
    assert find_lost_key_ids() == []
    with connection.cursor() as cursor:  # the transaction around goes on, on PostgreSQL as well
        cursor.execute("SELECT 1")


def test_is_silent_when_the_ring_itself_is_refused(settings: Settings) -> None:
    store("first")
    settings.ENCRYPTION_KEYS = "nonsense"
    assert warnings() == []
