"""Guards for loops that run for ever: a step that fails is logged, and the loop goes on with the next."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections

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
        close_old_connections()  # a connection that is broken is not handed to the next step
