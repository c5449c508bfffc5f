"""`manage.py demo`: the people of the demo. Its profiles: `tests/registries/test_demo_profiles.py`."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dashboard.management.commands.demo import seed_people
from dashboard.people.models import SiteRole, User


@pytest.mark.django_db
def test_the_four_people_can_sign_in_with_the_password_and_have_their_roles() -> None:
    seed_people(password="amber-basil-cedar-1234")
    assert dict(User.objects.values_list("username", "site_role")) == {
        "admin": SiteRole.ADMIN,
        "operator": SiteRole.NONE,
        "viewer": SiteRole.NONE,
        "auditor": SiteRole.AUDITOR,
    }
    for user in User.objects.all():
        assert user.check_password("amber-basil-cedar-1234")


@pytest.mark.django_db
def test_seeding_again_changes_nothing() -> None:
    seed_people(password="amber-basil-cedar-1234")
    before = list(User.objects.order_by("pk").values())
    seed_people(password="amber-basil-cedar-1234")
    assert list(User.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_passwords_follow_the_one_that_is_printed() -> None:
    seed_people(password="the first")
    seed_people(password="the second")
    assert authenticate(username="viewer", password="the first") is None
    assert User.objects.get(username="viewer").check_password("the second")


@pytest.mark.parametrize("command", ["demo", "demo_profiles"])
def test_an_installation_that_is_not_the_demo_gets_no_people_with_known_passwords(
    settings: Settings, command: str
) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="CORRAL_DEMO=1 only"):
        call_command(command, "--sandbox", "http://127.0.0.1:1", "keys.json", "--down", "http://127.0.0.1:2")
