"""Limits of sign-in: strangers are stopped, and never keep the owner of an account out."""

from collections import Counter

import pytest
from django.test import Client

from dashboard.people.models import RateLimitSlot, User
from dashboard.people.sign_in.devices import account_key
from tests import audit_table
from tests.signing_in import write_failures

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
SIGN_IN, COOKIE = "/accounts/login/", "corral-device"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


def guess(client: Client, given: str = "wrong", name: str = "operator") -> str:
    """What the sign-in page answers: in, wrong, refused."""
    answer = client.post(SIGN_IN, {"login": name, "password": given})
    if answer.status_code == 302:
        return "in"
    return "refused" if "Too many tries" in answer.content.decode() else "wrong"


def at(address: str, **more: str) -> Client:
    return Client(REMOTE_ADDR=address, **more)  # type: ignore[arg-type]


def known(user: User) -> Client:
    """A browser in which the person signed in, and signed out again."""
    client = at("192.0.2.7")
    assert guess(client, PASSWORD) == "in"
    client.post("/accounts/logout/")
    return client


def test_strangers_keep_nobody_out_whose_browser_is_known(user: User) -> None:
    owner = known(user)
    guesses = [guess(at(f"10.0.0.{number}")) for number in range(1, 41)]
    assert Counter(guesses) == {"wrong": 30, "refused": 10}
    assert guess(at("10.0.1.1"), PASSWORD) == "refused"
    assert guess(owner, PASSWORD) == "in"


def test_one_address_keeps_no_other_address_out(user: User) -> None:
    assert [guess(at("10.0.0.1")) for _ in range(6)] == ["wrong"] * 5 + ["refused"]
    assert guess(at("10.0.0.2"), PASSWORD) == "in"


def test_strangers_behind_the_same_address_keep_the_owner_not_out(user: User) -> None:
    owner = known(user)
    for number in range(12):
        guess(at("192.0.2.7"), name=f"name{number}")
    assert guess(at("192.0.2.7"), PASSWORD) == "refused"
    assert guess(owner, PASSWORD) == "in"


def test_a_known_browser_has_five_tries_of_its_own(user: User) -> None:
    owner = known(user)
    assert [guess(owner) for _ in range(6)] == ["wrong"] * 5 + ["refused"]
    assert guess(owner, PASSWORD) == "refused"
    assert guess(at("192.0.2.8"), PASSWORD) == "in"


def test_a_browser_is_known_for_those_who_signed_in_with_it_alone(user: User) -> None:
    User.objects.create_user("frida", password=PASSWORD)
    shared = known(user)
    assert [guess(shared, name="frida") for _ in range(6)] == ["wrong"] * 5 + ["refused"]
    RateLimitSlot.objects.all().delete()
    assert guess(shared, PASSWORD, name="frida") == "in"
    shared.post("/accounts/logout/")
    for _ in range(6):
        guess(at("192.0.2.7"))
        guess(at("192.0.2.7"), name="frida")
    assert guess(shared, PASSWORD) == "in"
    shared.post("/accounts/logout/")
    assert guess(shared, PASSWORD, name="frida") == "in"


def test_the_cookie_is_signed_hidden_from_scripts_and_names_nobody(user: User) -> None:
    cookie = known(user).cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert int(cookie["max-age"]) >= 180 * 86_400
    assert "operator" not in cookie.value
    forged = at("10.0.0.1")
    forged.cookies[COOKIE] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    assert [guess(forged) for _ in range(6)] == ["wrong"] * 5 + ["refused"]


def test_the_cookie_of_a_real_installation_has_the_prefix_of_its_host(user: User, settings: object) -> None:
    settings.SECURE = True  # type: ignore[attr-defined]
    client = Client()
    guess(client, PASSWORD)
    assert client.cookies[f"__Host-{COOKIE}"]["secure"] is True


def test_a_password_alone_makes_no_browser_known(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allauth.mfa.stages.AuthenticateStage._should_handle", lambda *_: True)
    client = Client()
    assert guess(client, PASSWORD) == "in"  # and on to the second factor
    assert COOKIE not in client.cookies


def test_the_network_of_one_customer_is_one_address(user: User) -> None:
    assert [guess(at(f"2001:db8:0:1::{number}")) for number in range(1, 7)] == ["wrong"] * 5 + ["refused"]
    assert guess(at("2001:db8:0:2::1"), PASSWORD) == "in"


@pytest.mark.parametrize("spelling", ["OPERATOR", " operator ", "Operator"])
def test_spellings_of_a_name_share_its_tries(user: User, spelling: str) -> None:
    for _ in range(5):
        guess(at("10.0.0.1"))
    assert guess(at("10.0.0.1"), name=spelling) == "refused"


@pytest.mark.parametrize(("spelling", "name"), [("adm\u0131n", "admin"), ("\u017fam", "Sam"), ("\u212aim", "kim")])
def test_letters_that_a_database_takes_for_others_share_the_tries(spelling: str, name: str) -> None:
    assert account_key(spelling) == account_key(name)


def test_the_owner_signs_in_as_often_as_they_like(user: User) -> None:
    assert [guess(at(f"10.0.0.{number}"), PASSWORD) for number in range(1, 36)] == ["in"] * 35


def test_failures_of_strangers_are_one_row_a_minute_and_address(user: User) -> None:
    for number in range(12):
        guess(at("10.0.0.1"), name=f"name{number}")
    guess(at("10.0.0.2"))
    assert audit_table.events().count() == 0
    write_failures()
    many, one = audit_table.events().order_by("address")
    assert (many.address, many.actor_name, many.outcome) == ("10.0.0.1", "(several names)", "failed")
    assert many.reason == "Wrong name or password (10). Too many tries (2)."
    assert many.after_values["tries"] == 12
    assert many.after_values["names"] == [f"name{number}" for number in range(10)]
    assert (one.address, one.actor_name, one.after_values["tries"]) == ("10.0.0.2", "operator", 1)
    write_failures()
    assert audit_table.events().count() == 2


def test_failures_of_a_known_browser_are_rows_of_their_own(user: User) -> None:
    owner = known(user)
    for _ in range(8):
        guess(owner)
    outcomes = audit_table.events().values_list("outcome", flat=True)
    assert list(outcomes)[2:] == ["failed"] * 5 + ["refused"]


def test_what_strangers_type_as_a_name_breaks_nothing(user: User) -> None:
    for name in ("x" * 150, "a\u0000b", "<b>", "\ud800".encode("utf-8", "replace").decode()):
        guess(at("10.0.0.1"), name=name)
    write_failures()
    assert audit_table.events().count() == 1
