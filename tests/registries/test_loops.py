"""Every step of every loop may fail, and the others go on."""

from functools import partial
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.management.commands import reconcile as command
from registries.models import Alert, ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.notifications import delivery
from registries.services.operations import lifecycle, pulls, reconcile
from registries.services.operations.lifecycle import Intent
from tests.registries.conftest import settled

pytestmark = pytest.mark.django_db(transaction=True)


def fail(*_: object, **__: object) -> None:
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
