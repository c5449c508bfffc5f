"""Roles in a profile: given, changed and taken away by its maintainers, and pages that say who can do what."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError
from django.test import Client as Browser
from pytest_django.fixtures import DjangoAssertNumQueries

from dashboard.people.models import User
from registries.access import Access
from registries.models import AuditEvent, ConnectionProfile, Membership
from registries.roles import Role
from registries.services.audit import write
from registries.services.profiles import access_report, members
from tests import signing_in

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS = "/profiles/staging/members/"
MakeUser = Callable[..., User]
Browse = Callable[[User], Browser]


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="Payments")


def last_event() -> AuditEvent:
    event = AuditEvent.objects.order_by("-id").first()
    assert event is not None
    return event


def role_of(holder: User | Group) -> str:
    return Membership.objects.get(**{"user" if isinstance(holder, User) else "team": holder}).role


def test_a_maintainer_gives_a_person_a_role_that_holds_at_once(
    browse: Browse, maintainer: User, make_user: MakeUser
) -> None:
    ada = make_user("ada")
    her = browse(ada)
    assert her.get("/profiles/staging/").status_code == 404
    sent = {"person": "ADA", "role": "operator", "reason": "On call"}
    assert browse(maintainer).post(f"{MEMBERS}add/", sent).status_code == 303
    assert her.get("/profiles/staging/registries/new/").status_code == 200
    event = last_event()
    assert (event.action, event.actor_name, event.role) == ("member.add", "maintainer", "maintainer")
    assert (event.target_type, event.target_name, event.reason) == ("person", "ada", "On call")
    assert (event.before, event.after) == ("", '{"role": "operator"}')


def test_a_teams_role_holds_for_whoever_is_in_it_and_ends_with_leaving(
    browse: Browse, maintainer: User, make_user: MakeUser, team: Group
) -> None:
    ada = make_user("ada")
    assert browse(maintainer).post(f"{MEMBERS}add/", {"team": team.pk, "role": "maintainer"}).status_code == 303
    her = browse(ada)
    assert her.get(MEMBERS).status_code == 404
    team.user_set.add(ada)
    assert her.get(f"{MEMBERS}add/").status_code == 200
    team.user_set.remove(ada)
    assert her.get(MEMBERS).status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"person": "nobody", "role": "viewer"}, "Nobody who may sign in is called nobody."),
        ({"person": "gone", "role": "viewer"}, "Nobody who may sign in is called gone."),
        ({"person": "auditor", "role": "viewer"}, "auditor is an auditor"),
        ({"person": "maintainer", "role": "viewer"}, "maintainer has a role in Staging already."),
        ({"person": "ada", "role": "owner"}, "Choose viewer, operator or maintainer."),
        ({"person": "ada"}, "Choose a role."),
        ({"role": "viewer"}, "Enter a person&#x27;s name, or choose a team."),
    ],
)
def test_says_why_nobody_was_added(
    browse: Browse, maintainer: User, make_user: MakeUser, auditor: User, sent: dict[str, str], words: str
) -> None:
    make_user("ada")
    User.objects.filter(pk=make_user("gone").pk).update(is_active=False)
    answer = browse(maintainer).post(f"{MEMBERS}add/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Membership.objects.count() == 1


def test_refuses_a_person_and_a_team_at_once(
    browse: Browse, maintainer: User, make_user: MakeUser, team: Group
) -> None:
    make_user("ada")
    answer = browse(maintainer).post(f"{MEMBERS}add/", {"person": "ada", "team": team.pk, "role": "viewer"})
    assert (answer.status_code, "not both" in answer.content.decode()) == (422, True)


def test_changes_a_role_and_takes_it_away(browse: Browse, maintainer: User, viewer: User) -> None:
    browser = browse(maintainer)
    url = f"{MEMBERS}{Membership.objects.get(user=viewer).pk}/"
    assert browser.post(f"{url}role/", {"role": "operator"}).status_code == 303
    assert role_of(viewer) == "operator"
    changed = last_event()
    assert (changed.action, changed.before, changed.after) == (
        "member.role",
        '{"role": "viewer"}',
        '{"role": "operator"}',
    )
    assert "Take the role operator from viewer?" in browser.get(f"{url}remove/").content.decode()
    assert browser.post(f"{url}remove/", {"reason": "Left"}).status_code == 303
    removed = last_event()
    assert (removed.action, removed.before, removed.reason) == ("member.remove", '{"role": "operator"}', "Left")
    assert browse(viewer).get(MEMBERS).status_code == 404
    assert browser.post(f"{url}remove/").status_code == 404


def test_gives_an_auditor_nothing_more_on_the_side(browse: Browse, maintainer: User, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(site_role="auditor")
    url = f"{MEMBERS}{Membership.objects.get(user=viewer).pk}/role/"
    answer = browse(maintainer).post(url, {"role": "maintainer"})
    assert (answer.status_code, "is an auditor" in answer.content.decode()) == (422, True)
    assert role_of(viewer) == "viewer"


def test_an_auditor_in_a_teams_role_still_only_reads(
    browse: Browse, auditor: User, team: Group, profile: ConnectionProfile
) -> None:
    team.user_set.add(auditor)
    Membership.objects.create(profile=profile, team=team, role=Role.MAINTAINER)
    browser = browse(auditor)
    assert browser.get(f"{MEMBERS}add/").status_code == 403
    page = browser.get(MEMBERS).content.decode()
    assert "auditor of the whole site" in page
    assert "maintainer through Payments, without effect beside it" in page


def test_warns_before_a_maintainer_locks_themselves_out_and_lets_them(browse: Browse, maintainer: User) -> None:
    browser = browse(maintainer)
    url = f"{MEMBERS}{Membership.objects.get(user=maintainer).pk}/"
    for page in (browser.get(f"{url}remove/"), browser.get(f"{url}role/")):
        assert "your own last role of a maintainer" in page.content.decode()
        assert "only admins can manage this profile" in page.content.decode()
    answer = browser.post(f"{url}remove/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_does_not_warn_who_stays_a_maintainer_through_a_team(
    profile: ConnectionProfile, maintainer: User, team: Group
) -> None:
    team.user_set.add(maintainer)
    Membership.objects.create(profile=profile, team=team, role=Role.MAINTAINER)
    own = Membership.objects.get(user=maintainer)
    assert members.describe_loss(Access(maintainer, profile, Role.MAINTAINER), own) == ""


def test_knows_no_member_of_another_profile(
    browse: Browse, maintainer: User, make_user: MakeUser, make_profile: Callable[..., ConnectionProfile]
) -> None:
    elsewhere = make_profile(name="Theirs", slug="theirs")
    ada = make_user("ada", role=Role.VIEWER, profile=elsewhere)
    browser = browse(maintainer)
    url = f"{MEMBERS}{Membership.objects.get(user=ada).pk}/"
    for verb in ("role", "remove"):
        assert browser.get(f"{url}{verb}/").status_code == 404
        assert browser.post(f"{url}{verb}/", {"role": "maintainer"}).status_code == 404
    assert role_of(ada) == "viewer"
    assert "ada" not in browser.get(MEMBERS).content.decode()


def test_gives_no_role_that_cannot_be_recorded(
    profile: ConnectionProfile, maintainer: User, viewer: User, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(write, "_append", refuse)
    access, given = Access(maintainer, profile, Role.MAINTAINER), Membership.objects.get(user=viewer)
    with pytest.raises(DatabaseError):
        members.add_member(access, make_user("ada"), Role.VIEWER)
    with pytest.raises(DatabaseError):
        members.change_member_role(access, given, Role.MAINTAINER)
    with pytest.raises(DatabaseError):
        members.remove_member(access, given)
    assert Membership.objects.filter(user__username="ada").count() == 0
    assert role_of(viewer) == "viewer"


def test_asks_again_who_it_is_when_the_sign_in_is_old(browse: Browse, maintainer: User, viewer: User) -> None:
    browser = browse(maintainer)
    signing_in.prove(browser, maintainer, seconds_ago=24 * 3600)
    url = f"{MEMBERS}{Membership.objects.get(user=viewer).pk}/"
    for path in (f"{MEMBERS}add/", f"{url}role/", f"{url}remove/", "/profiles/staging/edit/"):
        for answer in (browser.get(path), browser.post(path, {"role": "maintainer"})):
            assert (answer.status_code, answer.headers["Location"].startswith("/accounts/confirm/")) == (302, True), (
                path
            )
    assert browser.get(MEMBERS).status_code == 200
    assert role_of(viewer) == "viewer"


def test_lists_everybody_with_each_reason(
    browse: Browse,
    admin: User,
    auditor: User,
    viewer: User,
    team: Group,
    profile: ConnectionProfile,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    team.user_set.add(viewer)
    Membership.objects.create(profile=profile, team=team, role=Role.MAINTAINER)
    with django_assert_num_queries(3):
        holders = {one.name: one for one in access_report.find_grants(profile)}
    assert {name: one.role for name, one in holders.items()} == {
        "Payments": "maintainer",
        "admin": "admin",
        "auditor": "auditor",
        "viewer": "maintainer",
    }
    assert holders["Payments"].people == 1
    page = browse(admin).get(MEMBERS).content.decode()
    assert "maintainer through Payments" in page
    assert "own role viewer" in page
    only = browse(admin).get(MEMBERS, {"role": "auditor", "q": "aud"}).content.decode()
    assert f'data-id="person-{auditor.pk}"' in only
    assert f'data-id="person-{viewer.pk}"' not in only


def test_says_what_one_person_may_do_in_each_profile_and_why(
    browse: Browse,
    auditor: User,
    viewer: User,
    team: Group,
    make_profile: Callable[..., ConnectionProfile],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    team.user_set.add(viewer)
    for number in range(3):
        Membership.objects.create(profile=make_profile(name=f"Ours {number}"), team=team, role=Role.OPERATOR)
    make_profile(name="Theirs")
    with django_assert_num_queries(1):
        found = [(one.profile.name, one.role) for one in access_report.find_profile_access(viewer)]
    assert found == [("Ours 0", "operator"), ("Ours 1", "operator"), ("Ours 2", "operator"), ("Staging", "viewer")]
    for page in (browse(viewer).get("/account/access/"), browse(auditor).get(f"/people/{viewer.pk}/access/")):
        assert "operator through Payments" in page.content.decode()
        assert "Theirs" not in page.content.decode()
