"""What gets into the audit log, and that nothing happens that can't get there."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from django.test import Client as Browser

from dashboard.events import Event
from dashboard.people.models import User
from registries.models import AllowedTarget, AuditEvent, AuditHead, ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.services.audit.chain_check import verify_audit_log
from registries.services.audit.write import write_audit_event, write_outcome
from registries.services.upstream import targets
from tests import audit_table
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"
KEY = "0f7a1c9e-5f7e-4f0e-9d53-0d5c7f0a1b2c"
FORM = {"operation_key": KEY, "server_address": "quay.io", "name": "Quay", "reason": "CHG-42"}


def events() -> list[AuditEvent]:
    return list(audit_table.events())


def test_a_change_has_a_row_before_it_is_sent_and_one_for_its_outcome(
    browse: Callable[[User], Browser], operator: User, upstream: Client
) -> None:
    answer = browse(operator).post(f"{LIST}new/", FORM, REMOTE_ADDR="192.0.2.7")
    operation = Operation.objects.get()
    settled(upstream, operation.target_id, "active")
    browse(operator).get(answer["Location"])
    begun, ended = (one for one in events() if one.action == "registry.create")
    assert (begun.outcome, ended.outcome) == ("begun", "succeeded")
    for row in (begun, ended):
        assert (row.actor_name, row.role, row.address, row.reason) == ("operator", "operator", "192.0.2.7", "CHG-42")
        assert (row.profile_name, row.target_name, row.operation_id) == ("Staging", "quay.io", operation.pk)
        assert row.request_id == operation.request_id
    assert (begun.target_id, ended.target_id) == ("", operation.target_id)
    assert ended.after_values["server_address"] == "quay.io"
    assert verify_audit_log().ok


def test_nothing_is_sent_when_nothing_can_be_put_on_record(
    browse: Callable[[User], Browser], operator: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    write_audit_event(Event(action="team.rename", actor_name="alice"))
    AuditHead.objects.all().delete()  # the log is broken
    browser = browse(operator)
    browser.raise_request_exception = False
    rancher.sandbox.lines.clear()
    assert browser.post(f"{LIST}new/", FORM).status_code == 500
    assert (rancher.calls("^POST"), Operation.objects.count()) == (0, 0)


def test_a_refused_attempt_is_on_record_with_its_sentence(
    browse: Callable[[User], Browser], viewer: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    assert browse(viewer).post(f"{LIST}new/", FORM).status_code == 403
    row = events()[-1]
    assert (row.outcome, row.action, row.actor_name, row.role) == ("refused", "page.send", "viewer", "viewer")
    assert (row.profile_name, row.target_name) == ("Staging", f"{LIST}new/")
    assert "this takes the role operator" in row.reason


def test_a_look_at_what_is_hidden_is_on_record_and_what_is_not_there_is_not(
    browse: Callable[[User], Browser], make_user: Callable[..., User], profile: ConnectionProfile
) -> None:
    stranger = browse(make_user("stranger"))
    assert stranger.get(LIST).status_code == 404
    assert stranger.get("/profiles/none/registries/").status_code == 404
    refused = [one for one in events() if one.outcome == "refused"]
    assert [(one.actor_name, one.profile_name, one.target_name) for one in refused] == [("stranger", "Staging", LIST)]


def test_an_admins_page_refused_to_others_is_on_record(browse: Callable[[User], Browser], viewer: User) -> None:
    assert browse(viewer).get("/targets/").status_code == 403
    assert [(one.outcome, one.target_name) for one in events()][-1] == ("refused", "/targets/")


def test_a_form_without_its_token_is_on_record(viewer: User) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(viewer)
    assert browser.post("/theme/", {"theme": "dark"}).status_code == 403
    assert (events()[-1].outcome, events()[-1].actor_name) == ("refused", "viewer")


def test_allowing_and_forbidding_a_target_is_on_record(admin: User) -> None:
    target = AllowedTarget(scheme="https", host="rancher.example.com", ports="443")
    targets.allow_target(admin, target)
    targets.remove_target(admin, target, reason="gone")
    allowed, removed = events()
    assert (allowed.action, allowed.after_values["host"]) == ("target.allow", "rancher.example.com")
    assert (removed.action, removed.before_values["ports"], removed.reason) == ("target.remove", "443", "gone")
    assert {allowed.role, removed.role} == {"admin"}


def test_text_that_no_database_stores_does_not_stop_the_log() -> None:
    row = write_audit_event(
        Event(action="sign-in", actor_name="a\0b\ud800", target_name="x" * 20_000, after={"name": "\0\ud800"})
    )
    row.refresh_from_db()
    assert verify_audit_log().ok
    assert len(row.target_name) == 10_000


def test_many_writers_make_one_chain_without_gaps(transactional_db: None) -> None:
    """Threads on connections of their own, as the workers of a web server have."""
    failures: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(10):
                write_audit_event(Event(action="team.rename", actor_name=f"writer {number}"))
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (verify_audit_log().ok, verify_audit_log().rows) == (True, 81)


def test_the_outcome_of_an_operation_that_has_no_first_row_is_left_out() -> None:
    """It was begun before there was an audit log."""
    write_outcome(Operation.objects.create(profile_name="x", actor_name="alice", verb="create", state="succeeded"))
    assert events() == []
