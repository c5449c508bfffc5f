"""What a reading proves about an operation, and that no outcome is guessed."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.rancher.errors import ServerFault
from registries.rancher.types import Registry
from registries.roles import Role
from registries.services.operations import lifecycle, reconcile
from registries.services.operations.lifecycle import Intent, KeyTaken, Verb
from registries.services.operations.outcomes import decide_outcome
from tests.registries.conftest import Rancher

LONG_AGO, JUST_NOW = timedelta(minutes=1), timedelta()


def operation(
    verb: str, state: str = "unknown", *, age: timedelta = LONG_AGO, accepted: bool = False, **fields: object
) -> Operation:
    started_at = timezone.now() - age
    accepted_at = started_at if accepted else None
    return Operation(verb=verb, state=state, started_at=started_at, accepted_at=accepted_at, target_id="1sp1", **fields)


def registry(state: str, **fields: object) -> Registry:
    moves = "yes" if state.endswith("ing") else "no"
    return Registry(id="1sp1", state=state, **({"transitioning": moves} | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verb", "state", "outcome"),
    [
        ("create", "registering", None),
        ("create", "active", "succeeded"),
        ("activate", "activating", None),
        ("activate", "active", "succeeded"),
        ("activate", "inactive", "failed"),
        ("deactivate", "inactive", "succeeded"),
        ("deactivate", "active", "failed"),
        ("remove", "removing", None),
        ("remove", "removed", "succeeded"),
        ("remove", "inactive", "failed"),
        ("purge", "removed", "failed"),
        ("purge", "purging", None),
        ("purge", "purged", "succeeded"),
        ("restore", "restoring", None),
        ("restore", "inactive", "succeeded"),
        ("restore", "removed", "failed"),
        ("activate", "removed", "failed"),
    ],
)
def test_says_what_the_state_proves_long_after_the_call(verb: str, state: str, outcome: str | None) -> None:
    found = decide_outcome(operation(verb), registry(state))
    assert (found.state if found else None) == outcome


@pytest.mark.parametrize(
    ("verb", "state"),
    [("activate", "inactive"), ("deactivate", "active"), ("remove", "inactive"), ("purge", "removed")],
)
def test_takes_not_yet_for_no_proof_while_a_lost_call_may_still_arrive(verb: str, state: str) -> None:
    assert decide_outcome(operation(verb, age=JUST_NOW), registry(state)) is None


@pytest.mark.parametrize("verb", ["remove", "purge"])
def test_takes_a_registry_that_rancher_does_not_know_for_gone(verb: str) -> None:
    found = decide_outcome(operation(verb), None)
    assert found is not None
    assert found.state == "succeeded"


def test_tells_an_applied_update_from_one_that_was_not_and_from_somebody_elses() -> None:
    update = operation("update", input={"name": "new"}, before={"name": "old"})
    outcomes = [decide_outcome(update, registry("active", name=name)) for name in ("new", "old", "another")]
    assert [found and (found.state, found.error_reason) for found in outcomes] == [
        ("succeeded", ""),
        ("failed", "not_applied"),
        ("failed", "changed_meanwhile"),
    ]


def test_takes_ranchers_own_error_for_a_failure() -> None:
    found = decide_outcome(
        operation("create", "pending", accepted=True), registry("registering", transitioning="error")
    )
    assert found is not None
    assert (found.state, found.error_reason) == ("failed", "rancher_error")


def test_leaves_a_call_that_is_still_out_alone() -> None:
    assert decide_outcome(operation("activate", "pending", age=JUST_NOW), registry("inactive")) is None


@pytest.mark.django_db(transaction=True)
class TestInTheDatabase:
    def test_is_settled_once_whoever_comes_second(self, profile: ConnectionProfile, operator: User) -> None:
        made, is_new = lifecycle.begin(Access(operator, profile, Role.OPERATOR), Intent(Verb.CREATE, uuid4(), "r"))
        other = Operation.objects.get(pk=made.pk)
        assert is_new
        assert made.settle(Operation.State.SUCCEEDED)
        assert not other.settle(Operation.State.FAILED)
        assert other.state == "succeeded"

    def test_gives_nobody_elses_operation_for_a_key(
        self, profile: ConnectionProfile, operator: User, viewer: User
    ) -> None:
        intent = Intent(Verb.CREATE, uuid4(), "r")
        lifecycle.begin(Access(operator, profile, Role.OPERATOR), intent)
        with pytest.raises(KeyTaken):
            lifecycle.begin(Access(viewer, profile, Role.VIEWER), intent)

    def test_finds_a_lost_create_by_its_address_among_what_is_new(
        self, profile: ConnectionProfile, operator: User, upstream: Client
    ) -> None:
        old = upstream.registries.create(server_address="old.example").id
        intent = Intent(
            Verb.CREATE, uuid4(), "r", input={"server_address": "Quay.io"}, before={"ids": [old]}, target_name="Quay.io"
        )
        made, _ = lifecycle.begin(Access(operator, profile, Role.OPERATOR), intent)
        lifecycle.fail(made, profile, ServerFault(502, maybe_applied=True))
        new = upstream.registries.create(server_address="quay.io").id
        lifecycle.settle_open(profile)
        made.refresh_from_db()
        assert (made.state, made.target_id) == ("succeeded", new)

    def test_reconciles_every_profile_though_one_rancher_is_gone(
        self, make_profile: Callable[..., ConnectionProfile], operator: User, rancher: Rancher
    ) -> None:
        dead = make_profile(base_url="http://127.0.0.1:9")
        alive = make_profile()
        for profile in (dead, alive):
            intent = Intent(Verb.CREATE, uuid4(), "r", input={"server_address": "quay.io"})
            made, _ = lifecycle.begin(Access(operator, profile, Role.OPERATOR), intent)
            lifecycle.fail(made, profile, ServerFault(502, maybe_applied=True))
        Operation.objects.update(started_at=timezone.now() - LONG_AGO)
        done = reconcile.reconcile()
        assert (done.looked_at, done.settled, done.unreadable) == (2, 1, 1)
        assert Operation.objects.get(profile=alive).state == "failed"
        assert Operation.objects.get(profile=dead).state == "unknown"

    def test_ends_what_nobody_can_read_any_more_when_its_profile_was_removed(
        self, profile: ConnectionProfile, operator: User
    ) -> None:
        made, _ = lifecycle.begin(Access(operator, profile, Role.OPERATOR), Intent(Verb.CREATE, uuid4(), "r"))
        profile.delete()
        reconcile.reconcile()
        made.refresh_from_db()
        assert (made.state, made.error_reason, made.profile_name) == ("failed", "profile_removed", "Staging")
