"""A database that takes no writes: sign-in says so, pages are read, and all is well once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from dashboard.database_errors import refuses_writes
from dashboard.people.models import User
from tests.signing_in import prove

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long enough passphrase"
SIGN_IN = "/accounts/login/"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("operator", password=PASSWORD)


@contextmanager
def read_only() -> Iterator[None]:
    """Ends with the connection, as a full disk that gets room."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only=ON" if sqlite else "SET default_transaction_read_only=on")
    try:
        yield
    finally:
        connection.close()


def sign_in(client: Client) -> tuple[int, str]:
    client.raise_request_exception = False
    answer = client.post(SIGN_IN, {"login": "operator", "password": PASSWORD})
    return answer.status_code, answer.content.decode()


def test_sign_in_says_that_nothing_can_be_saved_and_works_again_afterwards(client: Client, user: User) -> None:
    with read_only():
        status, page = sign_in(client)
        assert status == 503
        assert "disk is full, or it is read-only" in page
        assert "Too many tries" not in page
        assert sign_in(client)[0] == 302, "the connection that could not write was closed"


def test_pages_are_read_meanwhile(client: Client, user: User) -> None:
    client.force_login(user)
    prove(client, user)
    assert client.get("/operations/").status_code == 200
    session = client.session
    session["seen_at"] -= 5 * 60
    session.save()
    with read_only():
        assert client.get("/operations/").status_code == 200


@pytest.mark.parametrize(
    ("code", "state", "is_full"),
    [
        *[(13, None, True), (8, None, True), (778, None, True), (1032, None, True), (5, None, False), (1, None, False)],
        *[(0, "53100", True), (0, "25006", True), (0, "57P03", False), (0, None, False)],
    ],
)
def test_tells_a_full_disk_from_other_errors(code: int, state: str | None, is_full: bool) -> None:
    cause = Exception()
    cause.sqlite_errorcode, cause.sqlstate = code, state  # type: ignore[attr-defined]
    error = DatabaseError()
    error.__cause__ = cause
    assert refuses_writes(error) == is_full
    assert not refuses_writes(DatabaseError())
    assert not refuses_writes(None)
