"""Real processes that die at the worst moment: nothing is lost, nothing is done twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.operations import reconcile
from registries.services.operations.registries import change_state
from registries.services.operations.write_requests import WriteRequest
from tests.processes import database_url
from tests.registries.conftest import TRANSITION_MS, Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30


def environment() -> dict[str, str]:
    """Another process of the same installation: the test's own database and keys."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings", "DATABASE_URL": database_url()}


@pytest.fixture
def start_worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "db_worker", "--interval", "0.05", "--no-startup-delay"]
        started.append(
            subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(happened: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < give_up_at, f"{what} did not happen"
        time.sleep(0.05)


def test_a_worker_killed_between_deactivate_and_remove_loses_and_doubles_nothing(
    start_worker: Callable[[], subprocess.Popen[bytes]],
    profile: ConnectionProfile,
    operator: User,
    upstream: Client,
    rancher: Rancher,
) -> None:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    registry = upstream.registries.get(made, include_credentials=True)
    rancher.sandbox.clockwork.transition_ms = 2500  # it deactivates long enough to kill the worker meanwhile
    request = WriteRequest(uuid4(), "request")
    operation = change_state(
        Access(operator, profile, Role.OPERATOR), registry, verb=Operation.Verb.REMOVE, request=request
    )

    worker = start_worker()
    until(lambda: rancher.calls("action=deactivate") == 1, "deactivating")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    operation.refresh_from_db()
    assert (operation.state, operation.step) == ("pending", "deactivate")

    rancher.sandbox.clockwork.transition_ms = TRANSITION_MS
    start_worker()

    def ended() -> bool:
        Operation.objects.filter(pk=operation.pk).update(touched_at=timezone.now() - timedelta(minutes=1))
        reconcile.reconcile()  # the other process of an installation, which finds what lost its worker
        operation.refresh_from_db()
        return not operation.is_open

    until(ended, "the removal's end")
    assert operation.state == "succeeded"
    assert (rancher.calls("action=deactivate"), rancher.calls("DELETE ")) == (1, 1)
    settled(upstream, made, "removed")


def test_a_web_process_killed_after_the_call_and_before_the_answer_loses_and_doubles_nothing(
    profile: ConnectionProfile, operator: User, rancher: Rancher
) -> None:
    rancher.fail("hang", match="POST .*/registries$", apply=True, times=1)
    script = (
        "import django; django.setup();"
        "from uuid import uuid4;"
        "from dashboard.people.models import User;"
        "from registries.access import Access;"
        "from registries.models import ConnectionProfile;"
        "from registries.services.operations.registries import create_registry;"
        "from registries.services.operations.write_requests import WriteRequest;"
        "create_registry(Access(User.objects.get(), ConnectionProfile.objects.get()),"
        " request=WriteRequest(uuid4(), 'r'), server_address='quay.io', name=None, description=None)"
    )
    web = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment())
    until(lambda: rancher.calls("POST .*/registries$") == 1, "the call")
    web.kill()
    web.wait()
    operation = Operation.objects.get()
    assert (operation.state, operation.target_id) == ("pending", "")

    Operation.objects.update(started_at=timezone.now() - timedelta(minutes=1))
    reconcile.reconcile()
    operation.refresh_from_db()
    assert (operation.state, bool(operation.target_id)) == ("succeeded", True)
    assert rancher.calls("POST .*/registries$") == 1
