"""Whatever fails once a write was sent, nobody is told to send it again."""

import uuid
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.test import Client as Browser

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.roles import Role
from registries.services.operations import lifecycle
from registries.services.operations.credentials import create_credential
from registries.services.operations.lifecycle import Intent
from registries.services.operations.write_requests import ActionUnavailable, WriteRequest
from registries.services.upstream.connection import ProfileUnusable
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def access(profile: ConnectionProfile, operator: User) -> Access:
    return Access(operator, profile, Role.OPERATOR)


@pytest.fixture
def web(browse: Callable[[User], Browser], operator: User) -> Browser:
    return browse(operator)


@pytest.mark.parametrize("error", [OperationalError("database or disk is full"), RuntimeError("a fault of ours")])
def test_says_that_it_was_sent_when_what_follows_fails(
    web: Browser,
    profile: ConnectionProfile,
    rancher: Rancher,
    upstream: Client,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(lifecycle, "accept", fail)
    web.raise_request_exception = False
    form = {"operation_key": str(uuid.uuid4()), "server_address": "quay.io"}
    answer = web.post("/profiles/staging/registries/new/", form)
    monkeypatch.undo()
    operation = Operation.objects.get()
    shown = answer.content.decode()
    assert answer.status_code == 503
    assert f"Operation {operation.pk} was sent" in shown
    assert "Don't send it again" in shown.replace("&#x27;", "'")
    assert len(upstream.registries.list_all().items) == 1
    assert web.get("/profiles/staging/registries/").status_code == 200


def test_a_failure_before_anything_was_sent_asks_to_send_it_again(
    web: Browser, profile: ConnectionProfile, rancher: Rancher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(lifecycle, "begin", fail)
    web.raise_request_exception = False
    form = {"operation_key": str(uuid.uuid4()), "server_address": "quay.io"}
    answer = web.post("/profiles/staging/registries/new/", form)
    assert answer.status_code == 503
    assert "send it again" in answer.content.decode()
    assert rancher.calls("POST .*/registries$") == 0


def test_refuses_a_credential_for_a_removed_registry_before_the_call(
    access: Access, rancher: Rancher, upstream: Client
) -> None:
    made = upstream.registries.create(server_address="quay.io")
    settled(upstream, made.id, "active")
    upstream.registries.act(made.id, "deactivate")
    settled(upstream, made.id, "inactive")
    upstream.registries.remove(made.id)
    settled(upstream, made.id, "removed")
    removed = upstream.registries.get(made.id)
    fields = {"public_value": "ann", "secret_value": "x", "name": None, "description": None}
    with pytest.raises(ActionUnavailable, match="removed"):
        create_credential(access, removed, request=WriteRequest(uuid.uuid4(), "r"), fields=fields)
    assert not Operation.objects.exists()
    assert rancher.calls("POST .*/registrycredentials$") == 0


def test_sends_nothing_for_a_profile_that_was_removed_a_moment_ago(access: Access) -> None:
    stale = Access(access.user, ConnectionProfile.objects.get(pk=access.profile.pk), Role.OPERATOR)
    access.profile.delete()
    with pytest.raises(ProfileUnusable):
        lifecycle.begin(stale, Intent(Operation.Verb.CREATE, uuid.uuid4(), "r"))
    assert not Operation.objects.exists()
