"""Whoever owns the database can damage the audit log; `verify_audit` names the first row at which it shows."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from dashboard.events import Event
from dashboard.people.models import User
from registries import chain
from registries.models import AuditEvent, AuditHead, Operation
from registries.services.audit.chain_check import KnownHead, log_head_daily, parse_head, verify_audit_log
from registries.services.audit.write import ChainBroken, write_audit_event
from tests.audit_table import unguarded

ROWS = 40  # with row 1, which names the installation
TABLE = "registries_auditevent"
pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(make_user: Callable[..., User]) -> int:
    alice = make_user("alice", site_role="admin")
    for number in range(ROWS - 1):
        write_audit_event(
            Event(action="team.rename", actor=alice, target_id=str(number), after={"name": f"team {number}"})
        )
    return ROWS


def sql(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_holds_when_nothing_was_done_to_it(rows: int) -> None:
    assert (verify_audit_log().ok, verify_audit_log().rows) == (True, rows)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET actor_name = 'mallory' WHERE id = 3",
        f"DELETE FROM {TABLE} WHERE id = 3",
        f"DELETE FROM {TABLE}",
    ],
)
def test_the_database_refuses_to_change_it(rows: int, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert verify_audit_log().rows == rows


def test_the_database_refuses_to_replace_a_row(rows: int) -> None:
    row = AuditEvent.objects.get(pk=3)
    columns = [str(field.column) for field in AuditEvent._meta.concrete_fields]
    values = [getattr(row, field.attname) for field in AuditEvent._meta.concrete_fields]
    values[columns.index("actor_name")] = "mallory"
    marks, names = ", ".join(["%s"] * len(columns)), ", ".join(columns)
    statement = f"INSERT INTO {TABLE} ({names}) VALUES ({marks})"
    if connection.vendor == "postgresql":
        statement += " ON CONFLICT (id) DO UPDATE SET actor_name = excluded.actor_name"
    else:
        statement = statement.replace("INSERT", "INSERT OR REPLACE", 1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement, *values)
    assert AuditEvent.objects.get(pk=3).actor_name == "alice"


def test_postgresql_refuses_to_truncate_it(rows: int) -> None:
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            sql(f"TRUNCATE {TABLE}")
    assert verify_audit_log().rows == rows


TEXTS = ("actor_name", "role", "address", "action", "profile_name", "target_id", "outcome", "reason", "before", "after")
NUMBERS = ("actor_id", "profile_id", "operation_id", "format_version")


def edit(chance: random.Random) -> int:
    row = chance.randint(1, ROWS)
    if chance.random() < 0.2:
        sql(f"UPDATE {TABLE} SET {chance.choice(NUMBERS)} = %s WHERE id = %s", chance.randint(1_000, 9_999), row)
    else:
        sql(f"UPDATE {TABLE} SET {chance.choice(TEXTS)} = %s WHERE id = %s", f"x{chance.random()}"[:16], row)
    return row


def move_in_time(chance: random.Random) -> int:
    row = AuditEvent.objects.get(pk=chance.randint(1, ROWS))
    AuditEvent.objects.filter(pk=row.pk).update(at=row.at.replace(year=chance.randint(2001, 2020)))
    return row.pk


def resign(chance: random.Random) -> int:
    """A forged row needs a mac; without the key any is as good as another."""
    row = chance.randint(1, ROWS)
    sql(f"UPDATE {TABLE} SET reason = 'forged', mac = %s WHERE id = %s", f"{chance.getrandbits(256):064x}", row)
    return row


def remove(chance: random.Random) -> int:
    row = chance.randint(1, ROWS)
    sql(f"DELETE FROM {TABLE} WHERE id = %s", row)
    return row


def remove_and_close_the_gap(chance: random.Random) -> int:
    row = chance.randint(1, ROWS - 1)
    sql(f"DELETE FROM {TABLE} WHERE id = %s", row)
    for later in range(row + 1, ROWS + 1):
        sql(f"UPDATE {TABLE} SET id = %s WHERE id = %s", later - 1, later)
    return row


def swap(chance: random.Random) -> int:
    first, second = sorted(chance.sample(range(1, ROWS + 1), 2))
    for old, new in ((first, -1), (second, first), (-1, second)):
        sql(f"UPDATE {TABLE} SET id = %s WHERE id = %s", new, old)
    return first


def cut(chance: random.Random) -> int:
    row = chance.randint(1, ROWS)
    sql(f"DELETE FROM {TABLE} WHERE id >= %s", row)
    return row


def cut_with_head(chance: random.Random) -> int:
    """The head is set back as well, with what can be known of it; its seal can't be made."""
    row = chance.randint(2, ROWS)
    sql(f"DELETE FROM {TABLE} WHERE id >= %s", row)
    last = AuditEvent.objects.get(pk=row - 1)
    AuditHead.objects.update(event_id=last.pk, mac=last.mac, at=last.at)
    return 0


