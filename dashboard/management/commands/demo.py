"""Prepares the demo's database: tables, files, people, and (by `demo_profiles`) what they find there."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import env
from dashboard.people.models import SiteRole, User

# `make run` introduces the same four (`dashboard.demo`)
PEOPLE = {
    "admin": SiteRole.ADMIN,
    "operator": SiteRole.NONE,
    "viewer": SiteRole.NONE,
    "auditor": SiteRole.AUDITOR,
}


class Command(BaseCommand):
    help = "Prepares the demo; running it again changes nothing but the passwords, which follow DEMO_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sandbox", nargs=2, action="append", required=True, metavar=("URL", "KEYS_FILE"))
        parser.add_argument("--down", required=True, metavar="URL", help="an address at which nobody answers")

    def handle(self, *, sandbox: list[list[str]], down: str, **_: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This makes people with a known password: it runs with CORRAL_DEMO=1 only.")
        self.stdout.write("Migrating the database ...")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not is_collected():
            self.stdout.write("Collecting the static files ...")
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("Preparing the four people ...")
        seed_people(password=env.text("DEMO_PASSWORD"))
        self.stdout.write("Preparing the connection profiles ...")
        call_command("demo_profiles", sandbox=sandbox, down=down)


def is_collected() -> bool:
    """Whether every file is older than the last collecting, which takes seconds: it compresses what it collects."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return False
    files = (Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    return max(file.stat().st_mtime for file in files) < manifest.stat().st_mtime


def seed_people(*, password: str) -> None:
    """Makes who is missing, and brings everybody's role and password back to what `make run` prints."""
    for username, site_role in PEOPLE.items():
        user, _ = User.objects.get_or_create(username=username)
        user.site_role = site_role
        if not user.check_password(password):
            user.set_password(password)
        user.save()
