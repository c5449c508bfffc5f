"""Background processes that are silent are told about, and a worker outlives its database."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone
from django_tasks_db.management.commands import db_worker

from dashboard import heartbeats
from dashboard.heartbeats import PROCESSES, beat, beating, silent_processes
from dashboard.models import Heartbeat
from dashboard.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_process_is_silent_two_minutes_after_its_last_beat() -> None:
    assert silent_processes() == list(PROCESSES.values())
    beat("worker")
    assert silent_processes() == [PROCESSES["beat"]]
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=3))
    assert silent_processes() == list(PROCESSES.values())
    beat("worker")
    assert silent_processes() == [PROCESSES["beat"]]


def test_the_beat_of_manage_py_reconcile_is_noted() -> None:
    call_command("reconcile")
    assert silent_processes() == [PROCESSES["worker"]]


def test_a_process_that_ends_as_it_should_leaves_no_heartbeat() -> None:
    with beating("worker"):
        end = time.monotonic() + 10
        while not Heartbeat.objects.exists() and time.monotonic() < end:
            time.sleep(0.01)
        assert Heartbeat.objects.get().name == "worker"
    assert not Heartbeat.objects.exists()


def test_a_database_that_is_away_costs_a_heartbeat_and_not_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(heartbeats, "beat", fail)
    with beating("worker"):
        pass


def test_the_worker_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []

    def run(*_: object, **__: Any) -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise OperationalError("database is locked")

    monkeypatch.setattr(db_worker.Worker, "run", run)
    monkeypatch.setattr("dashboard.management.commands.worker.PAUSES_S", (0,))
    call_command("worker", "--no-startup-delay")
    assert runs == [0, 1, 2]


def test_readyz_names_silent_processes_and_stays_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["silent"]) == (200, list(PROCESSES.values()))


def test_readyz_says_no_when_the_database_takes_no_writes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(Heartbeat.objects, "create", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "takes no writes" in answer.json()["problem"]


@override_settings(METRICS_TOKEN="t" * 32)
def test_metrics_carry_the_last_sign_of_life(client: Client) -> None:
    beat("worker")
    text = client.get("/metrics", headers={"Authorization": f"Bearer {'t' * 32}"}).content.decode()
    assert 'corral_heartbeat_timestamp_seconds{process="beat"} 0.0' in text
    assert 'corral_heartbeat_timestamp_seconds{process="worker"}' in text


@pytest.mark.parametrize(("site_role", "is_told"), [("admin", True), ("auditor", False)])
def test_admins_read_it_on_the_overview(client: Client, site_role: str, is_told: bool) -> None:
    client.force_login(User.objects.create_user("ada", site_role=site_role))
    assert ("The worker is silent" in client.get("/").content.decode()) is is_told
    beat("worker")
    assert "The worker is silent" not in client.get("/").content.decode()
