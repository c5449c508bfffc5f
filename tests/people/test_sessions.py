"""Sessions: how long they live, what ends them, and the list of one's own."""

import time

import pytest
from django.test import Client

from dashboard.people.models import User
from dashboard.people.sign_in.sessions import end_sessions
from registries.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
PAGE = "/operations/"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


def sign_in(user: User) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert client.get(PAGE).status_code == 200
    return client


def shift(client: Client, name: str, minutes: float) -> None:
    """As if it had been so long ago."""
    session = client.session
    session[name] = time.time() - minutes * 60
    session.save()


@pytest.mark.parametrize(("name", "minutes", "lives"), [("seen_at", 29, True), ("seen_at", 31, False)])
def test_ends_after_half_an_hour_without_anybody(user: User, name: str, minutes: float, lives: bool) -> None:
    client = sign_in(user)
    shift(client, name, minutes)
    assert client.get(PAGE).status_code == (200 if lives else 302)
    assert ("_auth_user_id" in client.session) == lives


@pytest.mark.parametrize(("minutes", "lives"), [(719, True), (721, False)])
def test_ends_after_twelve_hours_whatever_one_does(user: User, minutes: float, lives: bool) -> None:
    client = sign_in(user)
    shift(client, "began_at", minutes)
    assert client.get(PAGE).status_code == (200 if lives else 302)


def test_says_why_on_the_page_that_asks_to_sign_in_again_and_in_the_record(user: User) -> None:
    client = sign_in(user)
    shift(client, "seen_at", 31)
    page = client.get(PAGE, follow=True).content.decode()
    assert "half an hour without you" in page
    assert AuditEvent.objects.filter(action="person.sign_out", reason__contains="half an hour").count() == 1


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(user: User) -> None:
    client = sign_in(user)
    shift(client, "seen_at", 20)
    before = client.session["seen_at"]
    client.get(f"{PAGE}?tick=3", headers={"HX-Request": "true", "HX-Target": "operation-list"})
    assert client.session["seen_at"] == before
    client.get(PAGE)
    assert client.session["seen_at"] > before


def test_notes_when_somebody_was_seen_once_a_minute(user: User, django_assert_num_queries: object) -> None:
    client = sign_in(user)
    user.refresh_from_db()
    seen_at = user.last_seen_at
    client.get(PAGE)
    user.refresh_from_db()
    assert user.last_seen_at == seen_at
    shift(client, "seen_at", 2)
    client.get(PAGE)
    user.refresh_from_db()
    assert user.last_seen_at > seen_at  # type: ignore[operator]


def test_switching_somebody_off_holds_at_the_very_next_request(user: User) -> None:
    client = sign_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(PAGE).status_code == 302


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    new = {"oldpassword": PASSWORD, "password1": "another long passphrase", "password2": "another long passphrase"}
    here.post("/accounts/password/change/", new)
    assert (here.get(PAGE).status_code, there.get(PAGE).status_code) == (200, 302)


def test_a_sign_in_gets_a_session_key_of_its_own(user: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted = session.session_key
    client.cookies["corral"] = planted  # type: ignore[assignment]
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    assert client.session.session_key != planted


def test_lists_ones_sessions_and_ends_another_one(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    page = here.get("/account/").content.decode()
    assert page.count('<td class="cell-main" title=') == 2
    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    ends = [line.split('"')[1] for line in page.split("<form action=")[1:] if "/end/" in line.split('"')[1]]
    stranger = User.objects.create_user("stranger", password=PASSWORD)
    assert sign_in(stranger).post(ends[0]).status_code == 404
    assert there.get(PAGE).status_code == 200
    assert here.post(ends[0]).status_code == 303
    assert (here.get(PAGE).status_code, there.get(PAGE).status_code) == (200, 302)
    assert AuditEvent.objects.filter(action="session.end", actor_name="operator").count() == 1


def test_all_sessions_of_somebody_can_be_ended(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    assert end_sessions(user) == 2
    assert (here.get(PAGE).status_code, there.get(PAGE).status_code) == (302, 302)
