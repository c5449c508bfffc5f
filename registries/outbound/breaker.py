"""Bulkhead and breaker of an upstream: few calls in flight, a rest after failures; per origin and process."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from registries.outbound.errors import Unreachable


@dataclass(frozen=True)
class CallLimits:
    """Of one call: seconds, bytes, and how much of the process one upstream may take (faults.md)."""

    connect_s: float = 2.0
    read_s: float = 5.0
    wall_s: float = 8.0
    body_bytes: int = 8 * 2**20
    in_flight: int = 3
    slot_wait_s: float = 0.05
    breaker_errors: int = 5
    breaker_open_s: float = 15.0


class Upstream:
    """The bulkhead and the breaker of one origin."""

    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self._slots = threading.BoundedSemaphore(limits.in_flight)
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """A place for one call. Raises Unreachable: `resting` while the breaker is open, `busy` when none is free."""
        probes = self._ask_breaker()
        try:
            if not self._slots.acquire(timeout=self.limits.slot_wait_s):
                raise Unreachable("busy")
            try:
                yield
            finally:
                self._slots.release()
        finally:
            if probes:  # however it ended, even by a signal: else nobody would ever be let through again
                self._give_up_probe()

    def failed(self) -> None:
        """A transport error: the fifth in a row opens the breaker, a probe that fails opens it again."""
        with self._lock:
            self._failures += 1
            if self._probing or self._failures >= self.limits.breaker_errors:
                self._open_until = time.monotonic() + self.limits.breaker_open_s
            self._probing = False

    def answered(self) -> None:
        """An answer, whatever its status: the upstream lives."""
        with self._lock:
            self._failures, self._open_until, self._probing = 0, 0.0, False

    def _ask_breaker(self) -> bool:
        """Whether the call is the probe of an open breaker."""
        with self._lock:
            if not self._open_until:
                return False
            left_s = self._open_until - time.monotonic()
            if left_s > 0 or self._probing:
                raise Unreachable("resting", retry_after=max(left_s, 1.0))
            self._probing = True  # one call may try; the others go on resting until it tells
            return True

    def _give_up_probe(self) -> None:
        with self._lock:
            self._probing = False


_upstreams: dict[tuple[str, CallLimits], Upstream] = {}
_lock = threading.Lock()


def upstream_of(origin: str, limits: CallLimits) -> Upstream:
    """The one upstream of this process for an origin."""
    with _lock:
        return _upstreams.setdefault((origin, limits), Upstream(limits))


def forget_upstreams() -> None:
    """Forgets failures and places (for tests)."""
    with _lock:
        _upstreams.clear()
