"""Rows and files of every format version are proven, side by side, and none passes for one of another version."""

import io
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.db.utils import DatabaseError

from dashboard.events import Event
from dashboard.people.models import User
from registries import chain
from registries.models import AuditEvent, Operation, audit_guard
from registries.services.audit import write
from registries.services.audit.chain_check import verify_audit_log
from registries.services.audit.export import export_audit_log
from registries.services.audit.export_check import check_export
from registries.services.audit.export_formats import Kind
from registries.services.audit.installation import prepare_log
from registries.services.audit.query import AuditQuery
from registries.services.audit.write import write_audit_event
from tests.audit_table import unguarded
from tests.registries.audit import version_1

TABLE = "registries_auditevent"
LATEST = chain.latest_version()
NEXT = LATEST + 1  # with one more column
OLD, NEWER, NEWEST = 20, 6, 6  # rows of version 1, of the latest and of the next
NAMED = OLD + 1  # the row that the upgrade appends, of the latest version
FIRST_NEWEST, LAST = NAMED + NEWER + 1, NAMED + NEWER + NEWEST
KINDS: tuple[Kind, ...] = ("csv", "jsonl")
FILTERS = (AuditQuery(), AuditQuery(action="team.rename"))
pytestmark = pytest.mark.django_db(transaction=True)


class AddTicket(migrations.Migration):
    """What CONTRIBUTING, "add a column to the audit log", asks of a migration."""

    operations = [migrations.AddField("auditevent", "ticket", models.TextField(null=True))]


@contextmanager
def third_format() -> Iterator[None]:
    """A Corral whose audit log has one more column, `ticket`, on the database as it stands."""
    state = ProjectState.from_apps(apps)
    migration = AddTicket("9999_ticket", "registries")
    with connection.schema_editor() as editor:
        migration.apply(state.clone(), editor)
    field: models.Field[Any, Any] = models.TextField(null=True)
    field.contribute_to_class(AuditEvent, "ticket")
    chain.FORMATS[NEXT] = (*chain.FORMATS[LATEST], "ticket")
    try:
        yield
    finally:
        del chain.FORMATS[NEXT]
        AuditEvent._meta.local_fields.remove(field)
        AuditEvent._meta._expire_cache()  # type: ignore[attr-defined]  # not in django-stubs
        del AuditEvent.ticket  # type: ignore[attr-defined]
        with connection.schema_editor() as editor:
            migration.unapply(state.clone(), editor)
        audit_guard.put_up(connection)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", site_role="auditor")


@pytest.fixture
def files(alice: User) -> dict[str, str]:
    """Rows of version 1 and of the latest, and the files that were exported then: name -> text."""
    version_1.load()
    prepare_log()
    for number in range(NEWER):
        write_event(number)
    found = {name: (version_1.FOLDER / name).read_bytes().decode() for name in version_1.EXPORTS}
    for kind in KINDS:
        for query in FILTERS:
            found[f"latest {kind} {query.action}"] = export(alice, query, kind)
    return found


