"""Invitations: a link is told once, works once, and every dead one reads the same."""

import logging
import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from django.test import Client as Browser
from django.utils import timezone

from dashboard.people.models import Invitation, User
from dashboard.people.services.invitations import (
    INVITATION_LIVES,
    AlreadyInvited,
    InvitationGone,
    NameTaken,
    accept_invitation,
    find_invitation,
    invite_person,
    waiting_invitations,
)
from dashboard.people.services.people import change_site_role, deactivate_person
from registries.models import AuditEvent
from tests import audit_table

pytestmark = pytest.mark.django_db
CHOSEN = "horse battery staple 9"
PASSWORDS = {"password1": CHOSEN, "password2": CHOSEN}
PAGE = "/invitations/password/"
LINK = re.compile(r"http://testserver(/invitations/[\w-]{43}/)")

SignIn = Callable[[User], Browser]


@pytest.fixture
def team() -> Group:
    return Group.objects.create(name="Payments")


def invite(web: Browser, **fields: object) -> str:
    """The path of the link in the answer."""
    answer = web.post("/people/invite/", {"username": "frida"} | fields)
    found = LINK.search(answer.content.decode())
    assert found, answer.status_code
    return found.group(1)


def actions() -> list[str]:
    return list(audit_table.events().values_list("action", flat=True))


def test_a_link_makes_the_person_that_was_promised(browse: SignIn, admin: User, team: Group) -> None:
    link = invite(browse(admin), email="frida@example.com", site_role="admin", teams=[team.pk])
    guest = Browser()
    page = guest.get(link, follow=True)
    assert page.redirect_chain == [(PAGE, 302)]
    assert "admin invites you" in page.content.decode()
    assert guest.post(PAGE, PASSWORDS).headers["Location"] == "/accounts/login/"
    frida = User.objects.get(username="frida")
    assert (frida.email, frida.site_role, list(frida.groups.all())) == ("frida@example.com", "admin", [team])
    assert frida.check_password(CHOSEN)
    assert guest.post("/accounts/login/", {"login": "frida", "password": CHOSEN}).status_code == 302
    assert actions()[:2] == ["person.invite", "invitation.accept"]
    accepted = AuditEvent.objects.get(action="invitation.accept")
    assert (accepted.actor_name, accepted.after_values["teams"]) == ("frida", ["Payments"])


