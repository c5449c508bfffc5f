"""Wall deadlines for whole calls. A timeout per read is not enough: a server that sends a byte a second never meets it.

One thread per process watches all calls and shuts a call's socket down when its time is up; whatever the call waits
for then ends with an error of the socket.
"""

import contextlib
import heapq
import itertools
import socket
import threading
import time
from datetime import datetime


class Guard:
    """Deadline and progress of one call. `sent` decides whether a failed write may have been applied."""

    def __init__(self, wall_s: float) -> None:
        self.ends_at = time.monotonic() + wall_s
        self.expired = False
        self.sent = False
        self.address = ""
        self.resolve_ms = self.connect_ms = self.tls_ms = None  # type: int | None
        self.tls_version: str | None = None
        self.certificate_expires_at: datetime | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False

    def remaining_s(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())

    def watch(self, watched: socket.socket) -> None:
        """Sets the socket that the call uses from now on."""
        with self._lock:
            self._socket = watched
            if self.expired:
                _shut(watched)

    def finish(self) -> None:
        """Marks the call as over; its socket is never shut down after this."""
        with self._lock:
            self._over, self._socket = True, None

    def expire(self) -> None:
        with self._lock:
            if self._over:
                return
            self.expired = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(watched: socket.socket) -> None:
    """Wakes the blocked read or write. Uses the plain socket's method: an SSLSocket's own would drop its TLS state."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(watched, socket.SHUT_RDWR)


class Watchdog:
    """Thread that expires guards; started by the first call, ends with the process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[tuple[float, int, Guard]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def start(self, guard: Guard) -> None:
        with self._changed:
            heapq.heappush(self._queue, (guard.ends_at, next(self._numbers), guard))
            if self._thread is None or not self._thread.is_alive():  # threads do not survive a fork
                self._thread = threading.Thread(target=self._run, name="outbound-deadlines", daemon=True)
                self._thread.start()
            if self._queue[0][2] is guard:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue:
                    self._changed.wait()
                ends_at, _, guard = self._queue[0]
                wait_s = ends_at - time.monotonic()
                if wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                heapq.heappop(self._queue)
            guard.expire()


watchdog = Watchdog()
