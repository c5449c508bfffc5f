"""`manage.py create_admin`: the first person of a new installation."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from dashboard.management.commands import create_admin
from dashboard.people.models import SiteRole, User

PASSWORD = "correct horse battery staple"


def pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    given = iter(answers)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(create_admin, "getpass", lambda _prompt: next(given))


@pytest.mark.django_db
def test_an_admin_is_made_from_a_piped_password(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, f"{PASSWORD}\n")
    call_command("create_admin", "ada", stdout=io.StringIO())
    ada = User.objects.get(username="ada")
    assert ada.site_role == SiteRole.ADMIN
    assert ada.check_password(PASSWORD)


@pytest.mark.django_db
def test_a_person_types_the_password_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, PASSWORD, PASSWORD)
    call_command("create_admin", "ada", stdout=io.StringIO())
    assert User.objects.get(username="ada").check_password(PASSWORD)


@pytest.mark.django_db
def test_nobody_is_made_when_the_two_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, PASSWORD, f"{PASSWORD}!")
    with pytest.raises(CommandError, match="differ"):
        call_command("create_admin", "ada")
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("password", "sentence"), [("", "too short"), ("password1234", "too common")])
def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch, password: str, sentence: str) -> None:
    pipe(monkeypatch, f"{password}\n")
    with pytest.raises(CommandError, match=sentence):
        call_command("create_admin", "ada")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_name_that_is_taken_keeps_its_role_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.create_user("ada", password="as it was")
    pipe(monkeypatch, f"{PASSWORD}\n")
    with pytest.raises(CommandError, match="changepassword"):
        call_command("create_admin", "ada")
    ada = User.objects.get(username="ada")
    assert (ada.site_role, ada.check_password("as it was")) == (SiteRole.NONE, True)
