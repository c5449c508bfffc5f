"""The two forms of an exported record: rows as CSV or as JSON Lines, and back.

A row has the fields that the chain covers, its `mac`, and its `link` to the rows before it in the file; the file's last
row is a seal of other fields, told by its first value. Files are read by whoever doubts them: what can't be a row is
None.
"""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from registries import chain
from registries.services.csv_cells import guard_cell, read_cell

Kind = Literal["csv", "jsonl"]
Row = dict[str, Any]
Lines = Iterator[tuple[str, Row | None]]  # the text of a row, line breaks and all, and what it holds

COLUMNS = (*chain.FIELDS, "mac", "link")
SEAL_COLUMNS = (
    "kind",
    "rows",
    "first_id",
    "last_id",
    "gapless",
    "filter",
    "at",
    "link",
    "sha256",
    "key_id",
    "signature",
)
SEAL = "corral-audit-export"
NUMBERS = frozenset({"id", "actor_id", "profile_id", "operation_id", "rows", "first_id", "last_id", "gapless"})
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


def write_head(kind: Kind) -> bytes:
    return (BYTE_ORDER_MARK + ",".join(COLUMNS) + "\r\n").encode() if kind == "csv" else b""


def write_rows(kind: Kind, rows: Iterable[Row]) -> bytes:
    """Rows, or a seal, in the order of their columns."""
    if kind == "jsonl":
        return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    text = io.StringIO()
    writer = csv.writer(text)  # quotes both of its line breaks, \r and \n
    writer.writerows([guard_cell(value) if isinstance(value, str) else value for value in row.values()] for row in rows)
    return text.getvalue().encode()


def read_rows(lines: Iterable[str]) -> Lines:
    """Every row of a file with its text, the head of CSV as an empty one; `lines` keep their line breaks.

    Raises ValueError when it is neither form.
    """
    source = iter(lines)
    first = next(source, "")
    if first.startswith("{"):
        yield first, _from_json(first)
        for line in source:
            yield line, _from_json(line)
    elif first.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n") == ",".join(COLUMNS):
        yield first, {}
        yield from _read_csv(source)
    else:
        raise ValueError("this is no export of the record: its first line is neither an event nor the names of fields")


def _from_json(line: str) -> Row | None:
    """None too for a name that stands twice: one reader would show the first, another one the last."""
    try:
        pairs: Any = json.loads(line, object_pairs_hook=list)
        row = dict(pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    return row if len(row) == len(pairs) and _is_row(row) else None


def _read_csv(source: Iterator[str]) -> Lines:
    taken: list[str] = []  # by the row that is being read: texts have line breaks

    def lines() -> Iterator[str]:
        for line in source:
            taken.append(line)
            yield line

    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(lines(), strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = []
        if cells is None:
            return
        yield "".join(taken), _from_cells(cells)
        taken.clear()


def _from_cells(cells: list[str]) -> Row | None:
    columns = SEAL_COLUMNS if cells and cells[0] == SEAL else COLUMNS
    if len(cells) != len(columns):
        return None
    row: Row = {}
    for name, cell in zip(columns, cells, strict=True):
        if name not in NUMBERS:
            row[name] = read_cell(cell)
        elif cell.isascii() and cell.isdecimal() and len(cell) < 20:
            row[name] = int(cell)
        else:
            row[name] = cell or None
    return row if _is_row(row) else None


def _is_row(row: Row) -> bool:
    """Whether these are the fields of an event or of a seal, each of its type."""
    columns = SEAL_COLUMNS if row.get("kind") == SEAL else COLUMNS
    return set(row) == set(columns) and all(
        (row[name] is None or type(row[name]) is int) if name in NUMBERS else isinstance(row[name], str)
        for name in columns
    )