@pytest.fixture
def newest(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rows of all three versions; those of the next one have a ticket, but for every third row."""
    with third_format():
        append = write._append

        def with_ticket(event: AuditEvent, head: Any) -> AuditEvent:
            event.ticket = f"CHG-{event.pk}" if event.pk % 3 else None  # type: ignore[attr-defined]
            return append(event, head)

        monkeypatch.setattr(write, "_append", with_ticket)
        for number in range(NEWEST):
            write_event(number)
        yield


def write_event(number: int) -> AuditEvent:
    texts = ("=1+1", 'say "hi", then\r\ngo', "é")
    return write_audit_event(
        Event(
            action="team.create" if number % 2 else "team.rename",
            actor_name="alice",
            target_name=texts[number % len(texts)],
        )
    )


def export(actor: User, query: AuditQuery, kind: Kind) -> str:
    """The file without the event that it was exported."""
    with transaction.atomic():
        text = b"".join(export_audit_log(query, kind=kind, actor=actor)).decode()
        transaction.set_rollback(True)
    return text


def lines_of(text: str) -> Iterator[str]:
    return iter(io.StringIO(text, newline=""))


def sql(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_a_mac_of_version_1_is_the_same_to_the_letter() -> None:
    assert [chain.mac_of(row | {"format_version": 1}) for row in version_1.ROWS] == [
        row["mac"] for row in version_1.ROWS
    ]
    assert [chain.find_fault(row | {"format_version": 1}) for row in version_1.ROWS] == [""] * OLD


def test_a_log_of_version_1_holds() -> None:
    version_1.load()
    assert set(AuditEvent.objects.values_list("format_version", flat=True)) == {1}
    finding = verify_audit_log()
    assert (finding.ok, finding.rows, finding.installation_id) == (True, OLD, "")


@pytest.mark.parametrize(("name", "rows"), version_1.EXPORTS.items())
def test_a_file_of_version_1_holds(name: str, rows: int) -> None:
    finding = check_export(lines_of((version_1.FOLDER / name).read_bytes().decode()))
    assert (finding.ok, finding.rows) == (True, rows)


def test_every_column_is_covered_and_formats_only_grow() -> None:
    columns = {str(field.column) for field in AuditEvent._meta.concrete_fields}
    assert columns == {*chain.covered_columns(), "mac"}
    assert list(chain.FORMATS) == list(range(1, len(chain.FORMATS) + 1))
    for version in range(2, len(chain.FORMATS) + 1):
        before, after = chain.FORMATS[version - 1], chain.FORMATS[version]
        assert after[: len(before)] == before
        assert len(set(after)) == len(after) > len(before)
    added = set(chain.covered_columns()) - set(chain.FORMATS[1])
    assert {name for name in added if AuditEvent._meta.get_field(name).null} == added
    integers = {
        str(field.column)
        for field in AuditEvent._meta.concrete_fields
        if isinstance(field, models.IntegerField)  # of any size
    }
    assert integers == chain.INTEGERS


def test_a_signature_of_one_version_is_none_of_another_over_the_same_text() -> None:
    texts = {chain.sign(chain.purpose_of("event", version), "[]", key_id="test") for version in (1, 2, 3)}
    assert len(texts) == 3


@pytest.mark.parametrize("old", [False, True])
def test_a_file_holds_whichever_version_wrote_it(
    alice: User, files: dict[str, str], newest: None, *, old: bool
) -> None:
    texts = (
        files if old else {f"{kind} {query.action}": export(alice, query, kind) for kind in KINDS for query in FILTERS}
    )
    assert {name: check_export(lines_of(text)).what for name, text in texts.items()} == dict.fromkeys(texts, "")


def test_rows_of_all_versions_hold_side_by_side(newest: None) -> None:
    versions = list(AuditEvent.objects.order_by("id").values_list("format_version", flat=True))
    assert versions == [1] * OLD + [LATEST] * (1 + NEWER) + [NEXT] * NEWEST
    finding = verify_audit_log()
    assert (finding.ok, finding.rows, bool(finding.installation_id)) == (True, LAST, True)
    tickets = {event.pk: getattr(event, "ticket") for event in AuditEvent.objects.all()}  # noqa: B009 - mypy knows none
    assert tickets == dict.fromkeys(range(1, FIRST_NEWEST)) | {
        row: f"CHG-{row}" if row % 3 else "" for row in range(FIRST_NEWEST, LAST + 1)
    }


@pytest.mark.parametrize(
    "statement", [f"UPDATE {TABLE} SET ticket = 'x' WHERE id = 3", f"DELETE FROM {TABLE} WHERE id = 3"]
)
def test_the_database_still_refuses_to_change_rows(newest: None, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)


def test_the_outcome_of_a_change_that_was_begun_in_an_older_format_is_written_in_the_newest(newest: None) -> None:
    row = AuditEvent.objects.get(pk=4)
    operation = Operation.objects.create(
        pk=row.operation_id, profile_name="", actor_name="bob", verb="update", state="succeeded"
    )
    write.write_outcome(operation)
    ended = AuditEvent.objects.latest("id")
    assert (ended.outcome, ended.format_version, ended.actor_name) == ("succeeded", NEXT, row.actor_name)
    assert verify_audit_log().ok


TEXTS = (
    "actor_name",
    "role",
    "action",
    "target_id",
    "outcome",
    "reason",
    "before",
    "after",
    "key_id",
    "previous",
    "mac",
)


def edit(chance: random.Random, row: int) -> None:
    sql(f"UPDATE {TABLE} SET {chance.choice(TEXTS)} = %s WHERE id = %s", f"x{chance.random()}"[:16], row)


def edit_the_ticket(chance: random.Random, row: int) -> None:
    """In old rows, where no mac covers it, as well."""
    sql(f"UPDATE {TABLE} SET ticket = %s WHERE id = %s", f"CHG-{chance.random()}", row)


def relabel(chance: random.Random, row: int) -> None:
    """As another version, known or not, and with nothing left of what that one doesn't have."""
    now = AuditEvent.objects.get(pk=row).format_version
    version = chance.choice([one for one in (None, -1, *range(NEXT + 2)) if one != now])
    sql(f"UPDATE {TABLE} SET format_version = %s WHERE id = %s", version, row)
    if chance.random() < 0.5:
        sql(f"UPDATE {TABLE} SET ticket = NULL WHERE id = %s", row)
    elif version == NEXT:
        sql(f"UPDATE {TABLE} SET ticket = '' WHERE id = %s", row)


def remove(chance: random.Random, row: int) -> None:
    sql(f"DELETE FROM {TABLE} WHERE id = %s", row)


DAMAGES = (edit, edit_the_ticket, relabel, relabel, remove)


def test_finds_each_of_five_hundred_damages_at_its_row(newest: None) -> None:
    chance, missed = random.Random(10), []
    with unguarded():
        for number in range(500):
            damage, row = DAMAGES[number % len(DAMAGES)], chance.randint(1, LAST)
            with transaction.atomic():
                damage(chance, row)
                finding = verify_audit_log()
                transaction.set_rollback(True)
            if finding.broken_id != row:
                missed.append(f"{damage.__name__} of row {row}: {finding}")
    assert missed == []


def test_finds_each_of_a_thousand_changed_characters(alice: User, files: dict[str, str], newest: None) -> None:
    """In files of every version; a damage to the last line's end, which nothing covers, changes nothing."""
    texts = files | {f"next {kind} {query.action}": export(alice, query, kind) for kind in KINDS for query in FILTERS}
    chance, missed = random.Random(10), []
    for number in range(1_008):
        name = list(texts)[number % len(texts)]
        text = texts[name]
        place = chance.randrange(len(text.rstrip("\r\n")))
        other = chance.choice([one for one in "0123456789abcxyz,\"'\n {}" if one != text[place]])
        if check_export(lines_of(text[:place] + other + text[place + 1 :])).ok:
            missed.append(f"{name} at {place}: {text[place - 20 : place + 20]!r} with {other!r}")
    assert len(texts) == 12
    assert missed == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_shows_a_value_that_no_mac_covers(alice: User, newest: None, kind: Kind) -> None:
    for row in (3, NAMED + 2):
        with unguarded(), transaction.atomic():
            sql(f"UPDATE {TABLE} SET ticket = 'CHG-forged' WHERE id = %s", row)
            text = export(alice, AuditQuery(), kind)
            transaction.set_rollback(True)
        assert "CHG-forged" in text
        finding = check_export(lines_of(text))
        assert (finding.ok, finding.rows, finding.broken_id) == (False, row - 1, row)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_shows_a_version_that_there_is_not(alice: User, newest: None, kind: Kind) -> None:
    for version in (None, 0, NEXT + 1):
        with unguarded(), transaction.atomic():
            sql(f"UPDATE {TABLE} SET format_version = %s WHERE id = 5", version)
            text = export(alice, AuditQuery(), kind)
            transaction.set_rollback(True)
        finding = check_export(lines_of(text))
        assert (finding.ok, finding.rows, finding.broken_id) == (False, 4, 5)


@pytest.mark.parametrize("version", [None, [], {}, True, 1.0, "1", -1, 10**30])
def test_a_line_whose_version_is_no_version_is_refused_at_its_row(files: dict[str, str], version: object) -> None:
    lines = files["whole.jsonl"].splitlines(keepends=True)
    lines[4] = json.dumps(json.loads(lines[4]) | {"format_version": version}) + "\n"
    finding = check_export(lines)
    assert (finding.ok, finding.rows, finding.broken_id) == (False, 4, 5)


def test_a_seal_of_version_1_that_names_a_version_is_refused(files: dict[str, str]) -> None:
    *lines, seal = files["whole.jsonl"].splitlines(keepends=True)
    assert not check_export([*lines, json.dumps(json.loads(seal) | {"format_version": 1})]).ok


def test_an_older_corral_says_that_it_does_not_know_the_format(
    alice: User, newest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {kind: export(alice, AuditQuery(), kind) for kind in KINDS}
    of_old_rows = export(alice, AuditQuery(action="registry.update"), "jsonl")  # its seal alone is of the next version
    with monkeypatch.context() as patch:
        patch.delitem(chain.FORMATS, NEXT)
        finding = verify_audit_log()
        assert check_export(lines_of(texts["jsonl"])) == finding
        assert "that this version of Corral knows" in check_export(lines_of(texts["csv"])).what
        assert f"the format version {NEXT} of the last line is unknown" in check_export(lines_of(of_old_rows)).what
    assert (finding.broken_id, finding.rows) == (FIRST_NEWEST, FIRST_NEWEST - 1)
    assert finding.what == f"its format version {NEXT} is unknown to this version of Corral"
