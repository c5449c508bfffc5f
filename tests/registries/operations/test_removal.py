"""Removing an active registry in two steps, whoever dies in between."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.operations import reconcile, removal
from registries.services.operations.outcomes import PROOF_AFTER
from registries.services.operations.registries import change_state
from registries.services.operations.write_requests import WriteRequest
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    return made


@pytest.fixture
def queued(quay: str, upstream: Client, profile: ConnectionProfile, operator: User) -> Operation:
    registry = upstream.registries.get(quay, include_credentials=True)
    request = WriteRequest(uuid4(), "request")
    return change_state(Access(operator, profile, Role.OPERATOR), registry, verb=Operation.Verb.REMOVE, request=request)


def advance(operation: Operation, *, times: int = 1) -> Operation:
    for _ in range(times):
        removal.advance_removal(operation.pk)
    operation.refresh_from_db()
    return operation


def writes(rancher: Rancher) -> tuple[int, int]:
    """How often deactivate and remove were sent."""
    return rancher.calls(r"POST .*action=deactivate"), rancher.calls("DELETE ")


def until_ended(operation: Operation) -> Operation:
    for _ in range(200):
        if not advance(operation).is_open:
            return operation
    raise AssertionError(f"it is still {operation.state} at {operation.step}")


def test_deactivates_waits_and_removes(queued: Operation, rancher: Rancher, upstream: Client) -> None:
    assert queued.step == "queued"
    assert writes(rancher) == (0, 0)
    assert advance(queued).step == "deactivate"
    assert until_ended(queued).state == "succeeded"
    assert writes(rancher) == (1, 1)
    settled(upstream, queued.target_id, "removed")


def test_goes_on_where_a_killed_worker_stopped_between_the_two_steps(
    queued: Operation, rancher: Rancher, upstream: Client
) -> None:
    advance(queued)  # deactivated; then the worker is killed and its task never comes back
    settled(upstream, queued.target_id, "inactive")
    Operation.objects.filter(pk=queued.pk).update(touched_at=timezone.now() - removal.STUCK_AFTER)
    for _ in range(50):
        reconcile.reconcile()
        Operation.objects.filter(pk=queued.pk).update(touched_at=timezone.now() - removal.STUCK_AFTER)
        queued.refresh_from_db()
        if not queued.is_open:
            break
    assert queued.state == "succeeded"
    assert writes(rancher) == (1, 1)


@pytest.mark.parametrize("match", ["POST .*action=deactivate", "DELETE "])
@pytest.mark.parametrize("fault", ["drop_after", "reset"])
def test_sends_no_step_twice_when_its_answer_is_lost(
    queued: Operation, rancher: Rancher, match: str, fault: str
) -> None:
    rancher.fail(fault, match=match, times=1, apply=True)
    assert until_ended(queued).state == "succeeded"
    assert writes(rancher) == (1, 1)


def test_says_what_is_known_when_a_step_was_lost_before_it_was_applied(queued: Operation, rancher: Rancher) -> None:
    rancher.fail("drop_before", match="DELETE ", times=1)
    for _ in range(100):
        if advance(queued).step == "remove":
            break
    long_ago = timezone.now() - PROOF_AFTER - timedelta(seconds=1)
    Operation.objects.filter(pk=queued.pk).update(stepped_at=long_ago)
    assert until_ended(queued).state == "failed"
    assert "inactive, but it was not removed" in queued.error_text
    assert writes(rancher) == (1, 0)


def test_goes_on_after_rancher_was_away(queued: Operation, rancher: Rancher) -> None:
    rancher.fail("status", status=500, times=6)
    advance(queued, times=3)
    assert queued.is_open
    assert until_ended(queued).state == "succeeded"
    assert writes(rancher) == (1, 1)


def test_ends_when_somebody_else_removed_it_first(queued: Operation, rancher: Rancher, upstream: Client) -> None:
    upstream.registries.act(queued.target_id, "deactivate")
    settled(upstream, queued.target_id, "inactive")
    upstream.registries.remove(queued.target_id)
    settled(upstream, queued.target_id, "removed")
    assert advance(queued).state == "succeeded"
    assert writes(rancher) == (1, 1)  # both of them somebody else's


def test_two_workers_at_once_send_each_step_once(queued: Operation, rancher: Rancher, upstream: Client) -> None:
    first, second = (Operation.objects.get(pk=queued.pk) for _ in range(2))
    assert first.profile is not None
    for operation in (first, second):
        removal._deactivate(operation, first.profile)
    assert writes(rancher) == (1, 0)


def test_stops_when_the_keys_are_rejected(queued: Operation, rancher: Rancher) -> None:
    rancher.sandbox.switch_key("env", active=False)
    assert advance(queued).state == "failed"
    assert "Nothing was changed" in queued.error_text


def test_finds_only_removals_that_nobody_looks_at(
    queued: Operation, make_profile: Callable[..., ConnectionProfile]
) -> None:
    assert removal.find_stuck_removals() == []
    Operation.objects.filter(pk=queued.pk).update(touched_at=timezone.now() - timedelta(minutes=1))
    assert removal.find_stuck_removals() == [queued.pk]
