"""Migrations that bind keys to their origin and second factors to their person, on rows as they were before."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps

from dashboard.crypto import SecretUnreadable, seal
from dashboard.people.models import User
from dashboard.people.sign_in.sealed_factors import LABEL_WITHOUT_PERSON, unseal_factor
from registries.fields import Secret
from registries.models import ConnectionProfile

pytestmark = pytest.mark.django_db
KEYS = import_module("registries.migrations.0008_bind_keys_to_origin")
FACTORS = import_module("dashboard.people.migrations.0006_bind_second_factors")
LOST = "v1:lost:AAAA"


@pytest.fixture
def before(make_profile: Callable[..., ConnectionProfile], make_user: Callable[..., User]) -> ConnectionProfile:
    """A profile and an authenticator app sealed as before, and one more of each under a key that is lost."""
    profile, other = make_profile(), make_profile()
    for name in ("access_key", "secret_key"):
        unbound = seal(f"the {name}", label=f"connectionprofile|{profile.uuid}|{name}")
        ConnectionProfile.objects.filter(pk=profile.pk).update(**{name: Secret(unbound)})
    ConnectionProfile.objects.filter(pk=other.pk).update(access_key=Secret(LOST), secret_key=Secret(""))
    for name, token in (("ada", seal("ABC", label=LABEL_WITHOUT_PERSON)), ("bob", LOST)):
        Authenticator.objects.create(user=make_user(name), type="totp", data={"secret": token})
    Authenticator.objects.create(user=make_user("eve"), type="webauthn", data={"name": "Passkey", "credential": {}})
    profile.refresh_from_db()
    return profile


def test_keys_open_after_it_and_not_before(before: ConnectionProfile, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SecretUnreadable):
        before.access_key.reveal()
    KEYS.bind(apps, None)
    before.refresh_from_db()
    assert (before.access_key.reveal(), before.secret_key.reveal()) == ("the access_key", "the secret_key")
    assert ConnectionProfile.objects.latest("pk").access_key.token == LOST
    assert "1 keys of connection profiles can't be opened" in caplog.text


def test_second_factors_open_after_it_and_not_before(before: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SecretUnreadable):
        unseal_factor(Authenticator.objects.get(user__username="ada").data["secret"])
    FACTORS.bind(apps, None)
    assert unseal_factor(Authenticator.objects.get(user__username="ada").data["secret"]) == "ABC"
    assert Authenticator.objects.get(user__username="bob").data["secret"] == LOST
    assert "1 secrets of second factors can't be opened" in caplog.text


def test_both_can_be_taken_back(before: ConnectionProfile) -> None:
    for migration in (KEYS, FACTORS):
        migration.bind(apps, None)
        migration.unbind(apps, None)
    with pytest.raises(SecretUnreadable):
        ConnectionProfile.objects.get(pk=before.pk).access_key.reveal()
    KEYS.bind(apps, None)
    assert ConnectionProfile.objects.get(pk=before.pk).access_key.reveal() == "the access_key"