def test_the_token_is_nowhere_but_in_the_link(browse: SignIn, admin: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    web = browse(admin)
    link = invite(web)
    token = link.split("/")[2]
    guest = Browser()
    opened = guest.get(link)
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert guest.post(PAGE, {"password1": "short", "password2": "short"}).status_code == 422
    for mangled in (f"{link[:-1]}./", f"{link[:-1]}%20/", f"/invitations/x{token}/"):
        assert Browser().get(mangled, follow=True).status_code == 404
    stored = [str(list(model.objects.values_list())) for model in (Invitation, AuditEvent)]
    said = [record.getMessage() for record in caplog.records] + stored + [str(dict(guest.session.items()))]
    assert [text for text in said if token in text] == []
    assert "Not Found: /invitations/password/" in said
    assert token not in web.get("/people/").content.decode()


def test_every_dead_link_reads_the_same(browse: SignIn, admin: User) -> None:
    web = browse(admin)
    expired, revoked, used = (invite(web, username=name) for name in ("expired", "revoked", "used"))
    Invitation.objects.filter(username="expired").update(expires_at=timezone.now())
    gone = Invitation.objects.get(username="revoked")
    assert web.post(f"/people/invitations/{gone.pk}/revoke/", {"reason": "wrong person"}).status_code == 303
    guest = Browser()
    guest.get(used)
    assert guest.post(PAGE, PASSWORDS).status_code == 303
    answers = []
    for link in (expired, revoked, used, "/invitations/wrong/", f"/invitations/{'x' * 43}/"):
        answer = Browser().get(link, follow=True)
        answers.append((answer.redirect_chain, answer.status_code, without_ids(answer.content.decode())))
    assert answers[0][1] == 404
    assert all(answer == answers[0] for answer in answers)
    assert not User.objects.filter(username__in=["expired", "revoked"]).exists()


def without_ids(page: str) -> str:
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", page)


def test_a_link_that_dies_while_its_page_is_open_makes_nobody(browse: SignIn, admin: User) -> None:
    web = browse(admin)
    guest = Browser()
    guest.get(invite(web))
    web.post(f"/people/invitations/{Invitation.objects.get().pk}/revoke/")
    answer = guest.post(PAGE, PASSWORDS)
    assert (answer.status_code, User.objects.filter(username="frida").exists()) == (404, False)


def test_keeps_nothing_typed_of_a_password_and_says_what_is_wrong(browse: SignIn, admin: User) -> None:
    guest = Browser()
    guest.get(invite(browse(admin), username="frida.kahlo.42"))
    for typed, complaint in (
        ("frida.kahlo.42", "too similar to the username"),
        ("short", "too short"),
        ("password1234", "too common"),
    ):
        answer = guest.post(PAGE, {"password1": typed, "password2": typed})
        assert answer.status_code == 422
        assert complaint in answer.content.decode()
        assert f'value="{typed}"' not in answer.content.decode().replace('autocomplete="username" value=', "")
    answer = guest.post(PAGE, {"password1": CHOSEN, "password2": "another one entirely"})
    assert "The two passwords differ." in answer.content.decode()
    assert Invitation.objects.get().used_at is None


def test_is_limited_by_address(browse: SignIn, admin: User) -> None:
    link = invite(browse(admin))
    for _ in range(20):
        assert Browser().get("/invitations/guess/").headers["Location"] == PAGE
    answer = Browser().get(link, follow=True)
    assert answer.status_code == 429
    assert Browser().get(link, REMOTE_ADDR="198.51.100.7").headers["Location"] == PAGE


def test_refuses_a_name_that_is_taken_or_invited(browse: SignIn, admin: User) -> None:
    web = browse(admin)
    invite(web)
    for username, complaint in (
        ("Admin", "Somebody is called that already"),
        ("FRIDA", "Is invited already"),
        ("a b", "valid username"),
        ("", "Enter the name"),
    ):
        answer = web.post("/people/invite/", {"username": username, "email": "kept@example.com"})
        assert answer.status_code == 422
        assert complaint in answer.content.decode()
        assert "kept@example.com" in answer.content.decode()
    assert actions() == ["person.invite"]


def test_an_expired_invitation_makes_way_for_a_new_one(admin: User) -> None:
    first, token = invite_person(admin, username="frida")
    assert timedelta(0) <= timezone.now() + INVITATION_LIVES - first.expires_at < timedelta(minutes=1)
    with pytest.raises(AlreadyInvited):
        invite_person(admin, username="Frida")
    Invitation.objects.update(expires_at=timezone.now())
    assert [one.username for one in waiting_invitations()] == ["frida"]
    second, _ = invite_person(admin, username="Frida")
    assert find_invitation(token) is None
    assert list(waiting_invitations()) == [second]


def test_a_name_that_somebody_got_meanwhile_is_not_taken_over(admin: User) -> None:
    invitation, _ = invite_person(admin, username="frida")
    User.objects.create_user("Frida", password="her own passphrase")
    with pytest.raises(InvitationGone):
        accept_invitation(invitation, CHOSEN)
    assert User.objects.get(username__iexact="frida").check_password("her own passphrase")
    with pytest.raises(NameTaken):
        invite_person(admin, username="frida")


@pytest.mark.parametrize("end", ["deactivated", "demoted", "demoted elsewhere"])
def test_links_die_with_their_admin(admin: User, end: str) -> None:
    other = User.objects.create_user("other", password=CHOSEN, site_role="admin")
    _, token = invite_person(other, username="backdoor", site_role="admin")
    if end == "deactivated":
        deactivate_person(admin, other)
    elif end == "demoted":
        change_site_role(admin, other, "")
    else:
        User.objects.filter(pk=other.pk).update(site_role="auditor")
    assert find_invitation(token) is None
    if end != "demoted elsewhere":
        assert AuditEvent.objects.get(action="invitation.revoke").target_name == "backdoor"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_through(admin: User) -> None:
    invitation, _ = invite_person(admin, username="frida")
    start, came = threading.Barrier(6), []

    def accept(number: int) -> None:
        try:
            start.wait()
            accept_invitation(invitation, f"{CHOSEN} {number}")
            came.append(number)
        except InvitationGone:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 1
    assert User.objects.get(username="frida").check_password(f"{CHOSEN} {came[0]}")
    assert actions() == ["person.invite", "invitation.accept"]
