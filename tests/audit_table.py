"""The audit record in tests: its table refuses what empties the others after a test with real transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import TransactionTestCase

from registries.models import audit_guard


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
