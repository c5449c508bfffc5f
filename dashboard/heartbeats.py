"""Heartbeats of the background processes: who is silent for two minutes is told about.

The worker runs what requests have queued, the beat (`manage.py reconcile --every`) settles what was left open. Without
them pages go on, and nobody would see that removals don't end and credentials are no longer verified.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections
from django.db.models import Max
from django.utils import timezone

from dashboard.models import Heartbeat

SILENT_AFTER = timedelta(minutes=2)
FORGOTTEN_AFTER = timedelta(days=1)
EVERY_S = 20.0
PROCESSES = {
    "worker": "The worker is silent: removals in two steps, verifications and alerts wait. Start `manage.py worker`.",
    "beat": "The beat is silent: nothing settles what was left open. Start `manage.py reconcile --every 15`.",
}
logger = logging.getLogger("corral.heartbeats")


def beat(name: str) -> None:
    """Notes that this process lives, and forgets processes that died long ago. Raises DatabaseError."""
    now = timezone.now()
    Heartbeat.objects.update_or_create(
        name=name, host=socket.gethostname()[:255], pid=os.getpid(), defaults={"at": now}
    )
    Heartbeat.objects.filter(at__lt=now - FORGOTTEN_AFTER).delete()


def last_beats() -> dict[str, datetime | None]:
    """The newest heartbeat of each kind of process, None where there never was one. Raises DatabaseError."""
    newest = dict(Heartbeat.objects.values_list("name").annotate(newest=Max("at")))
    return {name: newest.get(name) for name in PROCESSES}


def silent_processes() -> list[str]:
    """A sentence for each kind of process of which none has shown life for two minutes. Raises DatabaseError."""
    since = timezone.now() - SILENT_AFTER
    return [PROCESSES[name] for name, at in last_beats().items() if at is None or at < since]


@contextmanager
def beating(name: str) -> Iterator[None]:
    """Beats from a thread of its own until the block ends; then the process is no longer expected."""
    over = threading.Event()
    thread = threading.Thread(target=_beat_until, args=[name, over], name=f"{name}-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=EVERY_S)
        _leave(name)


def _beat_until(name: str, over: threading.Event) -> None:
    while True:
        try:
            beat(name)
        except DatabaseError:
            logger.warning("No heartbeat was written; the database does not take it", exc_info=True)
        close_old_connections()
        if over.wait(EVERY_S):
            return


def _leave(name: str) -> None:
    try:
        Heartbeat.objects.filter(name=name, host=socket.gethostname()[:255], pid=os.getpid()).delete()
    except DatabaseError:
        logger.warning("The heartbeat was not deleted; it is forgotten in a day", exc_info=True)
