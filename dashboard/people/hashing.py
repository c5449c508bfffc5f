"""Password hashing: Argon2id with OWASP's parameters, and few hashes at a time.

Each hash takes 19 MiB while it is computed, and strangers can ask for any number of them. A process computes
HASHES_AT_ONCE; what waits longer than WAIT_S is answered with 503 (`dashboard.middleware.RetryWhenBusy`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

HASHES_AT_ONCE = 2  # of a process; each keeps one core busy
WAIT_S = 1.0
_running = BoundedSemaphore(HASHES_AT_ONCE)


class HashingBusy(Exception):
    """All slots for hashes of this process were taken for WAIT_S; no password was looked at."""


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Hashes of other parameters, such as Django's own, still verify; Django replaces them at the next sign-in."""

    # https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Raises HashingBusy."""
        with _one_slot():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Raises HashingBusy."""
        with _one_slot():
            return super().verify(password, encoded)


@contextmanager
def _one_slot() -> Iterator[None]:
    if not _running.acquire(timeout=WAIT_S):
        raise HashingBusy
    try:
        yield
    finally:
        _running.release()
