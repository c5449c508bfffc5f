"""Every step of every loop may fail, and the others go on."""

from datetime import timedelta
from functools import partial
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.management.commands import reconcile as command
from registries.models import Alert, ConnectionProfile, CredentialStatus, Operation
from registries.outbound.errors import Unreachable
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.notifications import delivery
from registries.services.operations import lifecycle, pulls, reconcile, removal
from registries.services.operations.lifecycle import Intent
from registries.services.operations.settlement import settle, settle_with
from registries.services.verification import schedule
from tests.registries.conftest import settled

LONG_AGO = timezone.now() - timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


def fail(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("a planted fault")


@pytest.mark.parametrize("broken", [*command.STEPS, "settle operations"])
def test_the_beat_outlives_each_of_its_steps(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    ran: list[str] = []
    for name in command.STEPS:
        monkeypatch.setitem(command.STEPS, name, fail if name == broken else partial(ran.append, name))
    if broken == "settle operations":
        monkeypatch.setattr(reconcile, "reconcile", fail)
    with pytest.raises(CommandError, match=broken):
        call_command("reconcile")
    assert ran == [name for name in command.STEPS if name != broken]


def lost(profile: ConnectionProfile, user: User, registry_id: str) -> Operation:
    intent = Intent(Operation.Verb.DEACTIVATE, uuid4(), "r", target_id=registry_id)
    operation, _ = lifecycle.begin(Access(user, profile, Role.OPERATOR), intent)
    Operation.objects.filter(pk=operation.pk).update(state="unknown")
    return operation


def test_a_bad_pull_costs_no_other_operation_its_end(
    profile: ConnectionProfile, operator: User, upstream: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    upstream.registries.act(made, "deactivate")
    settled(upstream, made, "inactive")
    other = lost(profile, operator, made)
    for name in ("first", "second"):
        Operation.objects.create(
            profile=profile, actor=operator, verb="pull", target_id=name, accepted_at=timezone.now()
        )
    seen: list[str] = []

    def look(operation: Operation, _: ConnectionProfile) -> dict[str, str]:
        seen.append(operation.target_id)
        raise ValueError(operation.target_id)

    monkeypatch.setattr(pulls, "read_pull", look)
    reconcile.reconcile()
    assert seen == ["second", "first"]
    other.refresh_from_db()
    assert other.state == "succeeded"


def test_a_profile_that_fails_costs_no_other(
    profile: ConnectionProfile, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(profile, operator, "1sp1")
    monkeypatch.setattr(lifecycle, "settle_open", fail)
    failed: list[str] = []
    done = reconcile.reconcile(failed)
    assert (done.looked_at, done.settled, done.unreadable) == (1, 0, 1)
    assert failed == [f"settle {profile.slug}"]


@pytest.mark.parametrize("verb", ["deactivate", "pull"])
def test_an_operation_that_fails_costs_no_other_of_its_profile(
    profile: ConnectionProfile, operator: User, upstream: Client, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """The first one's target raises what nobody expects; the others are settled, in whichever of the two loops."""
    made = [upstream.registries.create(server_address=address).id for address in ("quay.io", "ghcr.io")]
    for rancher_id in made:
        settled(upstream, rancher_id, "active")
        upstream.registries.act(rancher_id, "deactivate")
        settled(upstream, rancher_id, "inactive")
    first, second = (lost(profile, operator, rancher_id) for rancher_id in made)
    if verb == "pull":
        monkeypatch.setattr(lifecycle, "open_operations", fail)
    pull = Operation.objects.create(profile=profile, verb="pull", target_id="1pi1", accepted_at=timezone.now())
    Operation.objects.filter(pk=pull.pk).update(started_at=timezone.now() - 2 * pulls.LONGEST)

    def settle_others(operation: Operation, *args: Any) -> bool:
        return fail() if operation.pk == first.pk else settle_with(operation, *args)

    monkeypatch.setattr(lifecycle, "settle_with", settle_others)
    failed: list[str] = []
    done = reconcile.reconcile(failed)
    for operation in (first, second, pull):
        operation.refresh_from_db()
    assert first.is_open
    if verb == "pull":
        assert (failed, done.unreadable) == ([f"settle {profile.slug}"], 2)
    else:
        assert (failed, second.state) == ([], "succeeded")
    assert (pull.state, pull.error_reason) == ("failed", "cannot_be_read")  # Rancher has no such task


def test_a_removal_that_fails_keeps_no_other_waiting(
    profile: ConnectionProfile, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for target_id in ("1sp1", "1sp2"):
        Operation.objects.create(
            profile=profile, actor=operator, verb="remove", step="queued", target_id=target_id, touched_at=LONG_AGO
        )
    seen: list[int] = []

    def advance(operation_id: int) -> None:
        seen.append(operation_id)
        fail()

    monkeypatch.setattr(removal, "advance_removal", advance)
    failed: list[str] = []
    reconcile.reconcile(failed)
    assert len(seen) == 2
    assert [name for name in failed if name.startswith("resume removal")] == [f"resume removal {pk}" for pk in seen]


def test_an_orphan_that_fails_keeps_no_other_open(
    profile: ConnectionProfile, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (lost(profile, operator, rancher_id) for rancher_id in ("1sp1", "1sp2"))
    profile.delete()
    monkeypatch.setattr(
        reconcile,
        "settle",
        lambda orphan, *args, **fields: fail() if orphan.pk == second.pk else settle(orphan, *args, **fields),
    )
    failed: list[str] = []
    reconcile.reconcile(failed)
    first.refresh_from_db()
    assert (first.state, first.error_reason, failed) == ("failed", "profile_removed", [f"end operation {second.pk}"])


def test_a_dead_rancher_is_asked_once_for_all_pulls(
    profile: ConnectionProfile, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def read(operation: Operation, _: ConnectionProfile) -> NoReturn:
        asked.append(operation.pk)
        raise Unreachable("timeout")

    monkeypatch.setattr(pulls, "read_pull", read)
    for number in (1, 2):
        Operation.objects.create(
            profile=profile, actor=operator, verb="pull", target_id=f"1pi{number}", accepted_at=timezone.now()
        )
    failed: list[str] = []
    done = reconcile.reconcile(failed)
    assert (done.unreadable, failed, len(asked)) == (2, [], 1)


def test_a_credential_that_fails_keeps_no_other_from_being_verified(
    profile: ConnectionProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        CredentialStatus.objects.create(
            profile=profile,
            registry_id="1sp1",
            credential_id=f"1c{number}",
            server_address=address,
            next_check_at=timezone.now(),
        )
        for number, address in ((1, "odd.example"), (2, "fine.example"))
    )
    host_of = schedule._host_of
    monkeypatch.setattr(schedule, "_host_of", lambda status: fail() if status.pk == first.pk else host_of(status))
    assert schedule.enqueue_due() == 1
    seen: list[int] = []

    def verify(status_id: int) -> NoReturn:
        seen.append(status_id)
        fail()

    monkeypatch.setattr(schedule, "_verify_in_turn", verify)
    schedule.verify_one_by_one([first.pk, second.pk])
    assert seen == [first.pk, second.pk]


def test_an_alert_that_fails_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("first", "second"):
        Alert.objects.create(kind=Alert.Kind.TEST, title=title, next_try_at=timezone.now())
    seen: list[str] = []

    def deliver(alert: Alert) -> bool:
        seen.append(alert.title)
        if alert.title == "first":
            fail()
        return True

    monkeypatch.setattr(delivery, "deliver", deliver)
    assert delivery.deliver_due() == 1
    assert seen == ["first", "second"]
