"""Other processes, for tests that start and end some: whether they are there, and what they need."""

import os
import time
from pathlib import Path
from urllib.parse import urlencode

from django.db import connection


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(*pids: int, within: float = 20) -> None:
    """Fails when one of them still runs after `within` seconds."""
    deadline = time.monotonic() + within
    while left := [pid for pid in pids if is_alive(pid)]:
        if time.monotonic() > deadline:
            raise AssertionError(f"still running: {left}")
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """The processes that the process has started, theirs after them (Linux)."""
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [one for child in children for one in descendants(child)]


def database_url() -> str:
    """The test's own database, for other processes."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    return f"postgres://{settings['USER']}@/{settings['NAME']}?{urlencode(settings['OPTIONS'])}"
