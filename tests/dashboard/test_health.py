"""`/healthz` and `/readyz`: the process lives, and it can work."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoDbBlocker

from dashboard.heartbeats import PROCESSES


def test_healthz_answers_without_a_database(client: Client) -> None:
    # not marked for the database: pytest-django refuses every query of this test
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_says_yes_when_all_migrations_are_applied(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "problem": "", "silent": list(PROCESSES.values())},
    )


@pytest.mark.django_db
def test_readyz_counts_the_migrations_that_wait(client: Client) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("registries")
    MigrationRecorder(connection).record_unapplied(*newest)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "wait to be applied" in answer.json()["problem"]


def test_readyz_says_no_when_the_database_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nonexistent/folder/corral.sqlite3")
    with django_db_blocker.unblock():
        connection.close()
        answer = client.get("/readyz")
        connection.close()
    assert (answer.status_code, answer.json()["problem"]) == (503, "The database does not answer.")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nothing_is_changed_through_them(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
