"""Whether the process that started us still wants us: make, usually, or a shell."""

import os
import re
import signal
from pathlib import Path

CAUGHT = re.compile(r"^SigCgt:\s*(?P<mask>[0-9a-f]+)$", re.MULTILINE)


def _catches_interrupts(pid: int) -> bool:
    try:
        caught = CAUGHT.search(Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    except OSError:  # not Linux, or gone
        return False
    return caught is not None and bool(int(caught["mask"], 16) >> (signal.SIGINT - 1) & 1)


class Parent:
    """Our parent as it was when we started.

    Ctrl-C at a terminal reaches both of us. But an interrupt that is sent to make alone would be lost: make puts back
    the default action, and then waits for its children to end by themselves, which we would never do.
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.caught_interrupts = _catches_interrupts(self.pid)

    def is_leaving(self) -> bool:
        """Whether it has gone, or was interrupted and waits for us."""
        return os.getppid() != self.pid or (self.caught_interrupts and not _catches_interrupts(self.pid))
