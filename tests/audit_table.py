"""The audit log in tests: its table refuses what empties the others after a test with real transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import TransactionTestCase

from registries.models import AuditEvent, AuditHead, audit_guard
from registries.services.audit.installation import start_log


def events() -> QuerySet[AuditEvent]:
    """What was written since the log was started, oldest first: without row 1, which names the installation."""
    return AuditEvent.objects.filter(pk__gt=1).order_by("id")


def restart(at: datetime) -> None:
    """Starts the log anew as of `at`, so that a test can write events that are older than its database."""
    with unguarded(), pytest.MonkeyPatch.context() as patch:
        empty()
        patch.setattr("registries.services.audit.write.timezone.now", lambda: at)
        start_log(reason="a test")


def empty() -> None:
    """Deletes rows and head, as somebody who owns the database can; within `unguarded`."""
    AuditEvent.objects.all().delete()
    AuditHead.objects.all().delete()


@contextmanager
def unguarded() -> Iterator[None]:
    """The table without its triggers, as for somebody who owns the database."""
    audit_guard.take_down(connection)
    try:
        yield
    finally:
        audit_guard.put_up(connection)


def let_tests_empty_it(patch: pytest.MonkeyPatch) -> None:
    original = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # not in django-stubs

    def teardown(case: TransactionTestCase) -> None:
        with unguarded():
            original(case)

    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
