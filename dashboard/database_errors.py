"""Database errors that mean that nothing can be written: a full disk, or a database that is read-only."""

SQLITE_CODES = frozenset({8, 10, 13})  # READONLY, IOERR, FULL: https://sqlite.org/rescode.html
SQLSTATES = frozenset({"53100", "25006"})  # disk_full, read_only_sql_transaction


def refuses_writes(error: BaseException | None) -> bool:
    """Whether a DatabaseError of Django says so; the driver's own exception is its cause."""
    cause = error.__cause__ if error else None
    code = getattr(cause, "sqlite_errorcode", 0)
    return code & 0xFF in SQLITE_CODES or getattr(cause, "sqlstate", None) in SQLSTATES
