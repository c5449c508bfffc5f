"""The record as a file that proves itself: every field that the chain covers, and a signed last line.

A spreadsheet runs cells that begin like a formula, so those get an apostrophe in CSV; the check takes it off again.
Batches of rows follow each other by id and only one is held: a file of a million rows costs the memory of a thousand.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain as link
from typing import Any, Literal

import msgspec
from django.db.models import QuerySet
from django.utils import timezone

from registries import chain
from registries.models import AuditEvent
from registries.services.audit_verification import Finding

BATCH = 1_000
COLUMNS = (*chain.FIELDS, "mac")
NUMBERS = frozenset({"id", "actor_id", "profile_id", "operation_id"})
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "'")  # the apostrophe itself, so that it can be taken off again
LAST = "corral-audit"  # how the last line is told from an event
LAST_FIELDS = ("kind", "rows", "first_id", "last_id", "sha256", "filter", "at", "key_id", "signature")

Kind = Literal["csv", "jsonl"]
Row = dict[str, Any]


def export_events(events: QuerySet[AuditEvent], *, kind: Kind, filters: str) -> Iterator[bytes]:
    """The file in pieces of a thousand rows, oldest first; `filters` is written down in its last line."""
    digest, count, ends = hashlib.sha256(), 0, [0, 0]
    write = _write_csv if kind == "csv" else _write_jsonl
    if kind == "csv":
        head = write([COLUMNS])
        digest.update(head)
        yield head
    at = 0
    while batch := list(events.filter(id__gt=at).order_by("id").values_list(*COLUMNS)[:BATCH]):
        at = batch[-1][0]
        ends = [ends[0] or batch[0][0], at]
        count += len(batch)
        piece = write([(row[0], chain.moment(row[1]), *row[2:]) for row in batch])
        digest.update(piece)
        yield piece
    yield _last_line(kind, count, ends, digest.hexdigest(), filters)


def check_export(lines: Iterable[str]) -> Finding:
    """Checks a file: each row's mac, that neighbours are chained, their order, and the last line. Raises nothing."""
    source = iter(lines)
    first = next(source, "")
    read: Callable[[Iterable[str]], Iterator[list[Any] | None]] = _read_jsonl
    digest = hashlib.sha256()
    if not first.startswith("{"):
        digest.update(first.encode("utf-8", "replace"))
        if next(_read_csv([first]), None) != list(COLUMNS):
            return Finding(0, 1, "this is no export: its first line doesn't name the fields")
        read = _read_csv
    else:
        source = link([first], source)
    return _check(source, read, digest)


def _check(lines: Iterator[str], read: Callable[..., Iterator[list[Any] | None]], digest: Any) -> Finding:
    tape: list[str] = []  # of lines since the last row, for the digest: a row may span several

    def taped() -> Iterator[str]:
        for line in lines:
            tape.append(line)
            yield line

    count, first_id, last_id, mac = 0, 0, 0, ""
    for values in read(taped()):
        text = "".join(tape)
        tape.clear()
        if values and values[0] == LAST:
            return _check_last(values, count, first_id, last_id, digest.hexdigest(), is_end=next(lines, None) is None)
        row = _as_row(values)
        what = "it can't be read" if row is None else _what_is_wrong(row, last_id, mac)
        if row is None or what:
            return Finding(count, row["id"] if row else last_id + 1, what)
        digest.update(text.encode("utf-8", "replace"))
        count, first_id, last_id, mac = count + 1, first_id or row["id"], row["id"], row["mac"]
    return Finding(count, last_id + 1, "the file ends here, without the line that proves it")


def _what_is_wrong(row: Row, last_id: int, last_mac: str) -> str:
    if row["id"] <= last_id:
        return "it stands in the wrong place"
    try:
        holds = chain.mac_of(row) == row["mac"]
    except KeyError:
        return f"its key {row['key_id']} is not in CORRAL_AUDIT_KEYS"
    if not holds:
        return "it was altered"
    if row["id"] == last_id + 1 and last_id and row["previous"] != last_mac:
        return "it does not follow the row before it"
    return ""


def _check_last(values: list[Any], count: int, first_id: int, last_id: int, digest: str, *, is_end: bool) -> Finding:
    said = dict(zip(LAST_FIELDS, values, strict=False))
    try:
        signature = chain.sign("export", _signed(said), key_id=str(said["key_id"]))
    except KeyError:
        return Finding(count, last_id + 1, "the last line's key is not in CORRAL_AUDIT_KEYS")
    if len(values) != len(LAST_FIELDS) or said.get("signature") != signature:
        return Finding(count, last_id + 1, "the last line was altered")
    if (str(said["rows"]), str(said["first_id"]), str(said["last_id"])) != (str(count), str(first_id), str(last_id)):
        return Finding(count, last_id + 1, f"rows are missing: the last line says {said['rows']}")
    if said["sha256"] != digest:
        return Finding(count, last_id + 1, "rows are missing or were added: the sum differs")
    if not is_end:
        return Finding(count, last_id + 1, "something was added after the last line")
    return Finding(count)


def _last_line(kind: Kind, count: int, ends: list[int], digest: str, filters: str) -> bytes:
    values: list[Any] = [LAST, count, *ends, digest, filters, chain.moment(timezone.now()), chain.key_ids()[0]]
    signature = chain.sign("export", _signed(dict(zip(LAST_FIELDS, values, strict=False))), key_id=values[-1])
    return (_write_csv if kind == "csv" else _write_jsonl)([(*values, signature)])


def _signed(said: Row) -> str:
    return json.dumps([str(said.get(name, "")) for name in LAST_FIELDS[:-1]], separators=(",", ":"))


def _as_row(values: list[Any] | None) -> Row | None:
    """The row with its numbers as numbers; None for what is none."""
    if not values or len(values) != len(COLUMNS):
        return None
    row = dict(zip(COLUMNS, values, strict=True))
    for name in NUMBERS:
        value = row[name]
        if isinstance(value, str):
            if value and not (value.isascii() and value.isdecimal() and len(value) < 20):
                return None
            row[name] = int(value) if value else None
        elif not (value is None or type(value) is int):
            return None
    texts_are_texts = all(isinstance(row[name], str) for name in COLUMNS if name not in NUMBERS)
    return row if texts_are_texts and row["id"] is not None else None


def _write_jsonl(rows: Iterable[Sequence[Any]]) -> bytes:
    named = (dict(zip(LAST_FIELDS if row[0] == LAST else COLUMNS, row, strict=True)) for row in rows)
    return b"".join(msgspec.json.encode(row) + b"\n" for row in named)


def _read_jsonl(lines: Iterable[str]) -> Iterator[list[Any] | None]:
    for line in lines:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        names = LAST_FIELDS if isinstance(values, dict) and values.get("kind") == LAST else COLUMNS
        yield [values[name] for name in names] if isinstance(values, dict) and tuple(values) == names else None


def _write_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(RUN_BY_SPREADSHEETS) else value


def _read_csv(lines: Iterable[str]) -> Iterator[list[Any] | None]:
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None
            return
        yield [value[1:] if value.startswith("'") else value for value in values]
