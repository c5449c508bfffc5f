"""Recent sign-in: asked for before keys, roles, people, and before a protected profile is written to."""

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.people.models import User
from registries.models import ConnectionProfile, Operation
from tests.signing_in import prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> User:
    user = User.objects.create_user("root", password="a long enough passphrase", site_role="admin")
    client.force_login(user)
    return user


@pytest.fixture
def protected() -> ConnectionProfile:
    return ConnectionProfile.objects.create(
        name="Production",
        slug="production",
        base_url="https://rancher.example",
        project_id="1a5",
        protection="protected",
    )


def asks(answer: object) -> bool:
    location = answer.headers.get("Location", "") + answer.headers.get("HX-Redirect", "")  # type: ignore[attr-defined]
    return bool(location.startswith("/accounts/confirm/?next="))


@pytest.mark.parametrize("name", ["profile_create", "person_invite", "team_create"])
def test_asks_before_keys_people_and_teams_are_changed(client: Client, admin: User, name: str) -> None:
    prove(client, admin, seconds_ago=14 * 60)
    assert client.get(reverse(name)).status_code == 200
    prove(client, admin, seconds_ago=16 * 60)
    assert asks(client.get(reverse(name)))


def test_a_form_that_took_half_an_hour_is_still_taken_and_one_of_an_hour_is_not(client: Client, admin: User) -> None:
    prove(client, admin, seconds_ago=44 * 60)
    assert client.post(reverse("team_create"), {}).status_code == 422
    prove(client, admin, seconds_ago=46 * 60)
    assert asks(client.post(reverse("team_create"), {"name": "Late"}))
    assert "Nothing was changed" in client.get("/operations/").content.decode()


@pytest.mark.parametrize("name", ["registry_create", "profile_update"])
def test_asks_before_a_protected_profile_is_written_to(
    client: Client, admin: User, protected: ConnectionProfile, name: str
) -> None:
    url = reverse(name, args=[protected.slug])
    prove(client, admin, seconds_ago=50 * 60)
    assert asks(client.get(url))
    assert asks(client.post(url, {"name": "typed"}))
    assert not Operation.objects.exists()
    protected.protection = "open"
    protected.save()
    if name == "registry_create":
        assert not asks(client.get(url))


def test_reading_a_protected_profile_asks_nothing(client: Client, admin: User, protected: ConnectionProfile) -> None:
    prove(client, admin, seconds_ago=11 * 3600)
    assert client.get(reverse("profile_detail", args=[protected.slug])).status_code == 200


def test_a_dialog_leads_the_whole_page_there_and_back(
    client: Client, admin: User, protected: ConnectionProfile
) -> None:
    prove(client, admin, seconds_ago=50 * 60)
    in_view = f"http://testserver/profiles/{protected.slug}/"
    headers = {"HX-Request": "true", "HX-Target": "dialog", "HX-Current-URL": in_view}
    answer = client.get(reverse("profile_remove", args=[protected.slug]), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/accounts/confirm/?next=%2Fprofiles%2Fproduction%2F"
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/account/?x=1", "%2Faccount%2F"),
        ("https://elsewhere.example/account/", "%2Faccounts%2Fsso%2Funlink%2F"),
        ("", "%2Faccounts%2Fsso%2Funlink%2F"),
    ],
)
def test_leads_back_to_the_page_of_the_form_and_never_elsewhere(
    client: Client, admin: User, referer: str, back: str
) -> None:
    prove(client, admin, seconds_ago=50 * 60)
    answer = client.post("/accounts/sso/unlink/", headers={"Referer": referer} if referer else {})
    assert answer.headers["Location"] == f"/accounts/confirm/?next={back}"


def test_somebody_without_a_password_proves_it_at_the_identity_provider(client: Client, admin: User) -> None:
    admin.set_unusable_password()
    admin.save()
    client.force_login(admin)
    prove(client, admin, seconds_ago=50 * 60)
    assert (
        client.get(reverse("team_create")).headers["Location"] == "/accounts/sso/login/?again=1&next=%2Fteams%2Fnew%2F"
    )
    headers = {"HX-Request": "true", "HX-Target": "dialog", "HX-Current-URL": "http://testserver/teams/"}
    answer = client.get(reverse("team_create"), headers=headers)
    assert answer.headers["HX-Redirect"] == "/accounts/sso/login/?again=1&next=%2Fteams%2F"
