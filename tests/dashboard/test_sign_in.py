"""Signing in, out, and changing the password; the limits on trying."""

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dashboard.events import event_emitted
from dashboard.people.models import RateLimitSlot, User
from tests import audit_table
from tests.signing_in import write_failures

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
SIGN_IN = "/accounts/login/"


@pytest.fixture
def user() -> User:
    return get_user_model().objects.create_user("operator", password=PASSWORD)


def try_to_sign_in(client: Client, password: str = PASSWORD, **more: str) -> tuple[int, str]:
    answer = client.post(SIGN_IN, {"login": "operator", "password": password, **more})
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def test_goes_to_the_overview_or_back_to_where_one_was(client: Client, user: User) -> None:
    assert try_to_sign_in(client) == (302, "/")
    assert try_to_sign_in(Client(), next="/operations/?q=quay") == (302, "/operations/?q=quay")


@pytest.mark.parametrize("elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_never_leads_elsewhere(client: Client, user: User, elsewhere: str) -> None:
    assert try_to_sign_in(client, next=elsewhere) == (302, "/")


def test_says_the_same_of_a_wrong_name_and_a_wrong_password(client: Client, user: User) -> None:
    _, wrong_password = try_to_sign_in(client, password="wrong")
    user.delete()
    _, wrong_name = try_to_sign_in(client, password="wrong")
    assert "are not correct" in wrong_password
    assert ("not correct" in wrong_name, 'role="alert"' in wrong_name) == (True, True)
    assert "wrong" not in wrong_password.split("<form")[1]


def test_stops_after_five_wrong_passwords_even_for_the_right_one(client: Client, user: User) -> None:
    for _ in range(5):
        try_to_sign_in(client, password="wrong")
    status, page = try_to_sign_in(client)
    assert status == 200
    assert "Too many tries. The next one is possible in 5 min." in page


def test_stops_one_address_that_tries_many_names(client: Client) -> None:
    answers = [client.post(SIGN_IN, {"login": f"name{n}", "password": "x"}) for n in range(11)]
    assert ["Too many tries" in answer.content.decode() for answer in answers[-2:]] == [False, True]


def test_counts_before_any_hashing(client: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        try_to_sign_in(client, password="wrong")
    hashed: list[str] = []
    monkeypatch.setattr(User, "check_password", lambda *_: hashed.append("once"))
    try_to_sign_in(client)
    assert hashed == []


def test_a_right_password_forgets_the_wrong_ones_before_it(client: Client, user: User) -> None:
    for _ in range(2):
        for _ in range(4):
            try_to_sign_in(Client(REMOTE_ADDR=f"10.0.0.{_}"), password="wrong")
        assert try_to_sign_in(Client(REMOTE_ADDR="10.0.0.9")) == (302, "/")


def test_records_who_came_who_went_and_who_was_turned_away(client: Client, user: User) -> None:
    for _ in range(9):
        try_to_sign_in(client, password="wrong")
    write_failures()
    RateLimitSlot.objects.all().delete()
    try_to_sign_in(client)
    client.post("/accounts/logout/")
    rows = audit_table.events().values_list("action", "actor_name", "outcome", "reason")
    assert list(rows) == [
        ("person.sign_in", "operator", "failed", "Wrong name or password (5). Too many tries (4)."),
        ("person.sign_in", "operator", "succeeded", ""),
        ("person.sign_out", "operator", "succeeded", ""),
    ]


def test_a_sign_in_that_cannot_be_recorded_does_not_happen(user: User) -> None:
    def fail(**_: object) -> None:
        raise DatabaseError("disk full")

    client = Client(raise_request_exception=False)
    event_emitted.connect(fail, dispatch_uid="full")
    try:
        assert client.post(SIGN_IN, {"login": "operator", "password": PASSWORD}).status_code >= 500
    finally:
        event_emitted.disconnect(dispatch_uid="full")
    assert client.get("/operations/").status_code == 302


def test_tells_somebody_who_was_switched_off(client: Client, user: User) -> None:
    user.is_active = False
    user.save()
    assert try_to_sign_in(client) == (302, "/accounts/inactive/")
    assert "may not sign in any more" in client.get("/accounts/inactive/").content.decode()


@pytest.mark.parametrize(("is_demo", "named"), [(True, True), (False, False)])
def test_names_the_demos_people_in_the_demo_only(client: Client, settings: object, is_demo: bool, named: bool) -> None:
    settings.DEMO = is_demo  # type: ignore[attr-defined]
    assert ("<strong>auditor</strong>" in client.get(SIGN_IN).content.decode()) == named


def test_signs_out_by_a_form_and_not_by_a_link(client: Client, user: User) -> None:
    client.force_login(user)
    assert "Sign out?" in client.get("/accounts/logout/").content.decode()
    assert client.get("/operations/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == SIGN_IN
    assert client.get("/operations/").status_code == 302


def test_changes_the_password_and_says_so(client: Client, user: User) -> None:
    client.force_login(user)
    new = {"oldpassword": PASSWORD, "password1": "another long passphrase", "password2": "another long passphrase"}
    client.post("/accounts/password/change/", new)
    assert "Password successfully changed" in client.get("/operations/").content.decode()
    assert try_to_sign_in(Client(), password="another long passphrase") == (302, "/")


def test_tells_the_browser_whose_password_is_changed(client: Client, user: User) -> None:
    client.force_login(user)
    page = client.get("/accounts/password/change/").content.decode()
    assert '<input type="text" autocomplete="username" value="operator" hidden>' in page


def test_names_the_fields_that_keep_a_password_from_being_changed(client: Client, user: User) -> None:
    client.force_login(user)
    page = client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": "short"}).content.decode()
    for field in ("oldpassword", "password1", "password2"):
        assert f'<a href="#id_{field}">' in page
        assert f'aria-describedby="id_{field}_error"' in page or f'id_{field}_error" ' in page
        assert f'id="id_{field}_error"' in page
    assert 'value="short"' not in page


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_offers_no_page_of_allauth_that_has_no_use_here(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)
