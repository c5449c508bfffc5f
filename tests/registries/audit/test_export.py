"""An exported file proves itself; whatever is done to it shows, at the row where it was done."""

import csv
import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dashboard.events import Event
from dashboard.people.models import User
from registries import chain
from registries.models import AuditEvent
from registries.services.audit import export
from registries.services.audit.export import export_audit_log
from registries.services.audit.export_check import check_export
from registries.services.audit.export_formats import BYTE_ORDER_MARK, SEAL, Kind, columns_of
from registries.services.audit.query import AuditQuery
from registries.services.audit.write import write_audit_event
from registries.services.csv_cells import guard_cell, read_cell
from tests import audit_table
from tests.audit_table import unguarded

pytestmark = pytest.mark.django_db
COLUMNS = columns_of(chain.latest_version())
ROWS = 40  # with row 1, which names the installation
EVERY_OTHER = AuditQuery(action="team.rename")  # the odd ones: neighbours in the file have a gap between them
TEXTS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'quoted",
    "a;=1+1",
    "＝1",
    'say "hi", then\r\ngo',
    "é",
)
KINDS: tuple[Kind, ...] = ("csv", "jsonl")


@pytest.fixture
def somebody(make_user: Callable[..., User]) -> User:
    alice = make_user("alice", site_role="auditor")
    for number in range(1, ROWS):  # of row number + 1
        action = "team.create" if number % 2 else "team.rename"
        write_audit_event(
            Event(action=action, actor=alice, target_name=TEXTS[number % len(TEXTS)], after={"number": number})
        )
    return alice


def file_of(actor: User, query: AuditQuery | None = None, kind: Kind = "jsonl") -> str:
    return b"".join(export_audit_log(query or AuditQuery(), kind=kind, actor=actor)).decode()


def lines_of(text: str) -> Iterator[str]:
    """As a file that is opened with ``newline=""`` gives them."""
    return iter(io.StringIO(text, newline=""))


def broken_at(text: str) -> int | None:
    return check_export(lines_of(text)).broken_id


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", [AuditQuery(), EVERY_OTHER, AuditQuery(action="team.remove")])
def test_holds_when_nothing_was_done_to_it(somebody: User, kind: Kind, query: AuditQuery) -> None:
    matching = AuditEvent.objects.filter(action=query.action) if query.action else AuditEvent.objects.all()
    count = matching.count()
    finding = check_export(lines_of(file_of(somebody, query, kind)))
    assert (finding.ok, finding.rows) == (True, count)


@pytest.mark.parametrize("kind", KINDS)
def test_is_the_same_however_many_rows_are_read_at_a_time(
    somebody: User, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = file_of(somebody, EVERY_OTHER, kind).splitlines()[:-1]
    monkeypatch.setattr(export, "WINDOW", 7)
    assert file_of(somebody, EVERY_OTHER, kind).splitlines()[:-1] == whole


def test_lines_are_objects_with_every_field_of_the_chain(somebody: User) -> None:
    _, first, *_, last = map(json.loads, file_of(somebody).splitlines())
    event = AuditEvent.objects.get(pk=2)
    assert tuple(first) == COLUMNS
    assert first["at"] == chain.to_rfc3339(event.at)
    assert (first["id"], first["actor_id"], first["mac"], first["profile_id"]) == (2, somebody.pk, event.mac, None)
    assert (last["kind"], last["rows"], last["first_id"], last["last_id"], last["filter"]) == (SEAL, ROWS, 1, ROWS, "")


def test_the_last_line_has_the_sum_that_anybody_can_check_without_a_key(somebody: User) -> None:
    for kind in KINDS:
        *lines, last = file_of(somebody, kind=kind).encode().splitlines(keepends=True)
        assert hashlib.sha256(b"".join(lines)).hexdigest().encode() in last


def test_no_cell_of_a_spreadsheet_is_run_as_a_formula(somebody: User) -> None:
    text = file_of(somebody, kind="csv").removeprefix(BYTE_ORDER_MARK)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert "'=1+1" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))] == []


@given(st.text(alphabet=st.sampled_from("='+-@;\t\r\n\"a, ")))
def test_a_guarded_cell_is_read_back_as_it_was(text: str) -> None:
    cell = guard_cell(text)
    assert read_cell(cell) == text
    for part in (cell, *cell.split(";")):
        assert not part.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def edit(rows: list[str], place: int, chance: random.Random) -> int:
    row = json.loads(rows[place])
    name = chance.choice([one for one in COLUMNS if one != "id"])
    row[name] = 4711 if name in {"actor_id", "profile_id", "operation_id"} else f"{row[name]}x"
    rows[place] = json.dumps(row)
    return place


