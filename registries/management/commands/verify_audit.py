"""Proves the audit record, or an exported part of it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.services.audit.chain_check import Finding, verify_record
from registries.services.audit.export_check import check_export


class Command(BaseCommand):
    help = "Checks the audit record, or an exported file; names the first broken row and ends with status 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="an export, CSV or JSON Lines; - reads standard input")
        parser.add_argument(
            "--head", default="", metavar="ID:MAC", help="a head from the log, which must be in the record"
        )

    def handle(self, *args: Any, file: str | None, head: str, **options: Any) -> None:
        finding = verify_record(known_head=head) if file is None else _check(file)
        if not finding.ok:
            where = f"row {finding.broken_id}" if finding.broken_id else "the end"
            raise CommandError(f"Broken at {where}: {finding.what}. {finding.rows} rows before it hold.")
        self.stdout.write(f"{finding.rows} rows, all of them hold.")


def _check(file: str) -> Finding:
    """Lines keep their breaks, which the seal covers; bytes that are no text break the row that they stand in."""
    source = sys.stdin.fileno() if file == "-" else file
    try:
        with open(source, encoding="utf-8", errors="replace", newline="", closefd=file != "-") as lines:
            return check_export(lines)
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}.") from error
