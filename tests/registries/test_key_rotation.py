"""`manage.py reseal`: every secret goes under the ring's first key, and what can't be opened is counted and stays."""

import base64
import json
from collections.abc import Callable
from io import StringIO
from typing import Any, cast

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from dashboard.crypto import key_id_of, seal
from dashboard.people.models import User
from dashboard.people.sign_in.sealed_factors import LABEL_WITHOUT_PERSON, factor_label, seal_factor, unseal_factor
from dashboard.resealing import BATCH, Tally, in_batches
from registries.fields import Secret
from registries.models import AuditEvent, ConnectionProfile, CredentialStatus
from registries.services.audit.chain_check import verify_audit_log

pytestmark = pytest.mark.django_db
OLD = "test:" + base64.b64encode(bytes(range(32))).decode()
NEW = "new:" + base64.b64encode(bytes(range(100, 132))).decode()


@pytest.fixture
def stored(make_profile: Callable[..., ConnectionProfile], make_user: Callable[..., User]) -> None:
    """Two profiles, one kept copy of a credential, an app and recovery codes: seven secrets under the old key."""
    for name in ("Staging", "Lab"):
        profile = make_profile(name=name, access_key=f"access of {name}", secret_key=f"secret of {name}")
    status = CredentialStatus(profile=profile, registry_id="1r1", credential_id="1c1", server_address="docker.io")
    status.secret = "hunter2"
    status.save()
    user = make_user("ada")
    for kind, name in (("totp", "secret"), ("recovery_codes", "seed")):
        data = {name: seal_factor(f"{name} of ada", user_id=user.pk), "used_mask": 5}
        Authenticator.objects.create(user=user, type=kind, data=data)


def reseal(*options: str) -> str:
    out = StringIO()
    call_command("reseal", *options, stdout=out)
    return out.getvalue()


def opened() -> dict[str, str]:
    """Every secret in plain text."""
    profiles = {p.name: f"{p.access_key.reveal()}, {p.secret_key.reveal()}" for p in ConnectionProfile.objects.all()}
    factors = {
        factor.type: unseal_factor(factor.data.get("secret") or factor.data["seed"])
        for factor in Authenticator.objects.all()
    }
    return profiles | factors | {"copy": CredentialStatus.objects.get().secret.reveal()}


@pytest.mark.usefixtures("stored")
def test_after_it_the_old_key_may_leave_the_ring(settings: Any) -> None:
    before = opened()
    settings.ENCRYPTION_KEYS = f"{NEW},{OLD}"
    assert reseal() == "7 sealed anew under new.\nnew seals 7\n"
    settings.ENCRYPTION_KEYS = NEW
    assert opened() == before
    assert {factor.data["used_mask"] for factor in Authenticator.objects.all()} == {5}


@pytest.mark.usefixtures("stored")
def test_a_second_run_changes_nothing_and_both_are_on_record(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = f"{NEW},{OLD}"
    reseal()
    tokens = sorted(str(row) for row in Authenticator.objects.values_list("data", flat=True))
    assert reseal() == "0 sealed anew under new.\nnew seals 7\n"
    assert sorted(str(row) for row in Authenticator.objects.values_list("data", flat=True)) == tokens
    rows = AuditEvent.objects.filter(action="secrets.reseal").order_by("id")
    assert [row.outcome for row in rows] == ["begun", "succeeded"] * 2
    assert json.loads(rows[1].after) == {"resealed": 7, "unreadable": 0, "sealed_by": {"new": 7}}
    assert verify_audit_log().ok


@pytest.mark.usefixtures("stored")
def test_what_cannot_be_opened_stays_and_is_counted(settings: Any) -> None:
    tokens = list(ConnectionProfile.objects.order_by("pk").values_list("access_key", flat=True))
    settings.ENCRYPTION_KEYS = NEW
    late = ConnectionProfile.objects.latest("pk")
    late.secret_key = "typed again"
    late.save()
    with pytest.raises(CommandError, match="6 can't be opened"):
        reseal()
    kept = list(ConnectionProfile.objects.order_by("pk").values_list("access_key", flat=True))
    assert [one.token for one in cast("list[Any]", kept)] == [one.token for one in cast("list[Any]", tokens)]
    assert AuditEvent.objects.latest("id").outcome == "failed"


def test_what_migrate_could_not_open_is_taken_when_its_key_is_back(
    make_profile: Callable[..., ConnectionProfile], make_user: Callable[..., User]
) -> None:
    profile, user = make_profile(secret_key="now"), make_user("ada")
    unbound = seal("then", label=f"connectionprofile|{profile.uuid}|access_key")
    ConnectionProfile.objects.update(access_key=Secret(unbound))
    Authenticator.objects.create(user=user, type="totp", data={"secret": seal("ABC", label=LABEL_WITHOUT_PERSON)})
    with pytest.raises(CommandError, match="2 can't be opened"):
        reseal()
    assert "2 sealed anew" in reseal("--from-before")
    profile.refresh_from_db()
    assert (profile.access_key.reveal(), profile.secret_key.reveal()) == ("then", "now")
    assert unseal_factor(Authenticator.objects.get().data["secret"]) == "ABC"


def test_works_in_batches_whose_work_stays_when_a_later_one_fails(make_user: Callable[..., User]) -> None:
    User.objects.bulk_create(User(username=f"person-{number}") for number in range(BATCH + 10))
    seen: list[int] = []
    in_batches(User.objects.all(), lambda row: seen.append(row.pk))
    assert seen == list(User.objects.order_by("pk").values_list("pk", flat=True))


def test_a_token_under_the_current_key_for_another_label_is_counted_as_unreadable() -> None:
    tally, moved = Tally(), seal("x", label=factor_label(1))
    assert tally.take(moved, label=factor_label(2)) == moved
    assert (tally.unreadable, tally.resealed, dict(tally.key_ids)) == (1, 0, {key_id_of(moved): 1})
