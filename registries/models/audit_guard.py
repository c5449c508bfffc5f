"""Triggers with which the database itself refuses to change the audit log.

On SQLite an INSERT OR REPLACE deletes what it replaces, which fires the DELETE trigger only while `recursive_triggers`
is on; a start check insists on it (corral.E030). PostgreSQL has TRUNCATE as well.

A new column may be added beside them if it is nullable and has no default of Django's: both databases then add it
without touching a row. For any other column Django makes the table anew on SQLite, and the triggers are gone with the
old one; a migration that does so calls `put_up` at its end.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "registries_auditevent"
REFUSAL = "the audit log is append-only"

SQLITE = (
    [
        f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for verb in ("update", "delete")
    ],
    ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"],
)
POSTGRESQL = (
    [
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE} EXECUTE FUNCTION audit_refuse()",
    ],
    [
        f"DROP TRIGGER IF EXISTS audit_no_change ON {TABLE}",
        f"DROP TRIGGER IF EXISTS audit_no_truncate ON {TABLE}",
    ],
)


def put_up(connection: BaseDatabaseWrapper) -> None:
    """Idempotent: takes down first what stands."""
    take_down(connection)
    _run(connection, (POSTGRESQL if connection.vendor == "postgresql" else SQLITE)[0])


def take_down(connection: BaseDatabaseWrapper) -> None:
    """For reversing the migration, and for tests that empty or damage the table."""
    _run(connection, (POSTGRESQL if connection.vendor == "postgresql" else SQLITE)[1])


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
