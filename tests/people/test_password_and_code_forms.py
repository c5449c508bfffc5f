"""Every form that asks for a password, a code or a passkey: tries are counted, and failures recorded."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from dashboard.people.models import User
from dashboard.people.sign_in.urls import urlpatterns
from registries.models import AuditEvent
from tests.people.test_second_factors import code_of, set_up_app
from tests.signing_in import prove, write_failures

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
NEW = {"password1": "another long passphrase", "password2": "another long passphrase"}
PASSKEY = '{"id": "x", "response": {}}'


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def with_app(client: Client, user: User) -> Client:
    client.force_login(user)
    set_up_app(client)
    return client


def with_passkey(client: Client, user: User) -> Client:
    client.force_login(user)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})
    return client


def at_second_factor(client: Client, user: User) -> Client:
    with_app(client, user)
    fresh = Client()
    fresh.post("/accounts/login/", {"login": "operator", "password": PASSWORD})
    return fresh


def as_it_is(client: Client, _: User) -> Client:
    return client


def sign_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


# URL name -> how one gets there, a wrong answer, and the event of the audit log
FORMS: dict[str, tuple[Callable[[Client, User], Client], dict[str, str], str]] = {
    "account_login": (as_it_is, {"login": "operator", "password": "wrong"}, "person.sign_in"),
    "account_reauthenticate": (sign_in, {"password": "wrong"}, "person.confirm"),
    "account_change_password": (sign_in, {"oldpassword": "wrong"} | NEW, "person.password"),
    "mfa_authenticate": (at_second_factor, {"code": "000000"}, "person.sign_in"),
    "mfa_reauthenticate": (with_app, {"code": "000000"}, "person.confirm"),
    "mfa_activate_totp": (sign_in, {"code": "000000"}, "second_factor.add"),
}
PASSKEYS: dict[str, tuple[Callable[[Client, User], Client], str]] = {
    "mfa_authenticate": (at_second_factor, "person.sign_in"),
    "mfa_reauthenticate_webauthn": (with_passkey, "person.confirm"),
    "mfa_add_webauthn": (sign_in, "second_factor.add"),
    "mfa_login_webauthn": (as_it_is, "person.sign_in"),
}
ASKS = re.compile(r'<input[^>]*autocomplete="(?:current-password|one-time-code)"|name="credential"')


@pytest.mark.parametrize("name", FORMS)
def test_counts_wrong_answers_and_records_them(client: Client, user: User, name: str) -> None:
    get_there, wrong, action = FORMS[name]
    there, url = get_there(client, user), reverse(name)
    pages = [there.post(url, wrong).content.decode() for _ in range(7)]
    assert ["Too many tries" in page for page in pages] == [False] * 5 + [True] * 2
    write_failures()
    failed = AuditEvent.objects.filter(action__in=[action, "person.confirm"]).exclude(outcome="succeeded")
    if name == "account_login":
        assert failed.get().after_values["tries"] == 7
    else:
        assert [row.outcome for row in failed.order_by("id")][:6] == ["failed"] * 5 + ["refused"]
    assert "wrong" not in str(list(failed.values_list("reason", "before", "after"))).replace("Wrong", "")


@pytest.mark.parametrize("name", PASSKEYS)
def test_counts_wrong_passkeys_and_records_them(client: Client, user: User, name: str) -> None:
    get_there, action = PASSKEYS[name]
    there, url = get_there(client, user), reverse(name)
    tries = 5 if name != "mfa_login_webauthn" else 10
    for _ in range(tries):
        there.post(url, {"credential": PASSKEY, "name": "key"})
    answer = there.post(url, {"credential": PASSKEY, "name": "key"}, follow=True)
    assert "Too many tries" in answer.content.decode()
    write_failures()
    failed = (
        AuditEvent.objects.filter(action__in=[action, "person.confirm"]).exclude(outcome="succeeded").order_by("id")
    )
    if name == "mfa_login_webauthn":
        assert failed.get().after_values["tries"] == tries + 1
    else:
        assert [row.outcome for row in failed.order_by("id")] == ["failed"] * 5 + ["refused"]


def test_no_other_page_asks_for_one(client: Client, user: User) -> None:
    """A new page with such a field fails here until it stands in a table above."""
    browsers = [Client(), at_second_factor(client, user), client]
    asking = set()
    for pattern in urlpatterns:
        name = str(pattern.name)
        url = reverse(name, args=[Authenticator.objects.latest("pk").pk] if "<int" in str(pattern.pattern) else [])
        for browser in browsers:
            if ASKS.search(browser.get(url).content.decode()):
                asking.add(name)
    assert asking <= {*FORMS, *PASSKEYS}


def test_a_new_password_asks_for_a_recent_sign_in(signed_in: Client, user: User) -> None:
    prove(signed_in, user, seconds_ago=16 * 60)
    url = reverse("account_change_password")
    assert signed_in.get(url).headers["Location"].startswith("/accounts/confirm/?next=")
    prove(signed_in, user, seconds_ago=46 * 60)
    assert signed_in.post(url, {"oldpassword": PASSWORD} | NEW).headers["Location"].startswith("/accounts/confirm/")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_counts_before_any_hashing(signed_in: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        signed_in.post(reverse("account_change_password"), {"oldpassword": "wrong"} | NEW)
    hashed: list[str] = []
    monkeypatch.setattr(User, "check_password", lambda *_: hashed.append("once"))
    for name in ("account_change_password", "account_reauthenticate"):
        signed_in.post(reverse(name), {"oldpassword": PASSWORD, "password": PASSWORD} | NEW)
    assert hashed == []


def test_strangers_keep_nobody_from_confirming(signed_in: Client, user: User) -> None:
    for number in range(1, 40):
        Client(REMOTE_ADDR=f"10.0.0.{number}").post("/accounts/login/", {"login": "operator", "password": "wrong"})
    answer = signed_in.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": "/teams/"})
    assert answer.headers["Location"] == "/teams/"


def test_one_session_keeps_no_other_one_from_confirming(signed_in: Client, user: User) -> None:
    thief = Client()
    thief.force_login(user)
    for _ in range(6):
        thief.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert signed_in.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def test_a_right_answer_forgets_the_wrong_ones(client: Client, user: User) -> None:
    with_app(client, user)
    secret = set_up_again(client)
    for _ in range(4):
        client.post(reverse("mfa_reauthenticate"), {"code": "000000"})
    assert client.post(reverse("mfa_reauthenticate"), {"code": code_of(secret)}).status_code == 302
    page = client.post(reverse("account_reauthenticate"), {"password": "wrong"}).content.decode()
    assert "Too many tries" not in page


def set_up_again(client: Client) -> str:
    client.post(reverse("mfa_deactivate_totp"))
    return set_up_app(client)


def test_somebody_without_a_password_is_told_so(signed_in: Client, user: User) -> None:
    user.set_unusable_password()
    user.save()
    signed_in.force_login(user)
    answer = signed_in.get(reverse("account_change_password"), follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    assert "You have no password here." in answer.content.decode()
