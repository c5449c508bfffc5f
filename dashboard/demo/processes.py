"""The processes of the demo: started in groups of their own, ended together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 8.0  # seconds that a process has to end by itself
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Died(Exception):
    """A process ended that should have gone on; the text names it, its exit status and its log."""


def _end_with_parent() -> None:
    """In the child: be told to end even when the parent is killed and can't say so (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Processes:
    """Starts processes whose output goes to `<logs>/<name>.log`, and ends them all."""

    environment: dict[str, str]
    logs: Path
    folder: Path  # that they run in
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], *, pass_fds: Sequence[int] = (), says_steps: bool = False
    ) -> None:
        """Starts a group of its own: the terminal's Ctrl-C reaches only us, and we reach whatever the process starts.

        With `says_steps`, its standard output is ours, and only its errors go to the log.
        """
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=None if says_steps else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - we have no threads
                pass_fds=pass_fds,
            )

    def check(self) -> None:
        """Raises Died when one of them has ended."""
        for name, process in self.running.items():
            if (status := process.poll()) is not None:
                raise Died(f"The {name} process ended with status {status}; its last words are in {self._log(name)}.")

    def finish(self, name: str, *, within: float) -> None:
        """Waits for one that is meant to end. Raises Died when it fails or takes longer than `within` seconds."""
        deadline = time.monotonic() + within
        while (status := self.running[name].poll()) is None:
            if time.monotonic() > deadline:
                raise Died(f"The {name} process took longer than {within:.0f} s; see {self._log(name)}.")
            time.sleep(0.05)
            self.check_others(name)
        del self.running[name]
        if status != 0:
            raise Died(f"The {name} process failed with status {status}; its last words are in {self._log(name)}.")

    def check_others(self, name: str) -> None:
        """As `check`, but for the one that is meant to end."""
        process = self.running.pop(name)
        try:
            self.check()
        finally:
            self.running[name] = process

    def stop(self, *, patience: float = PATIENCE) -> None:
        """Ends every group: asked first, killed after `patience` seconds."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(process.poll() is None for process in self.running.values()):
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        for process in self.running.values():
            process.wait()
        self.running.clear()

    def _signal(self, number: signal.Signals) -> None:
        for process in self.running.values():
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                continue  # the whole group has ended

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
