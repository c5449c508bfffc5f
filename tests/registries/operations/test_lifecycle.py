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
from registries.services.inventory.reading import read_registries
from registries.services.operations import lifecycle, reconcile
from registries.services.operations.lifecycle import Intent, KeyTaken, Verb
from registries.services.operations.outcomes import ReadStart, decide_outcome
from tests.registries.conftest import Rancher, settled

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


def seen_now(serial: int = 1) -> ReadStart:
    return ReadStart(serial, timezone.now())


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
    found = decide_outcome(operation(verb), registry(state), seen_now())
    assert (found.state if found else None) == outcome


@pytest.mark.parametrize(
    ("verb", "state"),
    [("activate", "inactive"), ("deactivate", "active"), ("remove", "inactive"), ("purge", "removed")],
)
def test_takes_not_yet_for_no_proof_while_a_lost_call_may_still_arrive(verb: str, state: str) -> None:
    assert decide_outcome(operation(verb, age=JUST_NOW), registry(state), seen_now()) is None


@pytest.mark.parametrize("verb", ["remove", "purge"])
def test_takes_a_registry_that_rancher_does_not_know_for_gone(verb: str) -> None:
    found = decide_outcome(operation(verb), None, seen_now())
    assert found is not None
    assert found.state == "succeeded"


def test_tells_an_applied_update_from_one_that_was_not_and_from_somebody_elses() -> None:
    update = operation("update", input={"name": "new"}, before={"name": "old"})
    outcomes = [decide_outcome(update, registry("active", name=name), seen_now()) for name in ("new", "old", "another")]
    assert [found and (found.state, found.error_reason) for found in outcomes] == [
        ("succeeded", ""),
        ("failed", "not_applied"),
        ("failed", "changed_meanwhile"),
    ]


def test_takes_ranchers_own_error_for_a_failure() -> None:
    found = decide_outcome(
        operation("create", "pending", accepted=True), registry("registering", transitioning="error"), seen_now()
    )
    assert found is not None
    assert (found.state, found.error_reason) == ("failed", "rancher_error")


def test_leaves_a_call_that_is_still_out_alone() -> None:
    assert decide_outcome(operation("activate", "pending", age=JUST_NOW), registry("inactive"), seen_now()) is None


@pytest.mark.parametrize("verb", ["activate", "deactivate", "purge"])
def test_a_look_from_before_the_answer_was_noted_disproves_nothing(verb: str) -> None:
    state = {"activate": "inactive", "deactivate": "active", "purge": "removed"}[verb]
    accepted = operation(verb, "pending", accepted=True, noted_serial=7)
    assert decide_outcome(accepted, registry(state), seen_now(serial=6)) is None
    found = decide_outcome(accepted, registry(state), seen_now(serial=7))
    assert found is not None
    assert (found.state, found.error_reason) == ("failed", "not_in_effect")


def test_a_look_that_began_while_a_lost_call_could_arrive_disproves_nothing_later() -> None:
    lost = operation("activate", age=LONG_AGO)
    early = ReadStart(1, lost.started_at + timedelta(seconds=5))
    assert decide_outcome(lost, registry("inactive"), early) is None


def test_a_clock_that_was_set_back_keeps_nothing_open() -> None:
    ahead = operation("activate", age=-timedelta(minutes=15))
    found = decide_outcome(ahead, registry("inactive"), seen_now())
    assert found is not None
    assert found.state == "failed"


@pytest.mark.django_db(transaction=True)
class TestInTheDatabase:
    def test_a_list_read_before_a_write_and_judged_after_it_ends_nothing(
        self, profile: ConnectionProfile, operator: User, upstream: Client
    ) -> None:
        """A list that somebody began to read before the write is judged once Rancher has accepted it."""
        registry_id = upstream.registries.create(server_address="quay.io").id
        settled(upstream, registry_id, "active")
        reader = ConnectionProfile.objects.get(pk=profile.pk)
        operation, _ = lifecycle.begin(
            Access(operator, profile, Role.OPERATOR),
            Intent(Verb.DEACTIVATE, uuid4(), "r", target_id=registry_id),
        )
        early = read_registries(reader, fresh=True)
        lifecycle.accept(operation, profile, upstream.registries.act(registry_id, "deactivate"))
        lifecycle.settle_from_reading(lifecycle.open_operations(profile), early)
        operation.refresh_from_db()
        assert operation.state == "pending"
        settled(upstream, registry_id, "inactive")
        lifecycle.settle_open(ConnectionProfile.objects.get(pk=profile.pk))
        operation.refresh_from_db()
        assert operation.state == "succeeded"

    def test_a_lost_create_claims_nothing_that_another_operation_made(
        self, profile: ConnectionProfile, operator: User, upstream: Client
    ) -> None:
        access = Access(operator, profile, Role.OPERATOR)
        fields = {"server_address": "quay.io", "name": None, "description": None}
        lost, _ = lifecycle.begin(access, Intent(Verb.CREATE, uuid4(), "r", input=fields, before={"count": 0}))
        lifecycle.fail(lost, profile, ServerFault(502, maybe_applied=True))
        other, _ = lifecycle.begin(access, Intent(Verb.CREATE, uuid4(), "r", input=fields, before={"count": 0}))
        lifecycle.accept(other, profile, upstream.registries.create(server_address="quay.io"))
        Operation.objects.filter(pk=lost.pk).update(started_at=timezone.now() - LONG_AGO)
        lifecycle.settle_open(ConnectionProfile.objects.get(pk=profile.pk))
        lost.refresh_from_db()
        assert (lost.state, lost.target_id) == ("failed", "")

    def test_a_lost_credential_of_a_registry_that_is_gone_has_an_end(
        self, profile: ConnectionProfile, operator: User, upstream: Client
    ) -> None:
        registry_id = upstream.registries.create(server_address="quay.io").id
        settled(upstream, registry_id, "active")
        intent = Intent(
            Verb.CREATE,
            uuid4(),
            "r",
            target_type="credential",
            registry_id=registry_id,
            input={"public_value": "ann"},
            before={"count": 0},
        )
        lost, _ = lifecycle.begin(Access(operator, profile, Role.OPERATOR), intent)
        lifecycle.fail(lost, profile, ServerFault(502, maybe_applied=True))
        upstream.registries.act(registry_id, "deactivate")
        settled(upstream, registry_id, "inactive")
        upstream.registries.remove(registry_id)
        Operation.objects.filter(pk=lost.pk).update(started_at=timezone.now() - LONG_AGO)
        lifecycle.settle_open(ConnectionProfile.objects.get(pk=profile.pk))
        lost.refresh_from_db()
        assert lost.state == "failed"

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
