"""An audit log and its exports as Corral wrote them before rows had a format version, under the tests' key."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from tests import audit_table

FOLDER = Path(__file__).parent
LOG: dict[str, Any] = json.loads((FOLDER / "log.json").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = LOG["rows"]
EXPORTS = {"whole.csv": 20, "whole.jsonl": 22, "filtered.csv": 10, "filtered.jsonl": 10}  # and their rows


def load() -> None:
    """Puts that log in the place of the test's, with the statements of that time: they know no newer column."""
    with audit_table.unguarded():
        audit_table.empty()
    insert_rows()
    insert_head(installation_id="")


def insert_rows() -> None:
    for row in ROWS:
        insert_row(row)


def insert_row(row: dict[str, Any]) -> None:
    statement = f"INSERT INTO registries_auditevent ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
    with connection.cursor() as cursor:
        cursor.execute(statement, [_stored(name, value) for name, value in row.items()])


def insert_head(**columns: Any) -> None:
    """`columns` are those that the table has beside them today, where they may not be null."""
    head = {"id": 1} | LOG["head"] | columns
    statement = f"INSERT INTO registries_audithead ({', '.join(head)}) VALUES ({', '.join(['%s'] * len(head))})"
    with connection.cursor() as cursor:
        cursor.execute(statement, [_stored(name, value) for name, value in head.items()])


def _stored(name: str, value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(datetime.fromisoformat(value)) if name == "at" else value
