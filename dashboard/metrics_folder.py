"""The folder in which the processes of one start of the web server count requests.

It goes when the server ends. A server that is killed can't remove its own: the next start removes it. Which folders are
in use, the kernel knows: each start holds a lock on its own for as long as one of its processes lives, however it ends.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "corral-metrics-"


def make() -> Path:
    """A new folder, held by this process and by those that it forks."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if hold(folder) is not None and folder.exists():
            return folder
        # another start took it for left over in between


def hold(folder: Path) -> int | None:
    """Locks the folder until the descriptor is closed; None when somebody else holds it, or it is no folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove_left_over() -> None:
    """Removes this account's folders of servers that ended without doing so themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        descriptor = hold(folder)
        if descriptor is None:
            continue
        if os.fstat(descriptor).st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
