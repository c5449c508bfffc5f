"""A running sandbox Rancher, profiles for it, and people with their roles."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile, Membership
from registries.rancher.client import Client
from registries.roles import Role
from registries.sandbox.answers import Answer
from registries.sandbox.faults import Fault, FaultPlan
from registries.sandbox.sandbox import Sandbox
from registries.sandbox.seed import new_state
from registries.sandbox.server import running
from registries.services.upstream import connection
from tests.signing_in import prove

PASSWORD = "a long enough passphrase"
TRANSITION_MS = 60
_numbers = itertools.count(1)


@dataclass
class Rancher:
    """A sandbox Rancher on loopback with two empty projects, and its faults on demand."""

    base_url: str
    sandbox: "CountingSandbox"
    faults: FaultPlan

    def calls(self, pattern: str = "") -> int:
        """How many requests came whose `METHOD /path` matches."""
        return sum(bool(re.search(pattern, line)) for line in self.sandbox.lines)

    def fail(self, fault: str, match: str = "", **options: Any) -> None:
        self.faults.add(Fault(fault=fault, match=match, **options))


class CountingSandbox(Sandbox):
    """Keeps the request lines that reached it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[str] = []
        self.goes_on = threading.Event()  # cleared: no request is answered until it is set again
        self.goes_on.set()

    def handle(self, method: str, path: str, *args: Any, **kwargs: Any) -> Answer:
        self.lines.append(f"{method} {path}")
        self.goes_on.wait()
        return super().handle(method, path, *args, **kwargs)

    def secrets(self) -> list[str]:
        """What is stored as the secrets of credentials, oldest first: what hosts would pull with."""
        return [row.fields["secretValue"] for _, row in sorted(self.state.credentials.items())]


@pytest.fixture
def rancher() -> Iterator[Rancher]:
    yield from standing("1.6")


@pytest.fixture
def rancher_14() -> Iterator[Rancher]:
    """The generation that offers `restore`."""
    yield from standing("1.4")


def standing(generation: str) -> Iterator[Rancher]:
    sandbox = CountingSandbox(
        new_state("empty", generation=generation, now=time.time()), transition_ms=TRANSITION_MS, purge_after_ms=60_000
    )
    faults = FaultPlan()
    with running(sandbox, faults=faults) as server:
        yield Rancher(server.base_url, sandbox, faults)


@pytest.fixture
def loopback(db: None) -> AllowedTarget:
    return AllowedTarget.objects.create(scheme="http", host="127.0.0.1")


@pytest.fixture
def make_profile(loopback: AllowedTarget, rancher: Rancher) -> Callable[..., ConnectionProfile]:
    """Makes a profile of the sandbox's first project; `role` names the key that it uses."""

    def make(*, role: str = "env", server: Rancher | None = None, **fields: Any) -> ConnectionProfile:
        server = server or rancher
        access_key, secret_key = server.sandbox.keys[role]
        number = next(_numbers)
        values = {
            "name": f"Profile {number}",
            "slug": f"profile-{number}",
            "base_url": server.base_url,
            "project_id": "1a5",
            "access_key": access_key,
            "secret_key": secret_key,
        }
        return ConnectionProfile.objects.create(**(values | fields))

    return make


@pytest.fixture
def profile(make_profile: Callable[..., ConnectionProfile]) -> ConnectionProfile:
    return make_profile(name="Staging", slug="staging")


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(name: str, *, site_role: str = "", role: Role | None = None, profile: Any = None) -> User:
        user = User.objects.create_user(name, password=PASSWORD, site_role=site_role)
        if role:
            Membership.objects.create(user=user, profile=profile, role=role)
        return user

    return make


@pytest.fixture
def operator(make_user: Callable[..., User], profile: ConnectionProfile) -> User:
    return make_user("operator", role=Role.OPERATOR, profile=profile)


@pytest.fixture
def maintainer(make_user: Callable[..., User], profile: ConnectionProfile) -> User:
    return make_user("maintainer", role=Role.MAINTAINER, profile=profile)


@pytest.fixture
def viewer(make_user: Callable[..., User], profile: ConnectionProfile) -> User:
    return make_user("viewer", role=Role.VIEWER, profile=profile)


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("admin", site_role="admin")


@pytest.fixture
def auditor(make_user: Callable[..., User]) -> User:
    return make_user("auditor", site_role="auditor")


@pytest.fixture
def browse() -> Callable[[User], Browser]:
    """A browser without JavaScript, signed in a moment ago."""

    def sign_in(user: User) -> Browser:
        browser = Browser()
        browser.force_login(user)
        prove(browser, user)
        return browser

    return sign_in


@pytest.fixture
def upstream(profile: ConnectionProfile) -> Iterator[Client]:
    """Rancher's API with the profile's key, to see and to change things behind Corral's back."""
    with connection.contact(profile) as client:
        yield client


def settled(upstream: Client, rancher_id: str, state: str) -> None:
    """Waits until the sandbox's registry rests in a state."""
    for _ in range(100):
        found = upstream.registries.get(rancher_id)
        if found.state == state:
            return
        time.sleep(0.02)
    raise AssertionError(f"{rancher_id} is {found.state}, not {state}")


def rest(upstream: Client, credential_id: str) -> None:
    """Waits until the sandbox's credential is between no two states."""
    for _ in range(200):
        if not upstream.credentials.get(credential_id).is_moving:
            return
        time.sleep(0.02)
    raise AssertionError(f"{credential_id} does not come to rest")
