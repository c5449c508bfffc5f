"""The two forms of an exported audit log: rows as CSV or as JSON Lines, and back.

A row has the columns that the chain covers, its `mac`, and its `link` to the rows before it in the file; the last row
of a file is a seal of other fields, told by its first value. Each row and the seal carry a format version.
In JSON Lines a row has exactly the fields of its version. In CSV every row has those of the file's version, which the
head shows; what a row's own version doesn't have is empty. A file without versions is one of version 1.

What is read may come from anybody: what can't be a row is None.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from registries import chain
from registries.services.csv_cells import read_cell, write_csv

Kind = Literal["csv", "jsonl"]
Row = dict[str, Any]
Lines = Iterator[tuple[str, Row | None]]  # the text of a row, line breaks and all, and what it holds

_SEAL_V1 = ("kind", "rows", "first_id", "last_id", "gapless", "filter", "at", "link", "sha256", "key_id", "signature")
SEAL = "corral-audit-export"
_NUMBERS = chain.INTEGERS | {"rows", "first_id", "last_id", "gapless"}
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


def columns_of(version: int) -> tuple[str, ...]:
    """Of a CSV file in that version, and of an event as exports read it from the database."""
    return (*chain.FORMATS[version], "mac", "link")


def seal_columns_of(version: int) -> tuple[str, ...]:
    """`signature` signs the others, in this order."""
    return _SEAL_V1 if version == 1 else (*_SEAL_V1[:-1], "format_version", "signature")


def write_head(kind: Kind) -> bytes:
    return (BYTE_ORDER_MARK + ",".join(columns_of(chain.latest_version())) + "\r\n").encode() if kind == "csv" else b""


def write_rows(kind: Kind, rows: Iterable[Row]) -> bytes:
    """Rows with all columns of the latest version, or a seal, in the order of their columns."""
    if kind == "jsonl":
        return b"".join(msgspec.json.encode(_without_empty(row)) + b"\n" for row in rows)
    return write_csv(row.values() for row in rows).encode()


def read_rows(lines: Iterable[str]) -> Lines:
    """Every row of a file with its text, the head of CSV as an empty one; `lines` keep their line breaks.

    Rows and the seal have their `format_version`, those of a file without versions too. Raises ValueError when it is
    neither form.
    """
    source = iter(lines)
    first = next(source, "")
    if first.startswith("{"):
        yield first, _from_json(first)
        for line in source:
            yield line, _from_json(line)
        return
    head = first.removeprefix(BYTE_ORDER_MARK).rstrip("\r\n")
    version = next((one for one in chain.FORMATS if head == ",".join(columns_of(one))), None)
    if version is None:
        raise ValueError(
            "this is no export of the audit log that this version of Corral knows: its first line is neither an event "
            "nor the names of columns"
        )
    yield first, {}
    yield from _read_csv(source, version)


def _without_empty(row: Row) -> Row:
    """An older row without the columns that were added since; one that has a value there keeps it, which is a fault."""
    version = row["format_version"]
    if version == chain.latest_version():
        return row
    kept = {*chain.FORMATS.get(version, row), "format_version", "mac", "link"}
    return {name: value for name, value in row.items() if name in kept or value is not None}


def _from_json(line: str) -> Row | None:
    """None too for a name that stands twice: one reader would show the first, another one the last."""
    try:
        pairs: Any = json.loads(line, object_pairs_hook=list)
        row = dict(pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    return _as_row(row) if len(row) == len(pairs) else None


def _read_csv(source: Iterator[str], version: int) -> Lines:
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
        yield "".join(taken), _from_cells(cells, version)
        taken.clear()


def _from_cells(cells: list[str], version: int) -> Row | None:
    columns = seal_columns_of(version) if cells and cells[0] == SEAL else columns_of(version)
    if len(cells) != len(columns):
        return None
    row: Row = {}
    for name, cell in zip(columns, cells, strict=True):
        if name not in _NUMBERS:
            row[name] = read_cell(cell)
        elif cell.isascii() and cell.isdecimal() and len(cell) < 20:
            row[name] = int(cell)
        else:
            row[name] = cell or None
    if row.get("kind") != SEAL:
        own = chain.FORMATS.get(row.get("format_version", 1), columns)
        row = {name: value for name, value in row.items() if name in {*own, "format_version", "mac", "link"} or value}
    return _as_row(row)


def _as_row(row: Row) -> Row | None:
    """The row with its version, if these are the fields of an event or of a seal in that version, each of its type.

    An event of an unknown version is left to the check, which says so.
    """
    version = row.get("format_version", 1)
    if type(version) is not int:
        return None
    if row.get("kind") != SEAL and version not in chain.FORMATS:
        return row if type(row.get("id")) is int else None
    if row.get("kind") == SEAL:
        columns = set(seal_columns_of(version))
    else:
        columns = {*columns_of(version), *({"format_version"} & set(row))}
    fits = set(row) == columns and all(
        (row[name] is None or type(row[name]) is int) if name in _NUMBERS else isinstance(row[name], str)
        for name in columns
    )
    return row | {"format_version": version} if fits else None
