"""Signing in and one's own account: every URL of `sign_in.urls`, for nobody and for each kind of person.

They are about whoever asks and about nobody else, so their rows don't differ by role; `tests/registries/test_roles.py`
has the others.
"""

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.people.models import User
from dashboard.people.sign_in.urls import urlpatterns
from dashboard.policy import PUBLIC, SIGNED_IN

pytestmark = pytest.mark.django_db
NUMBER = 7_000_001
# name -> its policy, what a GET of nobody gives, what one of somebody signed in gives
TABLE = {
    "account_home": (SIGNED_IN, 302, 200),
    "session_end": (SIGNED_IN, 405, 405),
    "account_login": (PUBLIC, 200, 302),
    "account_logout": (PUBLIC, 302, 200),
    "account_inactive": (PUBLIC, 200, 200),
    "account_reauthenticate": (SIGNED_IN, 302, 200),
    "account_change_password": (SIGNED_IN, 302, 200),
    "mfa_index": (SIGNED_IN, 302, 200),
    "mfa_authenticate": (PUBLIC, 302, 302),
    "mfa_reauthenticate": (SIGNED_IN, 302, 302),
    "mfa_activate_totp": (SIGNED_IN, 302, 200),
    "mfa_deactivate_totp": (SIGNED_IN, 302, 404),
    "mfa_view_recovery_codes": (SIGNED_IN, 302, 404),
    "mfa_generate_recovery_codes": (SIGNED_IN, 302, 200),
    "mfa_list_webauthn": (SIGNED_IN, 302, 200),
    "mfa_add_webauthn": (SIGNED_IN, 302, 200),
    "mfa_remove_webauthn": (SIGNED_IN, 302, 404),
    "mfa_reauthenticate_webauthn": (SIGNED_IN, 302, 302),
    "mfa_login_webauthn": (PUBLIC, 302, 302),
    "sso_login": (PUBLIC, 302, 302),
    "sso_callback": (PUBLIC, 404, 404),
    "sso_unlink": (SIGNED_IN, 405, 405),
}
BY_NUMBER = {"session_end", "mfa_remove_webauthn"}


def url_of(name: str) -> str:
    return reverse(name, args=[NUMBER] if name in BY_NUMBER else [])


def test_every_url_has_a_row_and_its_policy() -> None:
    found = {pattern.name: pattern.callback.policy for pattern in urlpatterns}
    assert found == {name: policy for name, (policy, *_) in TABLE.items()}


@pytest.mark.parametrize("site_role", ["", "auditor", "admin"])
def test_gives_each_what_the_table_says(site_role: str) -> None:
    User.objects.create_user("bystander", password="a long enough passphrase")
    user = User.objects.create_user("somebody", password="a long enough passphrase", site_role=site_role)
    wrong = []
    for name, (_, for_nobody, for_somebody) in TABLE.items():
        client = Client()
        came = client.get(url_of(name)).status_code
        client.force_login(user)
        came_signed_in = client.get(url_of(name)).status_code
        if (came, came_signed_in) != (for_nobody, for_somebody):
            wrong.append(f"{name}: {came}, {came_signed_in}")
    assert wrong == []


def test_nobody_posts_to_what_takes_somebody() -> None:
    wrong = []
    for name, (policy, *_) in TABLE.items():
        for method in ("POST", "PUT", "PATCH", "DELETE") if policy == SIGNED_IN else ():
            answer = Client().generic(method, url_of(name))
            is_sent_away = answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")
            if not is_sent_away and answer.status_code != 405:
                wrong.append(f"{method} {name}: {answer.status_code}")
    assert wrong == []


def test_somebody_who_is_switched_off_is_nobody() -> None:
    user = User.objects.create_user("gone", password="a long enough passphrase")
    client = Client()
    client.force_login(user)
    User.objects.update(is_active=False)
    for name, (policy, for_nobody, _) in TABLE.items():
        if policy == SIGNED_IN:
            assert client.get(url_of(name)).status_code == for_nobody, name