def say_twice(rows: list[str], place: int, chance: random.Random) -> int:
    """One reader shows the first name, another one the last."""
    rows[place] = f'{{"actor_name":"mallory",{rows[place][1:]}'
    return place


def add_a_field(rows: list[str], place: int, chance: random.Random) -> int:
    rows[place] = f'{{"approved_by":"mallory",{rows[place][1:]}'
    return place


def remove(rows: list[str], place: int, chance: random.Random) -> int:
    del rows[place]
    return place


def repeat(rows: list[str], place: int, chance: random.Random) -> int:
    rows.insert(place + 1, rows[place])
    return place + 1


def swap(rows: list[str], place: int, chance: random.Random) -> int:
    rows[place], rows[place + 1] = rows[place + 1], rows[place]
    return place


def cut_a_line(rows: list[str], place: int, chance: random.Random) -> int:
    rows[place] = rows[place][: chance.randint(0, len(rows[place]) - 3)] + "\n"
    return place


def take_from_the_unfiltered(rows: list[str], place: int, chance: random.Random) -> int:
    row = json.loads(rows[place])
    other = AuditEvent.objects.get(pk=row["id"] + 1)
    values = {name: getattr(other, name) for name in COLUMNS[:-1]} | {
        "at": chain.to_rfc3339(other.at),
        "link": row["link"],
    }
    rows.insert(place + 1, json.dumps(values) + "\n")
    return place + 1


DAMAGES = (edit, edit, edit, say_twice, add_a_field, remove, repeat, swap, cut_a_line, take_from_the_unfiltered)


@pytest.mark.parametrize("query", [AuditQuery(), EVERY_OTHER])
def test_finds_each_of_a_thousand_damages_at_its_row(somebody: User, query: AuditQuery) -> None:
    chance = random.Random(4)
    *whole, seal = file_of(somebody, query).splitlines(keepends=True)
    missed = []
    for number in range(500):
        damage, rows = DAMAGES[number % len(DAMAGES)], list(whole)
        place = damage(rows, chance.randint(0, len(rows) - 2), chance)
        finding = check_export([*rows, seal])
        if finding.ok or finding.rows != place:
            missed.append(f"{damage.__name__} at {place}: {finding}")
    assert missed == []


def test_names_the_row_that_was_altered_and_the_one_before_which_something_is_missing(somebody: User) -> None:
    rows = file_of(somebody, EVERY_OTHER).splitlines(keepends=True)
    altered = [line.replace('"alice"', '"mallory"') if '"id":7,' in line else line for line in rows]
    assert (check_export(altered).broken_id, check_export(altered).what) == (7, "it was altered")
    missing = [line for line in rows if '"id":7,' not in line]
    assert (check_export(missing).broken_id, check_export(missing).rows) == (9, 2)
    assert "something was removed" in check_export(missing).what


def test_finds_a_row_of_another_log_under_the_same_key(somebody: User) -> None:
    theirs = file_of(somebody).splitlines(keepends=True)
    audit_table.restart(timezone.now())
    for _ in range(ROWS):
        write_audit_event(Event(action="team.rename", actor=somebody))
    mine = file_of(somebody).splitlines(keepends=True)
    finding = check_export([*mine[:6], theirs[6], *mine[7:]])
    assert (finding.broken_id, finding.what) == (7, "it does not follow its predecessor")


def test_finds_what_is_done_to_its_end(somebody: User) -> None:
    *rows, seal = file_of(somebody).splitlines(keepends=True)
    assert "without the line that seals it" in check_export(rows).what
    assert "the file was 40 rows long" in check_export([*rows[:-3], seal]).what
    assert check_export([*rows[:-3], seal]).broken_id == ROWS - 2
    assert check_export([*rows, seal, rows[0]]).what == "something was added after the last line"
    for name, value in (("rows", 39), ("filter", "outcome=failed"), ("gapless", 0), ("at", "x"), ("signature", "x")):
        assert check_export([*rows, json.dumps(json.loads(seal) | {name: value})]).what == "the last line was altered"
    assert "not in CORRAL_AUDIT_KEYS" in check_export([*rows, json.dumps(json.loads(seal) | {"key_id": "x"})]).what
    other = file_of(somebody, EVERY_OTHER).splitlines(keepends=True)[-1]
    assert not check_export([*rows, other]).ok


