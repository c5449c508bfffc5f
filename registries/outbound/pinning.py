"""Pinned connections: a name is resolved once, every address is checked, and the connection goes to a checked address.

The Host header, SNI and the certificate's name stay those of the URL. A name that resolves differently a second time
(DNS rebinding) changes nothing, because there is no second time.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from registries.outbound.blocked_addresses import Address, is_blocked, parse_address, unwrap
from registries.outbound.byte_cap import HEADERS_AND_FRAMING, CappedResponse
from registries.outbound.deadline import Guard
from registries.outbound.dns import Resolve, look_up
from registries.outbound.errors import Unreachable

AllowTarget = Callable[[str, str, Address, int], bool]

_calls = threading.local()


@contextlib.contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Binds connections of this thread to the guard of the current call, until the block ends."""
    _calls.guard = guard
    try:
        yield
    finally:
        guard.finish()
        del _calls.guard


class Pin:
    """Resolves, checks and opens connections of one origin."""

    def __init__(
        self, *, scheme: str, host: str, port: int, allow: AllowTarget, connect_s: float, resolve: Resolve
    ) -> None:
        self.scheme, self.host, self.port = scheme, host, port
        self.allow, self.connect_s, self.resolve = allow, connect_s, resolve

    def permits(self, address: Address) -> bool:
        bare = unwrap(address)
        return not is_blocked(bare) and self.allow(self.scheme, self.host, bare, self.port)

    def open(self, guard: Guard) -> socket.socket:
        """Opens a socket. Raises Unreachable: `dns`, `blocked` (before any connect), `refused`, `timeout`."""
        addresses = self._resolved(guard)
        if not all(map(self.permits, addresses)):
            raise Unreachable("blocked")
        started = time.monotonic()
        problem: Unreachable = Unreachable("refused")
        for address in addresses:
            timeout_s = min(self.connect_s, guard.remaining_s())
            if timeout_s <= 0:
                raise Unreachable("timeout")
            try:
                opened = socket.create_connection((str(address), self.port), timeout=timeout_s)
            except TimeoutError:
                problem = Unreachable("timeout")
            except OSError:
                problem = Unreachable("refused")
            else:
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # the TLS handshake follows, on a socket that the watchdog can't shut down until it is done
                opened.settimeout(max(0.05, min(self.connect_s, guard.remaining_s())))
                guard.address, guard.connect_ms = str(address), _ms_since(started)
                guard.watch(opened)
                return opened
        raise problem

    def _resolved(self, guard: Guard) -> list[Address]:
        started = time.monotonic()
        with contextlib.suppress(ValueError):
            return [parse_address(self.host)]
        try:
            found = look_up(self.host, self.port, resolve=self.resolve, wait_s=guard.remaining_s())
            addresses = list(dict.fromkeys(map(parse_address, found)))
        except (OSError, ValueError):  # also TimeoutError and, for names that can't be encoded, UnicodeError
            raise Unreachable("dns") from None
        if not addresses:
            raise Unreachable("dns")
        guard.resolve_ms = _ms_since(started)
        return addresses


class _Pinned:
    """Mix-in for both kinds of connection: opens through the pin and reports to the call's guard."""

    pin: Pin
    sock: Any
    auto_open: int
    _peer: Address | None = None

    def _new_conn(self) -> socket.socket:
        guard: Guard = _calls.guard
        opened = self.pin.open(guard)
        self._peer = parse_address(guard.address)
        return opened

    def request(self, *args: Any, **kwargs: Any) -> None:
        guard: Guard = _calls.guard
        if self.sock is not None:
            # the allowed targets may have changed since the connection was opened
            if self._peer is None or not self.pin.permits(self._peer):
                self.close()  # type: ignore[attr-defined]
                raise Unreachable("blocked")
            guard.watch(self.sock)
            guard.address = str(self._peer)
        super().request(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None and self.auto_open:
            self.connect()  # type: ignore[attr-defined]
        _calls.guard.sent = True
        super().send(data)  # type: ignore[misc]


class PinnedHTTPConnection(_Pinned, HTTPConnection):
    pass


class PinnedHTTPSConnection(_Pinned, HTTPSConnection):
    def connect(self) -> None:
        guard: Guard = _calls.guard
        started = time.monotonic()
        super().connect()
        guard.tls_ms = max(0, _ms_since(started) - (guard.resolve_ms or 0) - (guard.connect_ms or 0))
        secure: ssl.SSLSocket = self.sock
        guard.watch(secure)
        guard.tls_version = secure.version()
        # a verified certificate always has notAfter
        ends_at = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
        guard.certificate_expires_at = datetime.fromtimestamp(ends_at, UTC)


def new_pool(pin: Pin, *, size: int, body_bytes: int, context: ssl.SSLContext | None) -> HTTPConnectionPool:
    """Connection pool for the pin's origin; with a context it speaks TLS and verifies.

    Reading raises ResponseTooLarge once an answer exceeds `body_bytes` and an allowance for headers.
    """
    response = type("Response", (CappedResponse,), {"max_bytes": body_bytes + HEADERS_AND_FRAMING})
    members = {"pin": pin, "response_class": response}
    if context is None:
        plain = type("Connection", (PinnedHTTPConnection,), members)
        pool = HTTPConnectionPool(pin.host, pin.port, maxsize=size, block=False)
        pool.ConnectionCls = plain
        return pool
    secure = type("Connection", (PinnedHTTPSConnection,), members)
    secure_pool = HTTPSConnectionPool(pin.host, pin.port, maxsize=size, block=False, ssl_context=context)
    secure_pool.ConnectionCls = secure
    return secure_pool


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
