"""Starts the audit log of an installation that is in use and has none."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.services.audit.installation import start_log
from registries.services.audit.write import ChainBroken


class Command(BaseCommand):
    help = (
        "Starts the audit log of an installation that has people, profiles or operations, but no row of a log. Row 1 "
        "will say so, with the reason. `migrate` starts the log of a new installation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="why there is none; everybody who reads the log sees it")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        if not reason.strip():
            raise CommandError("Give a reason: it is the only trace of why the log begins here.")
        try:
            start_log(reason=reason.strip())
        except ChainBroken as error:
            raise CommandError(f"Nothing was written. {error}") from error
        self.stdout.write("The audit log is started. Its row 1 says when, beside what, and why.")
