"""Proof from the hosts: one operation, one call, what each host says, and a time limit."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AuditEvent, ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.rancher.errors import NotFound
from registries.rancher.pull_tasks import HOST_LABEL, PullTask
from registries.services.operations import pulls
from registries.services.operations.reconcile import reconcile
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/profiles/staging/pulls/new/"


@pytest.fixture
def browser(browse: Callable[[User], Browser], operator: User) -> Browser:
    return browse(operator)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[PullTask]:
    """What Rancher says of the task, look by look; the last one stays."""
    said: list[PullTask] = []

    def get(self: object, task_id: str) -> PullTask:
        return said.pop(0) if len(said) > 1 else said[0]

    monkeypatch.setattr("registries.rancher.pull_tasks.PullTaskResource.get", get)
    return said


def start(browser: Browser, **fields: str) -> Operation:
    page = browser.get(NEW).content.decode()
    key = re.search(r'name="operation_key" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    form = {"image": "quay.io/team/app:1", "mode": "cached", "operation_key": key} | fields
    first, again = browser.post(NEW, form), browser.post(NEW, form)
    operation = Operation.objects.get(verb="pull")
    assert first.headers["Location"] == again.headers["Location"] == f"/profiles/staging/pulls/{operation.pk}/"
    return operation


def task(state: str, **status: str) -> PullTask:
    return PullTask(id="1go1", state=state, status=status or None)


def test_sends_one_task_with_labels_that_select_hosts(
    browser: Browser, profile: ConnectionProfile, rancher: Rancher
) -> None:
    operation = start(browser, mode="all", host_labels="zone=a, disk=ssd")
    assert rancher.calls("POST .*/pulltasks") == 1
    assert operation.input == {"mode": "all", "hosts": "zone=a, disk=ssd"}
    event = AuditEvent.objects.get(action="image.pull", outcome="begun")
    assert (event.target_name, event.actor_name) == ("quay.io/team/app:1", "operator")
    assert HOST_LABEL == "io.rancher.scheduler.affinity:host_label"


def test_shows_what_each_host_says_and_settles_when_all_have(
    browser: Browser, profile: ConnectionProfile, answers: list[PullTask]
) -> None:
    answers += [task("activating", one="Pulling"), task("active", one="Done", two="unauthorized: <b>no</b>")]
    operation = start(browser)
    url = f"/profiles/staging/pulls/{operation.pk}/"
    waiting = browser.get(url).content.decode()
    assert ("Pulling…" in waiting, "hx-trigger" in waiting) == (True, True)
    over = browser.get(url).content.decode()
    assert ("Pulled" in over, "unauthorized: &lt;b&gt;no" in over, "<b>no" in over) == (True, True, False)
    operation.refresh_from_db()
    assert (operation.state, operation.error_text) == ("failed", "1 of 2 hosts could not pull it.")
    assert "hx-get" not in browser.get(url).content.decode().partition('id="pull-detail"')[2].partition(">")[0]


def test_succeeds_when_every_host_is_done_and_says_when_none_took_part(
    browser: Browser, profile: ConnectionProfile, answers: list[PullTask]
) -> None:
    answers.append(task("active", one="Done"))
    operation = start(browser)
    pulls.read_pull(operation, profile)
    assert operation.state == "succeeded"
    nobody = Operation.objects.create(
        profile=profile, profile_name="x", actor_name="x", verb="pull", target_type="image", target_id="1go2"
    )
    answers[:] = [task("active")]
    pulls.read_pull(nobody, profile)
    assert (nobody.state, nobody.error_reason) == ("failed", "no_host")


def test_stops_waiting_after_a_minute_and_names_who_has_not_answered(
    browser: Browser, profile: ConnectionProfile, answers: list[PullTask]
) -> None:
    answers.append(task("activating", one="Done", two="Pulling"))
    operation = start(browser)
    Operation.objects.update(started_at=operation.started_at - timedelta(seconds=61))
    assert reconcile().settled == 1
    operation.refresh_from_db()
    assert (operation.state, operation.error_reason) == ("failed", "timeout")
    assert "no answer of two" in operation.error_text


def test_a_lost_answer_is_given_up_and_never_sent_again(
    browser: Browser, profile: ConnectionProfile, rancher: Rancher
) -> None:
    rancher.fail("drop_after", match="POST .*/pulltasks", times=1)
    operation = start(browser)
    assert operation.state == "unknown"
    Operation.objects.update(started_at=operation.started_at - timedelta(seconds=61))
    reconcile()
    operation.refresh_from_db()
    assert (operation.state, operation.error_reason) == ("failed", "cannot_be_read")
    assert rancher.calls("POST .*/pulltasks") == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image": ""}, "Name an image"),
        ({"image": "https://quay.io/team/app"}, "Hosts cannot pull this. An image name has no scheme"),
        ({"image": "Team/App:bad tag"}, "Docker takes no such tag"),
        ({"host_labels": "zone"}, "is no label"),
    ],
)
def test_says_what_is_wrong_and_sends_nothing(
    browser: Browser, profile: ConnectionProfile, rancher: Rancher, fields: dict[str, str], said: str
) -> None:
    key = "00000000-0000-4000-9000-000000000001"
    answer = browser.post(NEW, {"image": "a", "mode": "all", "operation_key": key} | fields)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not rancher.calls("POST .*/pulltasks")


def test_a_reader_sees_the_result_and_no_way_to_pull(
    browser: Browser,
    browse: Callable[[User], Browser],
    viewer: User,
    profile: ConnectionProfile,
    answers: list[PullTask],
) -> None:
    answers.append(task("active", one="Done"))
    operation = start(browser)
    reader = browse(viewer)
    page = reader.get(f"/profiles/staging/pulls/{operation.pk}/").content.decode()
    assert ("Pulled" in page, "Pull again" in page) == (True, False)
    assert reader.get(NEW).status_code == 403


def test_reads_a_task_by_its_id_and_by_nothing_else(upstream: Client) -> None:
    made = upstream.pull_tasks.create(image="quay.io/team/app:1", mode="all", host_labels={})
    found = upstream.pull_tasks.get(made.id)
    assert (found.id, found.image, found.mode) == (made.id, "quay.io/team/app:1", "all")
    for junk in ("../registries/1sp1", "1go1?x=y"):
        with pytest.raises(NotFound):
            upstream.pull_tasks.get(junk)
        with pytest.raises(NotFound):
            upstream.audit_logs.of("registry", junk)
