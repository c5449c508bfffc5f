"""What is old is deleted, and what anybody needs stays."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from dashboard.people.models import Invitation, User
from registries.management import prune
from registries.models import Alert, AuditEvent, ConnectionProfile, InventoryChange, Verification
from registries.services.inventory.as_of import registries_at

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - timedelta(days=1000)
NOW = timezone.now()


def ids(rows: type) -> list[object]:
    return list(rows.objects.order_by("pk").values_list("pk", flat=True))  # type: ignore[attr-defined]


def test_deletes_sessions_that_have_expired_and_no_other() -> None:
    for key, until in (("old", LONG_AGO), ("new", NOW + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=until)
    assert prune.prune() == 1
    assert ids(Session) == ["new"]


def test_keeps_tasks_that_wait_however_old() -> None:
    values = {"args_kwargs": {"args": [], "kwargs": {}}, "backend_name": "default", "run_after": get_date_max()}
    waiting = DBTaskResult.objects.create(task_path="registries.tasks.x", **values)
    for finished_at in (LONG_AGO, NOW):
        DBTaskResult.objects.create(task_path="x", status="SUCCESSFUL", finished_at=finished_at, **values)
    assert prune.prune() == 1
    assert waiting.pk in ids(DBTaskResult)


def test_deletes_used_revoked_and_expired_invitations_and_no_open_one(make_user: Callable[..., User]) -> None:
    admin = make_user("admin", site_role="admin")
    wanted = {
        "used": {"used_at": LONG_AGO},
        "revoked": {"revoked_at": LONG_AGO},
        "over": {"expires_at": LONG_AGO},
        "open": {},
    }
    for name, fields in wanted.items():
        values = {"expires_at": NOW + timedelta(days=3)} | fields
        Invitation.objects.create(username=name, token_hash=name, invited_by=admin, **values)
    prune.prune()
    assert list(Invitation.objects.values_list("username", flat=True)) == ["open"]


def test_keeps_alerts_that_are_not_delivered() -> None:
    for title, next_try_at in (("delivered", None), ("waiting", NOW)):
        Alert.objects.create(kind=Alert.Kind.TEST, title=title, at=LONG_AGO, next_try_at=next_try_at)
    prune.prune()
    assert list(Alert.objects.values_list("title", flat=True)) == ["waiting"]


def test_keeps_the_last_verification_of_each_credential(profile: ConnectionProfile) -> None:
    for credential_id, reason in (("1c1", "ok"), ("1c1", "timeout"), ("1c2", "ok"), ("", "ok")):
        Verification.objects.create(
            profile=profile, credential_id=credential_id, reason=reason, server_address="quay.io", checked_at=LONG_AGO
        )
    prune.prune()
    assert sorted(Verification.objects.values_list("credential_id", "reason")) == [("1c1", "timeout"), ("1c2", "ok")]


def test_a_list_as_of_a_date_within_the_window_stays_as_it_was(profile: ConnectionProfile) -> None:
    def document(name: str) -> dict[str, str]:
        return {"id": "1sp1", "state": "active", "name": name, "serverAddress": "quay.io"}

    for number, name in enumerate(("first", "second", "third")):
        at = LONG_AGO + timedelta(days=number)
        InventoryChange.objects.create(profile=profile, rancher_id="1sp1", document=document(name), at=at)
    window = NOW - timedelta(days=100)
    before = registries_at(profile, window).registries
    assert prune.prune() == 2
    assert registries_at(profile, window).registries == before
    assert [one.name for one in before] == ["third"]


def test_never_touches_the_audit_log_and_runs_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = AuditEvent.objects.count()
    runs: list[int] = []
    monkeypatch.setattr(prune, "_last_run", float("-inf"))
    monkeypatch.setattr(prune, "prune", partial(runs.append, 1))
    prune.prune_hourly()
    prune.prune_hourly()
    assert runs == [1]
    assert AuditEvent.objects.count() == kept
    assert AuditEvent not in {rows(NOW).model for rows in prune.OLD}


def test_deletes_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "BATCH_ROWS", 2)
    for number in range(5):
        Session.objects.create(session_key=str(number), session_data="", expire_date=LONG_AGO)
    assert prune.prune() == 5
    assert ids(Session) == []