def insert(chance: random.Random) -> int:
    copy = AuditEvent.objects.get(pk=chance.randint(1, ROWS))
    copy.pk = ROWS + 1
    copy.save(force_insert=True)
    return 0


DAMAGES = (edit, edit, edit, move_in_time, resign, remove, remove_and_close_the_gap, swap, cut, cut_with_head, insert)


def test_finds_each_of_a_thousand_damages_at_its_row(rows: int) -> None:
    chance = random.Random(4)
    missed = []
    with unguarded():
        for number in range(1_000):
            damage = DAMAGES[number % len(DAMAGES)]
            with transaction.atomic():
                row = damage(chance)
                finding = verify_audit_log()
                transaction.set_rollback(True)
            if finding.broken_id != row:
                missed.append(f"{damage.__name__} of row {row}: {finding}")
    assert missed == []


def test_finds_a_log_that_was_rolled_back_whole_by_the_logs_head(rows: int) -> None:
    last, head = AuditEvent.objects.get(pk=ROWS), AuditHead.objects.get()
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    later = AuditHead.objects.get()
    with unguarded():
        AuditEvent.objects.filter(pk__gt=last.pk).delete()
    head.save()
    assert verify_audit_log().ok
    assert verify_audit_log(known_head=KnownHead(later.event_id, later.mac)).broken_id == ROWS + 1
    assert verify_audit_log(known_head=KnownHead(last.pk, "0" * 64)).broken_id == ROWS
    assert verify_audit_log(known_head=KnownHead(last.pk, last.mac)).ok


def test_finds_a_head_that_is_gone(rows: int) -> None:
    AuditHead.objects.all().delete()
    assert verify_audit_log().broken_id == 0
    with pytest.raises(ChainBroken):
        write_audit_event(Event(action="team.rename", actor_name="alice"))


def test_appends_nothing_to_a_log_that_was_cut(rows: int) -> None:
    with unguarded():
        cut_with_head(random.Random(4))
    before = AuditHead.objects.get()
    with pytest.raises(ChainBroken, match="the head was altered"):
        write_audit_event(Event(action="team.rename", actor_name="alice"))
    assert AuditHead.objects.get().seal == before.seal  # a new one would cover the cut up


def test_appends_nothing_twice_after_a_head_that_was_set_back(rows: int) -> None:
    older = AuditHead.objects.get()
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    older.save()  # its seal is a true one
    with pytest.raises(DatabaseError), transaction.atomic():
        write_audit_event(Event(action="team.rename", actor_name="alice"))
    assert "but there are rows up to 41" in verify_audit_log().what


def test_finds_a_head_that_is_another_rows(rows: int) -> None:
    """Nobody without the key can seal one; a fault of Corral itself could."""
    head = AuditHead.objects.get()
    assert head.at
    seal = chain.seal_of_head(event_id=ROWS, at=chain.to_rfc3339(head.at), mac="0" * 64, key_id=head.key_id)
    AuditHead.objects.update(mac="0" * 64, seal=seal)
    assert verify_audit_log().what == "the head is not the last row's"


