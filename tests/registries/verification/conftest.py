"""A registry on loopback that takes one password, and a profile that keeps copies of its credentials."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dashboard.people.models import User
from registries.access import Access
from registries.models import AllowedTarget, ConnectionProfile, CredentialStatus
from registries.roles import Role
from registries.services.verification import schedule
from registries.services.verification.verify import Login
from tests.oci.servers import VERSION, Asked, Reply, Server, serving

USER, SECRET = "ann", "correct horse battery"
Watch = Callable[..., CredentialStatus]


class Registry:
    """Takes one password over plain http; or answers `reply`, if that is set."""

    def __init__(self) -> None:
        self.secret = SECRET
        self.reply: Reply | None = None
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.lingers, self.never = False, threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.lingers:
                self.never.wait(0.05)
            if self.reply:
                return self.reply
            if asked.login == f"{USER}:{self.secret}":
                return Reply(headers=VERSION)
            return Reply(401, VERSION | {"WWW-Authenticate": "Basic"})
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def server(registry: Registry) -> Iterator[Server]:
    with serving(registry) as running:
        yield running


@pytest.fixture
def _allowed(db: None) -> None:
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="http", host="127.0.0.1")


@pytest.fixture
def profile(make_profile: Callable[..., ConnectionProfile], _allowed: None) -> ConnectionProfile:
    return make_profile(name="Staging", slug="staging", keeps_copies=True)


@pytest.fixture
def access(profile: ConnectionProfile, operator: User) -> Access:
    return Access(operator, profile, Role.OPERATOR)


@pytest.fixture
def watch(profile: ConnectionProfile, server: Server) -> Callable[..., CredentialStatus]:
    """Keeps a copy that is due."""

    def watch(credential_id: str = "1rc1", **fields: Any) -> CredentialStatus:
        values = {
            "profile": profile,
            "registry_id": "1r1",
            "credential_id": credential_id,
            "server_address": server.address,
            "public_value": USER,
            "secret": SECRET,
            "next_check_at": timezone.now() - timedelta(seconds=1),
        }
        return CredentialStatus.objects.create(**(values | fields))

    return watch


def fresh(watched: CredentialStatus) -> CredentialStatus:
    return CredentialStatus.objects.select_related("profile").get(pk=watched.pk)


def run_now(watched: CredentialStatus) -> CredentialStatus:
    """One round of the schedule, as if the time had come."""
    schedule.verify_one_by_one([watched.pk])
    return fresh(watched)


def login(server: Server, **fields: Any) -> Login:
    return Login(**({"server_address": server.address, "user": USER, "secret": SECRET} | fields))
