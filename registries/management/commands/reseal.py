"""Seals every stored secret under the first key of CORRAL_ENCRYPTION_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard.crypto import current_key_id
from registries.services.audit.write import ChainBroken
from registries.services.key_rotation import reseal_everything


class Command(BaseCommand):
    help = (
        "Seals every stored secret under the first key of CORRAL_ENCRYPTION_KEYS and says how many each key id seals. "
        "Safe while Corral runs and at any time; a run that was broken off is repeated. Ends with status 1 while a "
        "secret can't be opened."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from-before",
            action="store_true",
            help="also take secrets that `migrate` could not bind to their address or person, because their key was "
            "missing then. Once, right after that key was restored",
        )

    def handle(self, *args: Any, from_before: bool, **options: Any) -> None:
        try:
            tally = reseal_everything(from_before=from_before)
        except ChainBroken as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self.stdout.write(f"{tally.resealed} sealed anew under {current_key_id()}.")
        for key_id, count in sorted(tally.key_ids.items()):
            self.stdout.write(f"{key_id} seals {count}")
        if tally.unreadable:
            raise CommandError(
                f"{tally.unreadable} can't be opened and stay as they are: their key is not in CORRAL_ENCRYPTION_KEYS, "
                "or they were altered. Restore the key and run this again, or enter those secrets anew."
            )