def test_finds_a_row_that_is_older_than_its_predecessor(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody without the key can make one; a fault of Corral itself could."""
    monkeypatch.setattr("registries.services.audit.write._not_before", lambda _: datetime(2001, 1, 1, tzinfo=UTC))
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    finding = verify_audit_log()
    assert (finding.broken_id, finding.what) == (ROWS + 1, "it is older than its predecessor")


def test_finds_operations_that_are_newer_than_the_log(rows: int) -> None:
    head = AuditHead.objects.get()
    operation = Operation.objects.create(profile_name="x", actor_name="alice", verb="create")
    write_audit_event(Event(action="registry.create", actor_name="alice", outcome="begun"))
    assert verify_audit_log().ok
    with unguarded():
        AuditEvent.objects.filter(pk__gt=ROWS).delete()
    head.save()
    assert "rolled back" in verify_audit_log().what
    operation.delete()
    assert verify_audit_log().ok


VALUES_OF_NO_TYPE = [
    ("at", "'never'"),
    ("at", "x'00ff'"),
    ("reason", "x'00ff'"),
    ("id", "-1"),
    ("format_version", "'x'"),
    ("format_version", "NULL"),
]


@pytest.mark.parametrize(("column", "value"), VALUES_OF_NO_TYPE)
def test_finds_a_value_that_no_column_of_its_type_holds(rows: int, column: str, value: str) -> None:
    """SQLite takes any; PostgreSQL refuses the statement where the type is another one."""
    with unguarded(), transaction.atomic():
        try:
            with transaction.atomic():
                sql(f"UPDATE {TABLE} SET {column} = {value} WHERE id = 17")
        except DatabaseError:
            assert connection.vendor == "postgresql"
        else:
            finding = verify_audit_log()
            assert (finding.ok, finding.broken_id) == (False, 1 if column == "id" else 17)
        transaction.set_rollback(True)


def test_old_rows_hold_while_their_key_is_in_the_ring(rows: int, settings: pytest.FixtureRequest) -> None:
    old = django_settings.AUDIT_KEYS
    settings.AUDIT_KEYS = "new:" + "QUJD" * 10 + "QUI=," + old  # type: ignore[attr-defined]
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    assert (verify_audit_log().ok, verify_audit_log().rows) == (True, rows + 1)
    settings.AUDIT_KEYS = "new:" + "QUJD" * 10 + "QUI="  # type: ignore[attr-defined]
    assert "not in CORRAL_AUDIT_KEYS" in verify_audit_log().what


def test_the_command_names_the_first_broken_row(rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit")
    name = AuditHead.objects.get().installation_id
    assert capsys.readouterr().out == f"{ROWS} rows, all of them hold. Installation {name}.\n"
    with unguarded():
        sql(f"UPDATE {TABLE} SET reason = 'because' WHERE id = 17")
    with pytest.raises(CommandError, match=r"Broken at row 17: it was altered\. 16 rows before it hold"):
        call_command("verify_audit")


def test_the_head_goes_to_the_log_once_a_day(rows: int, caplog: pytest.LogCaptureFixture) -> None:
    head = AuditHead.objects.get()
    with caplog.at_level("INFO", logger="corral.audit"):
        log_head_daily()
        log_head_daily()
    known = [parse_head(line.split()[-1]) for line in caplog.messages]
    assert known == [KnownHead(ROWS, head.mac, head.installation_id)]
    assert verify_audit_log(known_head=known[0]).ok


def test_the_log_says_daily_that_the_head_is_gone(rows: int, caplog: pytest.LogCaptureFixture) -> None:
    AuditHead.objects.all().delete()
    log_head_daily()
    assert [(line.levelname, line.getMessage()) for line in caplog.records] == [
        ("ERROR", "The audit log has no head: run `manage.py verify_audit`.")
    ]


@pytest.mark.parametrize("text", ["x", "40", "40:", "0:", f"0:{'0' * 64}", f"40:{'0' * 63}", f"40:{'G' * 64}", "a:1:b"])
def test_refuses_a_head_that_names_none(text: str) -> None:
    """A slip of the pen must not read as proof."""
    with pytest.raises(CommandError, match="A head is INSTALLATION:ROW:MAC"):
        call_command("verify_audit", "--head", text)


def test_refuses_a_head_beside_a_file() -> None:
    with pytest.raises(CommandError, match="--head is for the audit log itself"):
        call_command("verify_audit", "export.csv", "--head", f"1:{'0' * 64}")


def test_the_command_takes_the_head_of_a_log_line_new_or_old(rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    head = AuditHead.objects.get()
    for text in (f"{head.installation_id}:{ROWS}:{head.mac}", f"{ROWS}:{head.mac}"):
        call_command("verify_audit", "--head", text)
    assert capsys.readouterr().out.count("all of them hold") == 2