def test_finds_that_the_bytes_are_other_ones_although_every_row_holds(somebody: User) -> None:
    rows = file_of(somebody).splitlines()
    assert "was written anew" in check_export([f"{row}\r\n" for row in rows]).what


@pytest.mark.parametrize("text", ["", "\n", "a,b,c\n1,2,3\n", "[]\n", "null", "{", "\x00"])
def test_refuses_what_is_no_export(text: str) -> None:
    assert not check_export(lines_of(text)).ok


def test_an_unfiltered_file_shows_what_is_missing_from_the_log_itself(somebody: User) -> None:
    with unguarded():
        AuditEvent.objects.filter(pk__in=(5, 6)).delete()
    assert check_export(lines_of(file_of(somebody))).broken_id == 5
    with unguarded():
        AuditEvent.objects.filter(pk=30).update(reason="because")
    assert broken_at(file_of(somebody)) == 30
    assert broken_at(file_of(somebody, AuditQuery(action="team.create"))) == 30


def test_finds_what_was_done_to_a_csv_file(somebody: User) -> None:
    text = file_of(somebody, EVERY_OTHER, "csv")
    assert broken_at(text.replace("alice", "mallory")) == 3
    assert broken_at(text.replace('{""number"": 16}', '{""number"": 17}')) == 17
    assert broken_at(text.replace(",'=1+1,", ",=1+1,")) is not None
    assert broken_at(text.replace("\n5,", "\n5,5,")) == 4
    assert broken_at(text.replace('"say ""hi""', '"say "hi"')) is not None
    assert broken_at(text.replace("\n5,", "\nfive,")) == 4


def test_old_files_hold_while_their_key_is_in_the_ring(somebody: User, settings: Any) -> None:
    text, old = file_of(somebody), settings.AUDIT_KEYS
    settings.AUDIT_KEYS = f"new:{'QUJD' * 10}QUI=,{old}"
    assert check_export(lines_of(text)).ok
    assert check_export(lines_of(file_of(somebody))).ok
    settings.AUDIT_KEYS = f"new:{'QUJD' * 10}QUI="
    assert "'test' is not in CORRAL_AUDIT_KEYS" in check_export(lines_of(text)).what


def test_the_page_streams_the_filtered_log_and_an_event_says_so(
    browse: Callable[[User], Browser], somebody: User
) -> None:
    answer = browse(somebody).get("/audit/export/?format=csv&action=team.rename&outcome=nonsense")
    assert (answer.streaming, answer["Content-Type"]) == (True, "text/csv; charset=utf-8")
    text = b"".join(cast("Any", answer)).decode()
    assert (check_export(lines_of(text)).ok, check_export(lines_of(text)).rows) == (True, ROWS // 2 - 1)
    event = AuditEvent.objects.get(action="audit.export")
    assert (event.actor_name, event.target_name) == ("alice", "csv")
    assert event.after_values == {"format": "csv", "filter": "action=team.rename"}


def test_a_file_ends_before_the_event_that_it_was_taken(browse: Callable[[User], Browser], somebody: User) -> None:
    answer = browse(somebody).get("/audit/export/?format=jsonl")
    last_row = json.loads(b"".join(cast("Any", answer)).splitlines()[-2])
    assert last_row["id"] == AuditEvent.objects.get(action="audit.export").pk - 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_checks_a_file(
    somebody: User, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Kind
) -> None:
    path = tmp_path / "export"
    path.write_bytes(file_of(somebody, kind=kind).encode())
    call_command("verify_audit", str(path))
    assert capsys.readouterr().out == f"{ROWS} rows, all of them hold.\n"
    path.write_bytes(path.read_bytes().replace(b"alice", b"\xff", 1))
    with pytest.raises(CommandError, match=r"Broken at row 2: it was altered\. 1 rows before it hold"):
        call_command("verify_audit", str(path))


def test_the_command_reads_standard_input(
    somebody: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(file_of(somebody, kind="csv").encode())
    with path.open() as piped:
        monkeypatch.setattr("sys.stdin", piped)
        call_command("verify_audit", "-")
    assert capsys.readouterr().out == f"{ROWS} rows, all of them hold.\n"


def test_the_command_says_that_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be read: No such file"):
        call_command("verify_audit", str(tmp_path / "none"))
