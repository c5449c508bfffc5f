"""Row 1 names the installation, and whoever has the database but no key can't start another log unnoticed."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.test import Client as Browser

from dashboard.events import Event
from dashboard.people.models import User
from registries import chain
from registries.models import AuditEvent, AuditHead, ConnectionProfile, Operation
from registries.services.audit import installation
from registries.services.audit.chain_check import KnownHead, verify_audit_log
from registries.services.audit.installation import CREATE, UPGRADE, prepare_after_migrate, prepare_log
from registries.services.audit.write import ChainBroken, append_event, write_audit_event
from tests import audit_table
from tests.registries.audit import version_1

pytestmark = pytest.mark.django_db(transaction=True)
SOMETHING = Event(action="team.rename", actor_name="alice")


def head() -> AuditHead:
    return AuditHead.objects.get()


def known_head() -> KnownHead:
    now = head()
    return KnownHead(now.event_id, now.mac, now.installation_id)


def delete_everything() -> None:
    with audit_table.unguarded():
        audit_table.empty()


def migrate() -> None:
    """What `manage.py migrate` does when there is nothing to migrate."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")


@pytest.fixture
def log(make_user: Callable[..., User]) -> KnownHead:
    """A log in use, and the line that the log of that day has."""
    make_user("alice", site_role="admin")
    for _ in range(5):
        write_audit_event(SOMETHING)
    return known_head()


def test_row_1_names_the_installation_that_the_head_names() -> None:
    row = AuditEvent.objects.get()
    assert (row.pk, row.action, row.previous, row.outcome) == (1, CREATE, chain.GENESIS, "succeeded")
    assert row.target_id == head().installation_id
    assert row.after_values == {"people": 0, "profiles": 0, "operations": 0}
    assert (len(row.target_id), verify_audit_log().installation_id) == (32, row.target_id)


def test_migrating_again_writes_nothing(log: KnownHead) -> None:
    migrate()
    assert known_head() == log


def test_two_migrations_at_once_start_one_log() -> None:
    delete_everything()
    start, failures = threading.Barrier(4), []

    def prepare() -> None:
        try:
            start.wait()
            prepare_log()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify_audit_log().rows == 1


def make_a_person() -> None:
    User.objects.create_user("mallory")


def make_a_profile() -> None:
    ConnectionProfile.objects.create(name="x", slug="x", base_url="https://x.example", project_id="1a5")


def make_an_operation() -> None:
    Operation.objects.create(profile_name="x", actor_name="mallory", verb="create")


