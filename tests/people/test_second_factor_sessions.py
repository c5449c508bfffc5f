"""A second factor belongs to the session that has shown it, and a changed one ends the others."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from dashboard.events import event_emitted
from dashboard.people.models import User
from dashboard.people.services.people import reset_second_factor
from registries.models import AuditEvent
from tests.people.test_second_factors import code_of, set_up_app
from tests.signing_in import prove

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"
PAGE = "/operations/"


@pytest.fixture(params=["", "admin"])
def user(request: pytest.FixtureRequest) -> User:
    return User.objects.create_user("operator", password=PASSWORD, site_role=request.param)


@pytest.fixture(autouse=True)
def _admins_need_one(settings: pytest.FixtureRequest) -> None:
    settings.ADMIN_MFA = True  # type: ignore[attr-defined]


def sign_in(user: User) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": user.username, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200 or client.get("/accounts/second-factor/").status_code == 200


def test_a_session_of_a_password_ends_when_a_factor_is_set_up_elsewhere(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    assert is_in(there)
    set_up_app(here)
    assert here.get(PAGE).status_code == 200
    assert there.get(PAGE).headers["Location"].startswith("/accounts/login/")
    assert not is_in(there)


def test_a_removed_factor_ends_the_other_sessions(user: User) -> None:
    here = sign_in(user)
    secret = set_up_app(here)
    there = sign_in(user)
    there.post("/accounts/second-factor/code/", {"code": code_of(secret)})
    assert there.get(PAGE).status_code == 200
    here.post(reverse("mfa_deactivate_totp"))
    assert (is_in(here), is_in(there)) == (True, False)


def test_a_sign_in_that_was_under_way_meanwhile_ends_as_well(user: User) -> None:
    here, there = sign_in(user), sign_in(user)
    UserSession.objects.exclude(session_key=here.session.session_key).delete()  # it is not listed yet
    set_up_app(here)
    assert not is_in(there)


def test_the_session_that_changed_it_stays_and_is_listed_once(user: User) -> None:
    here = sign_in(user)
    sign_in(user)
    before = here.session.session_key
    set_up_app(here)
    page = here.get("/account/").content.decode()
    assert (page.count("this one"), page.count('class="cell-main"')) == (1, 1)
    assert here.session.session_key != before


def test_new_recovery_codes_are_recorded_and_end_no_session(user: User) -> None:
    here = sign_in(user)
    secret = set_up_app(here)
    there = sign_in(user)
    there.post("/accounts/second-factor/code/", {"code": code_of(secret)})
    here.post(reverse("mfa_generate_recovery_codes"))
    assert (is_in(here), is_in(there)) == (True, True)
    changes = AuditEvent.objects.filter(action__startswith="second_factor").order_by("id")
    assert list(changes.values_list("action", "target_name"))[2:] == [
        ("second_factor.remove", "recovery_codes"),
        ("second_factor.add", "recovery_codes"),
    ]


def test_a_factor_that_cannot_be_recorded_is_not_set_up(user: User) -> None:
    def fail(event: object, **_: object) -> None:
        raise DatabaseError("disk full")

    here, there = sign_in(user), sign_in(user)
    here.raise_request_exception = False
    secret_page = here.get(reverse("mfa_activate_totp")).content.decode()
    secret = secret_page.split('id="totp-key"')[1].split(">")[1].split("<")[0]
    event_emitted.connect(fail, dispatch_uid="full")
    try:
        assert here.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code >= 500
    finally:
        event_emitted.disconnect(dispatch_uid="full")
    assert not Authenticator.objects.exists()
    assert is_in(there)


def test_an_admins_reset_ends_sessions_that_are_not_listed_yet(user: User) -> None:
    admin = User.objects.create_user("root", site_role="admin")
    there = sign_in(user)
    UserSession.objects.all().delete()
    reset_second_factor(admin, user)
    assert not is_in(there)


def test_an_admins_session_without_the_factor_is_asked_for_it() -> None:
    """Such a session is older than this rule, or there would be none."""
    admin = User.objects.create_user("root", password=PASSWORD, site_role="admin")
    secret = set_up_app(sign_in(admin))
    admin.refresh_from_db()
    client = Client()
    client.force_login(admin)
    prove(client, admin)
    answer = client.get(f"{PAGE}?q=quay")
    assert answer.headers["Location"] == "/accounts/second-factor/confirm/?next=%2Foperations%2F%3Fq%3Dquay"
    back = client.post("/accounts/second-factor/confirm/", {"code": code_of(secret), "next": PAGE})
    assert back.headers["Location"] == PAGE
    assert client.get(PAGE).status_code == 200
