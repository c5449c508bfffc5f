"""Teams: made, renamed, removed, joined and left; rights come and go with membership at once."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser

from dashboard.people.models import User
from dashboard.people.services.teams import TeamNameTaken, add_to_team, make_team, remove_from_team, rename_team
from registries.models import AuditEvent, ConnectionProfile, Membership
from tests import audit_table

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]


@pytest.fixture
def team() -> Group:
    return Group.objects.create(name="Payments")


@pytest.fixture
def frida(make_user: Callable[..., User]) -> User:
    return make_user("frida")


def record() -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
    rows = audit_table.events()
    return [(row.action, row.target_name, row.before_values, row.after_values) for row in rows]


def test_an_admin_makes_a_team_and_fills_it(browse: SignIn, admin: User, frida: User) -> None:
    web = browse(admin)
    there = web.post("/teams/new/", {"name": "Payments"}).headers["Location"]
    team = Group.objects.get()
    assert there == f"/teams/{team.pk}/"
    assert web.post(f"{there}add/", {"username": "FRIDA"}).status_code == 303
    assert list(frida.groups.all()) == [team]
    page = web.get(there).content.decode()
    assert f"/people/{frida.pk}/" in page
    assert web.post(f"{there}rename/", {"name": "Billing"}).status_code == 303
    assert "Billing" in web.get("/teams/?q=bil").content.decode()
    assert web.post(f"{there}members/{frida.pk}/remove/", {"reason": "moved on"}).status_code == 303
    assert not frida.groups.exists()
    assert record() == [
        ("team.create", "Payments", {}, {"name": "Payments"}),
        ("team.add", "Payments", {}, {"member": "frida"}),
        ("team.rename", "Billing", {"name": "Payments"}, {"name": "Billing"}),
        ("team.leave", "Billing", {"member": "frida"}, {}),
    ]
    assert AuditEvent.objects.get(action="team.leave").reason == "moved on"


def test_removing_a_team_takes_its_roles_and_leaves_its_people(
    browse: SignIn, admin: User, frida: User, team: Group
) -> None:
    profile = ConnectionProfile.objects.create(name="Staging", slug="staging", base_url="https://rancher.example.com")
    Membership.objects.create(profile=profile, team=team, role="operator")
    frida.groups.add(team)
    hers = browse(frida)
    assert hers.get("/profiles/staging/").status_code == 200
    web = browse(admin)
    assert "1</b><span>person loses" in web.get(f"/teams/{team.pk}/remove/").content.decode()
    assert web.post(f"/teams/{team.pk}/remove/").status_code == 303
    assert hers.get("/profiles/staging/").status_code == 404
    assert User.objects.filter(pk=frida.pk, is_active=True).exists()
    assert ("team.remove", "Payments", {"name": "Payments", "members": ["frida"]}, {}) in record()


def test_leaving_takes_the_rights_away_at_the_next_request(
    browse: SignIn, admin: User, frida: User, team: Group
) -> None:
    profile = ConnectionProfile.objects.create(name="Staging", slug="staging", base_url="https://rancher.example.com")
    Membership.objects.create(profile=profile, team=team, role="operator")
    hers = browse(frida)
    assert hers.get("/profiles/staging/").status_code == 404
    assert add_to_team(admin, team, frida)
    assert hers.get("/profiles/staging/").status_code == 200
    assert remove_from_team(admin, team, frida)
    assert hers.get("/profiles/staging/").status_code == 404


def test_an_auditor_gets_no_more_from_a_team(browse: SignIn, admin: User, auditor: User, team: Group) -> None:
    profile = ConnectionProfile.objects.create(name="Staging", slug="staging", base_url="https://rancher.example.com")
    Membership.objects.create(profile=profile, team=team, role="maintainer")
    add_to_team(admin, team, auditor)
    web = browse(auditor)
    assert web.get("/profiles/staging/").status_code == 200
    assert web.get("/profiles/staging/edit/").status_code == 403


def test_names_are_taken_whatever_their_case(browse: SignIn, admin: User, team: Group) -> None:
    other = make_team(admin, "Logistics")
    with pytest.raises(TeamNameTaken):
        make_team(admin, "PAYMENTS")
    with pytest.raises(TeamNameTaken):
        rename_team(admin, other, "payments")
    rename_team(admin, team, "PAYMENTS")
    assert Group.objects.get(pk=team.pk).name == "PAYMENTS"
    web = browse(admin)
    for url in ("/teams/new/", f"/teams/{other.pk}/rename/"):
        answer = web.post(url, {"name": "Payments"})
        assert answer.status_code == 422
        assert "Another team has this name." in answer.content.decode()


def test_what_changes_nothing_is_not_on_record(admin: User, frida: User, team: Group) -> None:
    assert add_to_team(admin, team, frida)
    assert not add_to_team(admin, team, frida)
    rename_team(admin, team, "Payments")
    assert remove_from_team(admin, team, frida)
    assert not remove_from_team(admin, team, frida)
    assert [action for action, *_ in record()] == ["team.add", "team.leave"]


def test_says_why_somebody_can_not_be_added(browse: SignIn, admin: User, frida: User, team: Group) -> None:
    web = browse(admin)
    User.objects.create_user("gone", is_active=False)
    add_to_team(admin, team, frida)
    for name, complaint in (
        ("nobody", "Nobody who may sign in is called nobody."),
        ("gone", "Nobody who may sign in is called gone."),
        ("frida", "frida is in this team already."),
        ("", "Enter the name"),
    ):
        answer = web.post(f"/teams/{team.pk}/add/", {"username": name})
        assert answer.status_code == 422
        assert complaint in answer.content.decode()


def test_lists_teams_with_their_members_counted(browse: SignIn, admin: User, auditor: User, frida: User) -> None:
    web = browse(auditor)
    assert "No team yet" in web.get("/teams/").content.decode()
    for number in range(51):
        team = Group.objects.create(name=f"Team {number:02}")
    frida.groups.add(team)
    first = web.get("/teams/").content.decode()
    assert "1–50 of 51" in first
    assert '<td class="number" data-label="Members">1</td>' in web.get("/teams/?page=2").content.decode()
    assert "No team matches" in web.get("/teams/?q=zzz").content.decode()


def test_shows_an_auditor_no_control_that_writes(browse: SignIn, auditor: User, frida: User, team: Group) -> None:
    frida.groups.add(team)
    for url in ("/teams/", f"/teams/{team.pk}/"):
        page = browse(auditor).get(url).content.decode()
        assert [verb for verb in ("/new/", "/add/", "/rename/", "/remove/") if verb in page] == []
