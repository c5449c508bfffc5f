"""What maintainers do by themselves: profiles for their teams, its own form, and what the record says of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AuditEvent, ConnectionProfile, CredentialStatus, Membership
from registries.roles import Role
from registries.services.audit import write
from tests.authority import Authority
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)

AUTHORITY = Authority(Path()).pem  # writes no file
MakeUser = Callable[..., User]
Browse = Callable[[User], Browser]


@pytest.fixture
def team(profile: ConnectionProfile) -> Group:
    """A team that maintains a profile."""
    team = Group.objects.create(name="Payments")
    Membership.objects.create(profile=profile, team=team, role=Role.MAINTAINER)
    return team


@pytest.fixture
def ada(make_user: MakeUser, team: Group) -> User:
    """Somebody of that team."""
    ada = make_user("ada")
    team.user_set.add(ada)
    return ada


def form(rancher: Rancher, role: str = "env2", **fields: Any) -> dict[str, Any]:
    access_key, secret_key = rancher.sandbox.keys[role]
    keys = {"access_key": access_key, "secret_key": secret_key}
    return {"name": "Lab", "base_url": rancher.base_url, "project_id": "1a7", **keys, **fields}


def told(action: str) -> list[dict[str, Any]]:
    """Before and after of each event of that kind, oldest first."""
    rows = AuditEvent.objects.filter(action=action).order_by("id")
    return [{"before": json.loads(row.before or "{}"), "after": json.loads(row.after or "{}")} for row in rows]


def test_makes_a_profile_that_the_team_maintains(
    browse: Browse, ada: User, team: Group, rancher: Rancher, make_user: MakeUser
) -> None:
    browser = browse(ada)
    assert 'href="/profiles/new/"' in browser.get("/profiles/").content.decode()
    assert browser.post("/profiles/new/", form(rancher, team=team.pk)).status_code == 303
    made = ConnectionProfile.objects.get(name="Lab")
    given = Membership.objects.get(profile=made)
    assert (given.team, given.role) == (team, "maintainer")
    assert browser.get("/profiles/lab/members/add/").status_code == 200
    assert browse(make_user("stranger")).get("/profiles/lab/").status_code == 404
    (created,) = told("profile.create")
    assert (created["after"]["team"], created["after"]["keys"]) == ("Payments", "stored")
    assert AuditEvent.objects.filter(action="member.add", profile_id=made.pk, target_name="Payments").count() == 1


def test_makes_none_without_a_team_or_for_a_team_that_maintains_nothing(
    browse: Browse, ada: User, rancher: Rancher
) -> None:
    readers, theirs = Group.objects.create(name="Readers"), Group.objects.create(name="Theirs")
    readers.user_set.add(ada)
    for chosen in ("", readers.pk, theirs.pk, "x"):
        answer = browse(ada).post("/profiles/new/", form(rancher, team=chosen))
        assert (answer.status_code, 'id="id_team_error"' in answer.content.decode()) == (422, True), chosen
    assert not ConnectionProfile.objects.filter(name="Lab").exists()


def test_makes_none_where_no_admin_allowed_it(browse: Browse, ada: User, team: Group, rancher: Rancher) -> None:
    rancher_elsewhere = form(rancher, team=team.pk, base_url="http://127.0.0.2:8080")
    answer = browse(ada).post("/profiles/new/", rancher_elsewhere)
    page = answer.content.decode()
    assert (answer.status_code, "An admin can add the address under Allowed targets." in page) == (422, True)
    assert "/targets/" not in page


@pytest.mark.parametrize("kind", ["own maintainer", "operator through a team", "auditor in the team"])
def test_offers_a_new_profile_to_nobody_else(
    browse: Browse, make_user: MakeUser, team: Group, profile: ConnectionProfile, rancher: Rancher, kind: str
) -> None:
    if kind == "own maintainer":
        somebody = make_user("grace", role=Role.MAINTAINER, profile=profile)
    elif kind == "auditor in the team":
        somebody = make_user("grace", site_role="auditor")
        team.user_set.add(somebody)
    else:
        somebody = make_user("grace")
        team.user_set.add(somebody)
        Membership.objects.update(role=Role.OPERATOR)
    browser = browse(somebody)
    assert "/profiles/new/" not in browser.get("/profiles/").content.decode()
    assert browser.post("/profiles/new/", form(rancher, team=team.pk)).status_code == 403
    assert ConnectionProfile.objects.count() == 1


def test_an_admin_makes_one_with_a_team_or_without(browse: Browse, admin: User, team: Group, rancher: Rancher) -> None:
    browser = browse(admin)
    assert browser.post("/profiles/new/", form(rancher, name="With", team=team.pk)).status_code == 303
    assert browser.post("/profiles/new/", form(rancher, name="Without")).status_code == 303
    assert list(Membership.objects.filter(profile__name="With").values_list("team__name", flat=True)) == ["Payments"]
    assert not Membership.objects.filter(profile__name="Without").exists()


def test_records_an_edit_with_what_was_before_and_keys_by_a_word(
    browse: Browse, ada: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    browser = browse(ada)
    same = {"name": "Staging", "base_url": rancher.base_url, "project_id": "1a5", "api_version": "v1"}
    assert browser.post("/profiles/staging/edit/", {**same, "description": "Ours"}).status_code == 303
    assert told("profile.update") == [{"before": {"description": ""}, "after": {"description": "Ours"}}]
    assert told("profile.keys") == []
    access_key, secret_key = rancher.sandbox.keys["owner"]
    typed = {**same, "description": "Ours", "access_key": access_key, "secret_key": secret_key}
    assert browser.post("/profiles/staging/edit/", typed).status_code == 303
    assert told("profile.keys") == [{"before": {"keys": "stored"}, "after": {"keys": "replaced"}}]
    (check,) = told("profile.check")
    assert check["after"] == {"base_url": rancher.base_url, "project_id": "1a5"}
    everything = "".join(row.before + row.after + row.reason + row.target_name for row in AuditEvent.objects.all())
    assert secret_key not in everything
    assert access_key not in everything


def test_switching_kept_copies_off_deletes_them(
    browse: Browse, ada: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    browser = browse(ada)
    same = {"name": "Staging", "base_url": rancher.base_url, "project_id": "1a5", "api_version": "v1"}
    assert browser.post("/profiles/staging/edit/", {**same, "keeps_copies": "on"}).status_code == 303
    profile.refresh_from_db()
    assert profile.keeps_copies
    kept = CredentialStatus(profile=profile, credential_id="1c9", server_address="quay.io", public_value="robot")
    kept.secret = "kept for tests"
    kept.save()
    page = browser.get("/profiles/staging/edit/").content.decode()
    assert 'name="keeps_copies"' in page
    assert browser.post("/profiles/staging/edit/", same).status_code == 303
    kept.refresh_from_db()
    assert not kept.secret
    assert told("profile.update")[-1] == {"before": {"keeps_copies": True}, "after": {"keeps_copies": False}}


def test_removing_a_profile_is_on_record_with_its_reason_and_members(
    browse: Browse, admin: User, team: Group, profile: ConnectionProfile
) -> None:
    form = {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11", "reason": "Moved"}
    assert browse(admin).post("/profiles/staging/remove/", form).status_code == 303
    (removed,) = told("profile.remove")
    assert removed["before"]["members"] == ["Payments: maintainer"]
    assert AuditEvent.objects.get(action="profile.remove").reason == "Moved"


def test_a_profile_is_neither_changed_nor_removed_without_a_record(
    browse: Browse, admin: User, profile: ConnectionProfile, rancher: Rancher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    browser = browse(admin)
    monkeypatch.setattr(write, "_append", refuse)
    same = {"name": "Staging", "base_url": rancher.base_url, "project_id": "1a5", "api_version": "v1"}
    for url, sent in (
        ("/profiles/staging/edit/", {**same, "description": "Changed"}),
        ("/profiles/staging/remove/", {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"}),
        ("/profiles/new/", form(rancher)),
    ):
        with pytest.raises(DatabaseError):
            browser.post(url, sent)
    assert list(ConnectionProfile.objects.values_list("name", "description")) == [("Staging", "")]


def test_explains_an_address_without_telling_of_a_profile_of_others(
    browse: Browse, ada: User, make_profile: Callable[..., ConnectionProfile], make_user: MakeUser
) -> None:
    theirs = make_profile(name="Theirs", slug="theirs", base_url="https://secret.example")
    Membership.objects.create(profile=theirs, user=make_user("bob"), role=Role.MAINTAINER)
    asked = {"base_url": "https://elsewhere.example", "profile": "theirs"}
    browser = browse(ada)
    assert browser.get("/profiles/address/", asked).status_code == 404
    Membership.objects.create(profile=theirs, user=ada, role=Role.VIEWER)
    seen = browser.get("/profiles/address/", asked)
    assert (seen.status_code, "secret.example" in seen.content.decode()) == (200, False)


def edit(profile: ConnectionProfile, **fields: str) -> dict[str, str]:
    """The edit form as its page sends it: the keys are blank."""
    stored = {"name": profile.name, "base_url": profile.base_url, "api_version": "v1", "project_id": profile.project_id}
    return stored | {"ca_certificate": profile.ca_certificate, "access_key": "", "secret_key": ""} | fields


@pytest.mark.parametrize(
    ("stored", "change", "sentence"),
    [
        ("1a5", {"project_id": "1a7"}, "another project"),
        ("1a5", {"project_id": ""}, "another project"),
        ("1a5", {"project_id": "", "projects": "1a7"}, "another project"),
        ("1a5", {"projects": "1a7"}, "another project"),
        ("", {"project_id": "1a7"}, "another project"),
        ("", {"projects": "1a7"}, "another project"),
        ("1a5", {"ca_certificate": AUTHORITY}, "CA certificate"),
    ],
)
@pytest.mark.parametrize("intent", ["save", "check", "save_anyway"])
def test_a_maintainer_turns_no_stored_account_key_elsewhere(
    browse: Browse,
    ada: User,
    profile: ConnectionProfile,
    rancher: Rancher,
    stored: str,
    change: dict[str, str],
    sentence: str,
    intent: str,
) -> None:
    key, secret = rancher.sandbox.keys["admin"]
    profile.access_key, profile.secret_key, profile.project_id = key, secret, stored
    profile.save()
    rancher.sandbox.lines.clear()
    answer = browse(ada).post("/profiles/staging/edit/", edit(profile, **change) | {"intent": intent})
    after = ConnectionProfile.objects.get()
    assert rancher.calls() == 0, "the stored key is not used for it either"
    if intent == "save_anyway":
        assert not after.has_keys or (after.project_id, after.ca_certificate) == (stored, "")
    else:
        assert (answer.status_code, after.project_id, after.ca_certificate) == (422, stored, "")
        assert sentence in answer.content.decode()
        assert after.has_keys


def test_a_maintainer_who_types_the_key_or_an_admin_does(
    browse: Browse, ada: User, admin: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    key, secret = rancher.sandbox.keys["admin"]
    typed = edit(profile, project_id="1a7", access_key=key, secret_key=secret)
    assert browse(ada).post("/profiles/staging/edit/", typed).status_code == 303
    profile.refresh_from_db()
    assert profile.project_id == "1a7"
    assert browse(admin).post("/profiles/staging/edit/", edit(profile, project_id="1a5")).status_code == 303
    assert ConnectionProfile.objects.get().has_keys
    given = edit(profile, project_id="1a5", ca_certificate=AUTHORITY)
    assert browse(admin).post("/profiles/staging/edit/", given).status_code == 303
    after = ConnectionProfile.objects.get()
    assert (after.project_id, after.has_keys, bool(after.ca_certificate)) == ("1a5", True, True)


def test_a_key_that_sees_one_project_may_take_it(browse: Browse, ada: User, profile: ConnectionProfile) -> None:
    profile.project_id = ""
    profile.save()
    renamed = edit(profile, description="x")
    assert browse(ada).post("/profiles/staging/edit/", renamed | {"api_version": "v2-beta"}).status_code == 303
    after = ConnectionProfile.objects.get()
    assert (after.project_id, after.has_keys) == ("1a5", True)
