"""Makes an admin: the first one of a new installation, or one more when all are locked out."""

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard.people.models import SiteRole, User


class Command(BaseCommand):
    help = "Makes an admin of the whole site. The password is asked for, or read from standard input if that is piped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **_: Any) -> None:
        if User.objects.filter(username=username).exists():
            raise CommandError(f"There is somebody called {username} already; `changepassword` gives a new password.")
        user = User(username=username, site_role=SiteRole.ADMIN)
        password = ask_password()
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        user.save()
        self.stdout.write(f"{username} can sign in and may do everything.")


def ask_password() -> str:
    """Twice from a person at a terminal, once from a pipe. Raises CommandError when the two differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise CommandError("The two differ; nobody was made.")
    return password
