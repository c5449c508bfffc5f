"""A sandbox Rancher on loopback, transports with short limits, and servers that answer whatever a test says."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from registries.outbound.base_url import BaseURL, parse_base_url
from registries.outbound.call_limits import CallLimits
from registries.outbound.transport import Transport
from registries.rancher.client import Client
from registries.sandbox.answers import Answer
from registries.sandbox.faults import Fault, FaultPlan
from registries.sandbox.sandbox import Sandbox
from registries.sandbox.seed import new_state
from registries.sandbox.server import running

# For tests that wait for a limit; all others keep the product's own, so that a busy machine fails none of them.
QUICK = CallLimits(connect_s=1, read_s=1, wall_s=1.5, slot_wait_s=0.02, breaker_open_s=1)


class CountingSandbox(Sandbox):
    """Keeps the request lines that reached it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[str] = []

    def handle(self, method: str, path: str, *args: Any, **kwargs: Any) -> Answer:
        self.lines.append(f"{method} {path}")
        return super().handle(method, path, *args, **kwargs)


@dataclass
class Stand:
    """A sandbox on loopback with its faults; `transport` and `client` are made for it."""

    base: BaseURL
    sandbox: CountingSandbox
    faults: FaultPlan
    made: list[Transport] = field(default_factory=list)

    def fail(self, fault: str, match: str = "", **options: Any) -> None:
        self.faults.add(Fault(fault=fault, match=match, **options))

    def calls(self, pattern: str = "") -> int:
        return sum(bool(re.search(pattern, line)) for line in self.sandbox.lines)

    def transport(self, **options: Any) -> Transport:
        values: dict[str, Any] = {"allow": lambda *_: True} | options
        made = Transport(self.base, **values)
        self.made.append(made)
        return made

    def client(self, role: str = "env", *, project_id: str = "1a5", version: Any = "v1", **options: Any) -> Client:
        access_key, secret_key = self.sandbox.keys[role]
        return Client(
            self.transport(**options),
            access_key=access_key,
            secret_key=secret_key,
            project_id=project_id,
            api_version=version,
        )


@pytest.fixture
def stand() -> Iterator[Stand]:
    yield from _standing("1.6")


@pytest.fixture
def stand_14() -> Iterator[Stand]:
    """The generation that doesn't tell what kind of key was used."""
    yield from _standing("1.4")


def _standing(generation: str) -> Iterator[Stand]:
    sandbox = CountingSandbox(new_state("empty", generation=generation, now=time.time()), transition_ms=0)
    faults = FaultPlan()
    with running(sandbox, faults=faults) as server:
        stand = Stand(parse_base_url(server.base_url), sandbox, faults)
        yield stand
        for transport in stand.made:
            transport.close()


@pytest.fixture
def client(stand: Stand) -> Client:
    return stand.client()


@contextlib.contextmanager
def scripted(*scripts: Callable[[socket.socket], None]) -> Iterator[BaseURL]:
    """A server that runs one script for each connection, in order, the last one for all that follow."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def serve() -> None:
        number = 0
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    scripts[min(number, len(scripts) - 1)](connection)
                number += 1

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield BaseURL("http", "127.0.0.1", listener.getsockname()[1])
    finally:
        over.set()
        thread.join()
        listener.close()


def receive(connection: socket.socket) -> bytes:
    """A whole request, with its body: one that is left unread would make closing reset the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", received)
    size = received.index(b"\r\n\r\n") + 4 + int(length[1] if length else 0)
    while len(received) < size and (more := connection.recv(65536)):
        received += more
    return received


def answering(raw: bytes) -> Callable[[socket.socket], None]:
    """Reads a request and sends these bytes."""

    def script(connection: socket.socket) -> None:
        receive(connection)
        connection.sendall(raw)

    return script


def drip(connection: socket.socket) -> None:
    """Sends a byte of an answer each 20 ms, for longer than the wall of any test."""
    receive(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(500):
        connection.sendall(b"x")
        time.sleep(0.02)


def flood(connection: socket.socket) -> None:
    """Sends more of an answer than any cap allows."""
    receive(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x" * 65536)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The addresses that sockets were opened to; those outside loopback are refused without a packet."""
    addresses: list[tuple[str, int]] = []
    create_connection = socket.create_connection

    def record(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        addresses.append(address)
        if address[0] not in {"127.0.0.1", "::1"}:
            raise ConnectionRefusedError
        return create_connection(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", record)
    return addresses
