"""Whoever owns the database can damage the record; `verify_audit` names the first row at which it shows."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from dashboard.events import Event
from dashboard.people.models import User
from registries.models import AuditEvent, AuditHead
from registries.services.audit.chain_check import log_head_daily, verify_record
from registries.services.audit.write import ChainBroken, write_audit_event
from tests.audit_table import unguarded

ROWS = 40
TABLE = "registries_auditevent"
pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(make_user: Callable[..., User]) -> int:
    alice = make_user("alice", site_role="admin")
    for number in range(ROWS):
        write_audit_event(
            Event(action="team.rename", actor=alice, target_id=str(number), after={"name": f"team {number}"})
        )
    return ROWS


def sql(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_holds_when_nothing_was_done_to_it(rows: int) -> None:
    assert (verify_record().ok, verify_record().rows) == (True, rows)


def test_an_empty_record_holds() -> None:
    assert verify_record().ok


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
    assert verify_record().rows == rows


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
    assert verify_record().rows == rows


TEXTS = ("actor_name", "role", "address", "action", "profile_name", "target_id", "outcome", "reason", "before", "after")
NUMBERS = ("actor_id", "profile_id", "operation_id")


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
                finding = verify_record()
                transaction.set_rollback(True)
            if finding.broken_id != row:
                missed.append(f"{damage.__name__} of row {row}: {finding}")
    assert missed == []


def test_finds_a_record_that_was_rolled_back_whole_by_the_logs_head(rows: int) -> None:
    last, head = AuditEvent.objects.get(pk=ROWS), AuditHead.objects.get()
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    later = AuditHead.objects.get()
    with unguarded():
        AuditEvent.objects.filter(pk__gt=last.pk).delete()
    head.save()
    assert verify_record().ok
    assert verify_record(known_head=f"{later.event_id}:{later.mac}").broken_id == ROWS + 1
    assert verify_record(known_head=f"{last.pk}:{'0' * 64}").broken_id == ROWS


def test_finds_a_head_that_is_gone(rows: int) -> None:
    AuditHead.objects.all().delete()
    assert verify_record().broken_id == 0
    with pytest.raises(ChainBroken):
        write_audit_event(Event(action="team.rename", actor_name="alice"))


def test_appends_nothing_to_a_record_that_was_cut(rows: int) -> None:
    AuditHead.objects.update(event_id=5)
    with pytest.raises(DatabaseError), transaction.atomic():
        write_audit_event(Event(action="team.rename", actor_name="alice"))


def test_old_rows_hold_while_their_key_is_in_the_ring(rows: int, settings: pytest.FixtureRequest) -> None:
    old = django_settings.AUDIT_KEYS
    settings.AUDIT_KEYS = "new:" + "QUJD" * 10 + "QUI=," + old  # type: ignore[attr-defined]
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    assert (verify_record().ok, verify_record().rows) == (True, rows + 1)
    settings.AUDIT_KEYS = "new:" + "QUJD" * 10 + "QUI="  # type: ignore[attr-defined]
    assert "not in CORRAL_AUDIT_KEYS" in verify_record().what


def test_the_command_names_the_first_broken_row(rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit")
    assert capsys.readouterr().out == f"{ROWS} rows, all of them hold.\n"
    with unguarded():
        sql(f"UPDATE {TABLE} SET reason = 'because' WHERE id = 17")
    with pytest.raises(CommandError, match=r"Broken at row 17: it was altered\. 16 rows before it hold"):
        call_command("verify_audit")


def test_the_head_goes_to_the_log_once_a_day(rows: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="corral.audit"):
        log_head_daily()
        log_head_daily()
    assert [bool(re.search(rf"{ROWS}:[0-9a-f]{{64}}$", line)) for line in caplog.messages] == [True]
