"""People: found, switched off and on, given roles; and one admin who is always left."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dashboard.people.models import Invitation, SiteRole, User
from dashboard.people.services.invitations import invite_person
from dashboard.people.services.people import LastAdmin, change_site_role, deactivate_person, reset_second_factor
from registries.models import AuditEvent
from tests import audit_table
from tests.registries.conftest import PASSWORD
from tests.signing_in import prove

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
WRITING = ("/invite/", "/revoke/", "/role/", "/deactivate/", "/activate/", "/reset-second-factor/")


@pytest.fixture
def frida(make_user: Callable[..., User]) -> User:
    return make_user("frida")


def give_second_factor(user: User) -> None:
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=user, type=kind, data={"secret": "sealed-elsewhere"})


def sign_in(username: str) -> Browser:
    """Through the form: sessions that can be ended are those that began there."""
    web = Browser()
    web.post("/accounts/login/", {"login": username, "password": PASSWORD})
    return web


def names(web: Browser, query: str = "") -> list[str]:
    return [person.username for person in web.get(f"/people/{query}").context["page"]]


def test_finds_people_by_name_role_state_and_second_factor(browse: SignIn, admin: User, frida: User) -> None:
    web = browse(admin)
    User.objects.create_user("diego", email="rivera@example.com", is_active=False)
    give_second_factor(frida)
    Authenticator.objects.create(user=admin, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert names(web) == ["admin", "diego", "frida"]
    assert names(web, "?q=RIVERA") == ["diego"]
    assert names(web, "?role=admin") == ["admin"]
    assert names(web, "?role=none") == ["diego", "frida"]
    assert names(web, "?state=deactivated") == ["diego"]
    assert names(web, "?second_factor=yes") == ["frida"]
    assert names(web, "?second_factor=no&state=active") == ["admin"]
    assert names(web, "?role=nonsense&state=%00") == ["admin", "diego", "frida"]
    assert "Nobody matches" in web.get("/people/?q=zzz").content.decode()


def test_pages_keep_the_filter(browse: SignIn, admin: User) -> None:
    User.objects.bulk_create(User(username=f"person-{number:03}") for number in range(120))
    page = browse(admin).get("/people/?q=person&page=2").content.decode()
    assert "51–100 of 120" in page
    assert 'href="?q=person&amp;page=3"' in page


def test_the_list_costs_the_same_for_one_and_for_fifty(
    browse: SignIn, admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    web = browse(admin)
    web.get("/people/")
    team = Group.objects.create(name="Payments")
    for number in range(49):
        User.objects.create(username=f"person-{number:03}").groups.add(team)
    for number in range(5):
        invite_person(admin, username=f"invited-{number}", teams=[team])
    with django_assert_max_num_queries(9):
        assert "Payments" in web.get("/people/").content.decode()


def test_shows_waiting_invitations(browse: SignIn, admin: User) -> None:
    invite_person(admin, username="waiting")
    invite_person(admin, username="late")
    invite_person(admin, username="forgotten")
    Invitation.objects.filter(username="late").update(expires_at=timezone.now() - timedelta(days=1))
    Invitation.objects.filter(username="forgotten").update(expires_at=timezone.now() - timedelta(days=8))
    page = browse(admin).get("/people/").content.decode()
    assert "Expires in 2 d" in page
    assert ("late" in page, "forgotten" in page) == (True, False)


def test_who_is_deactivated_is_out_at_once_and_back_as_before(browse: SignIn, admin: User, frida: User) -> None:
    hers, web = sign_in("frida"), browse(admin)
    frida.groups.add(Group.objects.create(name="Payments"))
    url = f"/people/{frida.pk}/deactivate/"
    assert "Deactivate frida?" in web.get(url).content.decode()
    assert hers.get("/").status_code == 200
    assert web.post(url, {"reason": "left the company"}).status_code == 303
    assert hers.get("/").headers["Location"].startswith("/accounts/login/")
    assert sign_in("frida").get("/").status_code == 302
    assert web.post(f"/people/{frida.pk}/activate/").status_code == 303
    assert hers.get("/").status_code == 302, "the sessions of before stay ended"
    assert sign_in("frida").get("/").status_code == 200
    assert frida.groups.count() == 1
    changes = AuditEvent.objects.filter(action__in=["person.deactivate", "person.activate"]).order_by("id")
    assert [(row.after_values, row.reason) for row in changes] == [
        ({"is_active": False}, "left the company"),
        ({"is_active": True}, ""),
    ]


def test_a_role_holds_at_the_next_request(browse: SignIn, admin: User, frida: User) -> None:
    hers, web = browse(frida), browse(admin)
    assert hers.get("/people/").status_code == 403
    url = f"/people/{frida.pk}/role/"
    assert web.post(url, {"site_role": "auditor", "reason": "audit 2026"}).status_code == 303
    assert hers.get("/people/").status_code == 200
    assert web.post(url, {"site_role": ""}).status_code == 303
    assert hers.get("/people/").status_code == 403
    assert web.post(url, {"site_role": "root", "reason": "typed"}).status_code == 422
    assert "typed" in web.post(url, {"site_role": "root", "reason": "typed"}).content.decode()
    rows = AuditEvent.objects.filter(action="person.role").order_by("id")
    assert [(row.before_values, row.after_values) for row in rows] == [
        ({"site_role": ""}, {"site_role": "auditor"}),
        ({"site_role": "auditor"}, {"site_role": ""}),
    ]


def test_resetting_a_second_factor_forgets_it_and_ends_sessions(browse: SignIn, admin: User, frida: User) -> None:
    hers, web = sign_in("frida"), browse(admin)
    assert hers.get("/").status_code == 200
    give_second_factor(frida)
    url = f"/people/{frida.pk}/reset-second-factor/"
    assert web.get(url).status_code == 200
    assert web.post(url, {"reason": "lost the phone"}).status_code == 303
    assert not Authenticator.objects.filter(user=frida).exists()
    assert hers.get("/").status_code == 302
    row = AuditEvent.objects.get(action="person.reset_second_factor")
    assert row.before_values == {"second_factors": ["recovery_codes", "totp"]}
    assert "sealed" not in row.before + row.after


def test_the_last_admin_stays(browse: SignIn, admin: User, make_user: Callable[..., User]) -> None:
    make_user("switched-off", site_role="admin")
    User.objects.filter(username="switched-off").update(is_active=False)
    web = browse(admin)
    for url, typed in (
        (f"/people/{admin.pk}/deactivate/", {}),
        (f"/people/{admin.pk}/role/", {"site_role": "auditor"}),
    ):
        answer = web.post(url, typed | {"reason": "kept"})
        assert answer.status_code == 422
        assert "the only admin who may sign in" in answer.content.decode()
        assert "kept" in answer.content.decode()
    page = web.get(f"/people/{admin.pk}/").content.decode()
    assert f"/people/{admin.pk}/deactivate/" not in page
    assert AuditEvent.objects.filter(action__startswith="person.").exclude(action="person.sign_in").count() == 0
    make_user("second", site_role="admin")
    assert web.post(f"/people/{admin.pk}/role/", {"site_role": ""}).status_code == 303


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", ["deactivate", "demote"])
def test_two_admins_who_remove_each_other_leave_one(make_user: Callable[..., User], deed: str) -> None:
    pair = [make_user(name, site_role="admin") for name in ("one", "two")]
    start, refused = threading.Barrier(2), []

    def remove(actor: User, other: User) -> None:
        try:
            start.wait()
            if deed == "deactivate":
                deactivate_person(actor, other)
            else:
                change_site_role(actor, other, SiteRole.NONE)
        except LastAdmin:
            refused.append(actor)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=remove, args=pair[::step]) for step in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert User.objects.filter(site_role="admin", is_active=True).count() == 1


def test_what_changes_nothing_is_not_on_record(admin: User, frida: User) -> None:
    change_site_role(admin, frida, "")
    deactivate_person(admin, frida)
    deactivate_person(admin, frida)
    reset_second_factor(admin, frida)
    actions = audit_table.events().values_list("action", flat=True)
    assert list(actions) == ["person.deactivate", "person.reset_second_factor"]


def test_shows_an_auditor_everything_and_no_control_that_writes(
    browse: SignIn, admin: User, auditor: User, frida: User
) -> None:
    give_second_factor(frida)
    invite_person(admin, username="waiting")
    User.objects.create_user("gone", is_active=False)
    web = browse(auditor)
    assert "waiting" in web.get("/people/").content.decode()
    for url in ("/people/", *(f"/people/{person.pk}/" for person in User.objects.all())):
        page = web.get(url).content.decode()
        assert [verb for verb in WRITING if verb in page] == []


def test_asks_who_is_there_before_people_change(browse: SignIn, admin: User, frida: User) -> None:
    web = browse(admin)
    prove(web, admin, seconds_ago=3600)
    for url in (f"/people/{frida.pk}/deactivate/", f"/people/{frida.pk}/role/", "/people/invite/", "/teams/new/"):
        assert "/accounts/" in web.get(url).headers["Location"], url
    assert web.post(f"/people/{frida.pk}/deactivate/").status_code in {302, 303}
    frida.refresh_from_db()
    assert frida.is_active
    assert web.get("/people/").status_code == 200
