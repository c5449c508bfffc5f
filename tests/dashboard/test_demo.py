"""`manage.py demo`: the people of the demo, and its files. Its profiles: `test_demo_profiles.py`."""

import os
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dashboard.management.commands.demo import is_collected, seed_people
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


def test_files_are_collected_again_when_one_is_newer(settings: Settings, tmp_path: Path) -> None:
    source, collected = tmp_path / "source", tmp_path / "collected"
    source.mkdir()
    collected.mkdir()
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], str(collected)
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    style = source / "style.css"
    style.write_text("body {}")
    assert not is_collected()
    manifest = collected / "staticfiles.json"
    manifest.write_text("{}")
    os.utime(style, (1_000, 1_000))
    assert is_collected()
    os.utime(manifest, (500, 500))
    assert not is_collected()