@pytest.mark.parametrize("make", [make_a_person, make_a_profile, make_an_operation])
def test_an_empty_log_beside_anything_is_refused_and_not_started_anew(
    make: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    make()
    delete_everything()
    finding = verify_audit_log()
    assert (finding.broken_id, finding.rows) == (1, 0)
    assert "the audit log is empty beside" in finding.what
    migrate()
    assert [line.levelname for line in caplog.records] == ["ERROR"]
    assert "The audit log is empty beside" in caplog.text
    with pytest.raises(ChainBroken, match="has no head"):
        write_audit_event(SOMETHING)
    assert not verify_audit_log().ok
    assert (AuditEvent.objects.count(), AuditHead.objects.count()) == (0, 0)


def test_nobody_signs_in_when_the_log_is_deleted(log: KnownHead) -> None:
    delete_everything()
    browser = Browser(raise_request_exception=False)
    sent = {"login": "alice", "password": "a long enough passphrase"}
    assert browser.post("/accounts/login/", sent).status_code == 500
    assert browser.get("/operations/").status_code == 302
    assert AuditEvent.objects.count() == 0


def test_an_empty_log_is_refused_even_where_nothing_else_is() -> None:
    delete_everything()
    assert "empty beside 0 people, 0 profiles, 0 operations" in verify_audit_log().what


def test_finds_a_log_that_was_started_anew_beside_nothing_by_the_head_of_the_log_line(log: KnownHead) -> None:
    """Where people, profiles and operations are deleted as well, the next upgrade takes it for a new installation."""
    delete_everything()
    User.objects.all().delete()
    migrate()
    make_a_person()
    assert verify_audit_log().ok
    finding = verify_audit_log(known_head=log)
    assert (finding.broken_id, finding.rows) == (1, 0)
    assert "this log was started anew" in finding.what
    assert verify_audit_log(known_head=KnownHead(log.event_id, log.mac)).what.endswith("the audit log was rolled back")
    for _ in range(5):
        write_audit_event(SOMETHING)
    assert verify_audit_log(known_head=KnownHead(log.event_id, log.mac)).broken_id == log.event_id


def test_finds_another_installations_log_under_the_same_key(log: KnownHead) -> None:
    rows, its_head = list(AuditEvent.objects.all()), head()
    audit_table.restart(rows[-1].at)
    mine = known_head()
    delete_everything()
    AuditEvent.objects.bulk_create(rows)
    its_head.save()
    assert verify_audit_log().ok
    assert verify_audit_log(known_head=log).ok
    assert "this log was started anew" in verify_audit_log(known_head=mine).what


def forge_a_head(**columns: Any) -> None:
    AuditHead.objects.update_or_create(pk=1, defaults=columns)


FORGED_HEADS: list[dict[str, Any]] = [
    {"event_id": 0},
    {"event_id": 0, "installation_id": "f" * 32},
    {"event_id": 0, "mac": "f" * 64, "key_id": "test"},
    {"event_id": 1, "mac": "f" * 64, "key_id": "test", "seal": "f" * 64, "installation_id": "f" * 32},
    {"event_id": 1, "mac": "f" * 64, "key_id": "mallory", "seal": "f" * 64, "installation_id": "f" * 32},
]


@pytest.mark.parametrize("columns", FORGED_HEADS)
def test_a_forged_head_starts_no_log(log: KnownHead, columns: dict[str, Any]) -> None:
    delete_everything()
    forge_a_head(**columns)
    migrate()
    with pytest.raises(ChainBroken):
        write_audit_event(SOMETHING)
    assert not verify_audit_log().ok
    assert AuditEvent.objects.count() == 0


def test_what_a_forged_head_holds_gets_into_no_new_log() -> None:
    """Beside nothing, where a log may be started: row 1 follows nothing, now."""
    delete_everything()
    forge_a_head(event_id=0, mac="f" * 64, at="2101-01-01T00:00:00Z", installation_id="f" * 32)
    migrate()
    assert verify_audit_log().ok
    assert AuditEvent.objects.get().at.year < 2101
    assert head().installation_id != "f" * 32


def test_a_forged_row_1_is_found_and_nothing_follows_it(log: KnownHead) -> None:
    """Every column as Corral writes it, but for what takes a key."""
    row = AuditEvent.objects.get(pk=1)
    delete_everything()
    row.target_id = row.target_name = "f" * 32
    row.mac = "f" * 64
    row.save(force_insert=True)
    forge_a_head(event_id=1, at=row.at, mac=row.mac, key_id=row.key_id, seal="f" * 64, installation_id=row.target_id)
    assert (verify_audit_log().broken_id, verify_audit_log().what) == (1, "it was altered")
    with pytest.raises(ChainBroken, match="the head was altered"):
        write_audit_event(SOMETHING)


@pytest.mark.parametrize("name", ["", "f" * 32])
def test_finds_a_head_that_names_another_installation_and_names_none_again(log: KnownHead, name: str) -> None:
    """A head without a name invites `migrate` to give one, as to an older log."""
    AuditHead.objects.update(installation_id=name)
    migrate()
    assert verify_audit_log().what == "the head names another installation than the rows"
    assert AuditEvent.objects.filter(action=UPGRADE).count() == 0
    if not name:
        with pytest.raises(ChainBroken, match="names no installation yet"):
            write_audit_event(SOMETHING)


def test_rows_without_a_head_are_not_started_anew(log: KnownHead, caplog: pytest.LogCaptureFixture) -> None:
    AuditHead.objects.all().delete()
    migrate()
    assert "its head is gone" in caplog.text
    assert (AuditHead.objects.count(), verify_audit_log().ok) == (0, False)
    with pytest.raises(CommandError, match="its head is gone"):
        call_command("start_audit_log", "--reason", "x")


@pytest.mark.parametrize("action", [CREATE, UPGRADE])
def test_only_one_row_may_name_the_installation(log: KnownHead, action: str) -> None:
    """Corral never writes a second one; whoever made it do so is found."""
    append_event(Event(action=action, target_id="f" * 32), head())
    finding = verify_audit_log()
    assert (finding.broken_id, finding.what) == (log.event_id + 1, "it names an installation where no row may")


@pytest.mark.parametrize(("action", "what"), [("team.rename", "no row up to it"), (UPGRADE, "where no row may")])
def test_row_1_may_be_nothing_else(action: str, what: str) -> None:
    delete_everything()
    append_event(Event(action=action, target_id="f" * 32), AuditHead(pk=1))
    finding = verify_audit_log()
    assert (finding.broken_id, what in finding.what) == (1, True)


def test_an_older_log_keeps_its_rows_and_is_named_where_it_stands(make_user: Callable[..., User]) -> None:
    make_user("alice")
    version_1.load()
    with pytest.raises(ChainBroken, match="names no installation yet"):
        write_audit_event(SOMETHING)
    migrate()
    row, last = AuditEvent.objects.get(pk=21), version_1.ROWS[-1]
    assert (row.action, row.previous, row.target_id) == (UPGRADE, last["mac"], head().installation_id)
    assert row.after_values == {"rows": 20, "mac": last["mac"]}
    write_audit_event(SOMETHING)
    finding = verify_audit_log(known_head=KnownHead(20, last["mac"]))
    assert (finding.ok, finding.rows, finding.installation_id) == (True, 22, row.target_id)
    assert verify_audit_log(known_head=known_head()).ok


def test_rows_that_an_old_process_writes_during_the_upgrade_hold(make_user: Callable[..., User]) -> None:
    """It knows neither the new columns nor that there is a row for the installation."""
    version_1.load()
    migrate()
    before = head()
    assert before.at
    row = version_1.ROWS[-1] | {"id": 22, "at": chain.to_rfc3339(before.at), "previous": before.mac}
    row["mac"] = chain.mac_of(row | {"format_version": 1})
    version_1.insert_row(row)
    seal = chain.seal_of_head(event_id=22, at=row["at"], mac=row["mac"], key_id="test")
    AuditHead.objects.update(event_id=22, mac=row["mac"], key_id="test", seal=seal)
    write_audit_event(SOMETHING)
    assert (verify_audit_log().ok, verify_audit_log().rows) == (True, 23)


def test_an_older_log_that_was_damaged_is_not_named(caplog: pytest.LogCaptureFixture) -> None:
    version_1.load()
    AuditHead.objects.update(event_id=19)
    migrate()
    assert "can't be continued: the head was altered" in caplog.text
    assert AuditEvent.objects.filter(action=UPGRADE).count() == 0


def test_an_older_log_put_back_beside_a_newer_log_line_is_found(log: KnownHead) -> None:
    """Named anew by the next `migrate`: it holds by itself, and is another installation's for the log line."""
    version_1.load()
    migrate()
    assert verify_audit_log().ok
    assert "this log was started anew" in verify_audit_log(known_head=KnownHead(40, log.mac, log.installation_id)).what


def test_the_upgrade_itself_keeps_every_row(make_user: Callable[..., User]) -> None:
    """With the real migrations: the tables as they were, the rows of that time, then `migrate`."""
    loader = MigrationLoader(connection)
    name = next(name for app, name in loader.disk_migrations if app == "registries" and name.endswith("_audit_format"))
    parent = next(one for app, one in loader.disk_migrations["registries", name].dependencies if app == "registries")
    with audit_table.unguarded():
        audit_table.empty()
        call_command("migrate", "registries", parent, verbosity=0)
    version_1.insert_rows()
    version_1.insert_head()
    call_command("migrate", verbosity=0)
    finding = verify_audit_log()
    assert (finding.ok, finding.rows, finding.installation_id) == (True, 21, head().installation_id)
    with pytest.raises(Exception, match="append-only"):
        AuditEvent.objects.filter(pk=3).update(reason="x")


@pytest.mark.parametrize("using", ["default", "other"])
def test_tables_of_another_version_or_database_are_left_alone(using: str) -> None:
    delete_everything()
    nothing = MigrationLoader(connection).project_state([("people", "0001_initial")]).apps
    prepare_after_migrate(using=using, apps=apps if using == "other" else nothing)
    assert AuditHead.objects.count() == 0


def test_the_command_starts_the_log_of_an_installation_in_use(log: KnownHead, capsys: Any) -> None:
    delete_everything()
    with pytest.raises(CommandError, match="Give a reason"):
        call_command("start_audit_log", "--reason", " ")
    call_command("start_audit_log", "--reason", "OPS-7: the database was made from an old copy")
    row = AuditEvent.objects.get()
    assert (row.action, row.actor_name) == (CREATE, installation.BY_COMMAND)
    assert row.reason == "OPS-7: the database was made from an old copy"
    assert row.after_values == {"people": 1, "profiles": 0, "operations": 0}
    write_audit_event(SOMETHING)
    assert verify_audit_log().ok
    assert "this log was started anew" in verify_audit_log(known_head=log).what
    with pytest.raises(CommandError, match="There is an audit log already"):
        call_command("start_audit_log", "--reason", "again")
