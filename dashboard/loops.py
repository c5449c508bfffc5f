"""Guards for loops that run for ever: a step that fails is logged, and the loop goes on with the next."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

logger = logging.getLogger("corral.loops")


@contextmanager
def guarded_step(
    name: str, failed: list[str] | None = None, *, passing: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Logs whatever the step raises, with its traceback, and appends its name to `failed`.

    `passing` are raised on: what ends the whole loop, such as a server that answers none of its steps.
    """
    try:
        yield
    except passing:
        raise
    except Exception:  # a loop outlives each of its steps, whatever they raise
        logger.exception("The step %r failed; the loop goes on", name, extra={"event": "step-failed"})
        if failed is not None:
            failed.append(name)
        _close_broken_connections()  # the next step gets a new one


def _close_broken_connections() -> None:
    """As `close_old_connections`, which would also close a connection within a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
