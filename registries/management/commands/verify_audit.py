"""Checks the audit log, or an exported part of it."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.services.audit.chain_check import Finding, parse_head, verify_audit_log
from registries.services.audit.export_check import check_export


class Command(BaseCommand):
    help = "Checks the audit log, or an exported file; names the first broken row and ends with status 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", help="an export, CSV or JSON Lines; - reads standard input")
        parser.add_argument(
            "--head",
            default="",
            metavar="INSTALLATION:ROW:MAC",
            help="a head from a log line, which must be in the audit log",
        )

    def handle(self, *args: Any, file: str | None, head: str, **options: Any) -> None:
        finding = _check_log(head) if file is None else _check_file(file, head)
        if not finding.ok:
            where = f"row {finding.broken_id}" if finding.broken_id else "the end"
            raise CommandError(f"Broken at {where}: {finding.what}. {finding.rows} rows before it hold.")
        named = f" Installation {finding.installation_id}." if finding.installation_id else ""
        self.stdout.write(f"{finding.rows} rows, all of them hold.{named}")


def _check_log(head: str) -> Finding:
    try:
        return verify_audit_log(known_head=parse_head(head) if head else None)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _check_file(file: str, head: str) -> Finding:
    """Lines keep their breaks, which the seal covers; bytes that are no text break the row that they stand in."""
    if head:
        raise CommandError("--head is for the audit log itself; a file is checked without.")
    source = sys.stdin.fileno() if file == "-" else file
    try:
        with open(source, encoding="utf-8", errors="replace", newline="", closefd=file != "-") as lines:
            return check_export(lines)
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}.") from error
