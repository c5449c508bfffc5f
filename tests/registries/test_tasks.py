"""Tasks that were queued under the paths of an older version still run after an upgrade."""

import tomllib
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult, get_date_max

from dashboard.people.models import User
from registries.access import Access
from registries.models import Alert, ConnectionProfile, CredentialStatus, Operation
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.notifications import alerts
from registries.services.operations.registries import change_state
from registries.services.operations.write_requests import WriteRequest
from tests.registries.conftest import settled

pytestmark = pytest.mark.django_db(transaction=True)


def queue_under(task_path: str, *args: object) -> DBTaskResult[..., None]:
    """A row as the version before wrote it."""
    return DBTaskResult.objects.create(
        task_path=task_path,
        args_kwargs={"args": list(args), "kwargs": {}},
        queue_name="default",
        backend_name="default",
        run_after=get_date_max(),
    )


def work_off(row: DBTaskResult[..., None]) -> None:
    """Runs the worker over everything that is due; the row has to succeed."""
    call_command("db_worker", "--batch", "--no-startup-delay", "--interval", "0")
    row.refresh_from_db()
    assert row.status == "SUCCESSFUL", row.traceback


def test_a_removal_that_was_queued_under_the_old_path_goes_on(
    upstream: Client, profile: ConnectionProfile, operator: User
) -> None:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    registry = upstream.registries.get(made, include_credentials=True)
    access, request = Access(operator, profile, Role.OPERATOR), WriteRequest(uuid4(), "request")
    operation = change_state(access, registry, verb=Operation.Verb.REMOVE, request=request)
    DBTaskResult.objects.all().delete()  # leaves the old row alone to bring it forward
    work_off(queue_under("registries.tasks.continue_removal", operation.pk))
    operation.refresh_from_db()
    assert operation.step == "deactivate"
    next_step = DBTaskResult.objects.get(status="READY")
    assert next_step.task_path == "registries.services.operations.removal.continue_removal"


@pytest.mark.parametrize("name", ["deliver_announcements", "deliver_alerts"])
def test_a_delivery_that_was_queued_under_an_old_path_is_made(name: str, settings: pytest.FixtureRequest) -> None:
    settings.WEBHOOK_URL = "http://127.0.0.1:1/corral"  # type: ignore[attr-defined]
    alert = alerts.notify(Alert.Kind.FAILING, "robot at quay.io stopped working", "", None)
    work_off(queue_under(f"registries.tasks.{name}"))
    alert.refresh_from_db()
    assert alert.attempts == 1


def test_verifications_that_were_queued_under_the_old_path_are_made(profile: ConnectionProfile) -> None:
    ConnectionProfile.objects.filter(pk=profile.pk).update(keeps_copies=True)
    status = CredentialStatus.objects.create(
        profile=profile, registry_id="1r1", credential_id="1c1", server_address="127.0.0.1:1", secret="correct horse"
    )
    work_off(queue_under("registries.tasks.verify_credentials", [status.pk]))
    status.refresh_from_db()
    assert status.reason == "blocked"


def test_the_old_paths_are_dropped_in_time() -> None:
    """Fails at the version bump that ends their one version: delete `registries/tasks.py` and this module."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert project["version"].startswith("0.1.")
