"""Bulkhead and circuit breaker of an upstream: few calls in flight, a pause after failures; per origin and process."""

import contextlib
import threading
import time
from collections.abc import Iterator

from registries.outbound.call_limits import CallLimits
from registries.outbound.errors import Unreachable


class Upstream:
    """Bulkhead and breaker of one origin."""

    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self._slots = threading.BoundedSemaphore(limits.in_flight)
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Takes a slot for one call. Raises Unreachable: `resting` with an open breaker, `busy` without a free slot."""
        probes = self._ask_breaker()
        try:
            if not self._slots.acquire(timeout=self.limits.slot_wait_s):
                raise Unreachable("busy")
            try:
                yield
            finally:
                self._slots.release()
        finally:
            if probes:  # however the call ended, even by a signal; otherwise the breaker would stay open for ever
                self._give_up_probe()

    def failed(self) -> None:
        """Counts a transport error: the fifth in a row opens the breaker, a failed probe opens it again."""
        with self._lock:
            self._failures += 1
            if self._probing or self._failures >= self.limits.breaker_errors:
                self._open_until = time.monotonic() + self.limits.breaker_open_s
            self._probing = False

    def answered(self) -> None:
        """Closes the breaker after an answer of any status."""
        with self._lock:
            self._failures, self._open_until, self._probing = 0, 0.0, False

    def _ask_breaker(self) -> bool:
        """Returns whether the call is the probe of an open breaker. Raises Unreachable while it stays open."""
        with self._lock:
            if not self._open_until:
                return False
            left_s = self._open_until - time.monotonic()
            if left_s > 0 or self._probing:
                raise Unreachable("resting", retry_after=max(left_s, 1.0))
            self._probing = True  # one call may probe; the others are refused until it ends
            return True

    def _give_up_probe(self) -> None:
        with self._lock:
            self._probing = False


_upstreams: dict[tuple[str, CallLimits], Upstream] = {}
_lock = threading.Lock()


def upstream_of(origin: str, limits: CallLimits) -> Upstream:
    """The process's upstream of an origin."""
    with _lock:
        return _upstreams.setdefault((origin, limits), Upstream(limits))


def forget_upstreams() -> None:
    """Forgets failures and slots (for tests)."""
    with _lock:
        _upstreams.clear()
