from collections.abc import Iterator

import pytest
import requests

from registries.sandbox.server import SandboxServer, running

from .helpers import Desk


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A server on loopback with an empty sandbox whose transitions take no time."""
    desk = Desk()
    desk.sandbox.clockwork.transition_ms = 0
    with running(desk.sandbox) as server:
        yield server


@pytest.fixture
def session(server: SandboxServer) -> Iterator[requests.Session]:
    """A session with the first project's key."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = server.sandbox.keys["env"]
        yield session
