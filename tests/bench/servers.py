"""Starts what is compared, each under gunicorn with one process, and counts the CPU of that process."""

import contextlib
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
START_PATIENCE_S = 60.0


@dataclass
class Cost:
    """Of one page: CPU in ms over all processes of the server, and the median wall time in ms."""

    cpu_ms: float
    wall_ms: float


@dataclass
class Server:
    """A server under test: its port, the processes that it consists of, and the cookie of who is signed in."""

    port: int
    process: subprocess.Popen[bytes]
    cookie: str = ""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as line:
            return self._ask(line, path, headers or {})

    def measure(self, path: str, *, times: int, headers: Mapping[str, str] | None = None) -> Cost:
        """The same page over one kept connection, after a warm-up."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as line:
            for _ in range(max(5, times // 10)):
                self._ask(line, path, headers or {})
            before, walls = self._cpu_s(), []
            for _ in range(times):
                started = time.perf_counter()
                status, body = self._ask(line, path, headers or {})
                walls.append(time.perf_counter() - started)
                if status != 200:
                    raise SystemExit(f"{path} answered {status}: {body[:300]!r}")
            return Cost((self._cpu_s() - before) * 1000 / times, statistics.median(walls) * 1000)

    def _ask(self, line: http.client.HTTPConnection, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        line.request("GET", path, headers={"Cookie": self.cookie, "Host": f"127.0.0.1:{self.port}", **headers})
        answer = line.getresponse()
        return answer.status, answer.read()

    def memory_mb(self) -> float:
        """Resident memory of all its processes (proc(5), VmRSS)."""
        status = [Path(f"/proc/{pid}/status").read_text() for pid in _tree(self.process.pid)]
        return (
            sum(int(found) for one in status for found in re.findall(r"^VmRSS:\s+(\d+) kB", one, re.MULTILINE)) / 1024
        )

    def _cpu_s(self) -> float:
        return sum(_cpu_of(pid) for pid in _tree(self.process.pid))


@contextlib.contextmanager
def gunicorn(application: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """The application on a free port, one process with eight threads as in production; ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
    command += ["--worker-class", "gthread", "--keep-alive", "30", "--log-level", "warning", application]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        server = Server(port, process)
        _wait_until_it_answers(server)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def manage(*words: str, environment: Mapping[str, str]) -> str:
    """Runs a management command in an environment; what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _wait_until_it_answers(server: Server) -> None:
    give_up_at = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < give_up_at:
        if server.process.poll() is not None:
            raise SystemExit(f"a server ended with {server.process.returncode} before it answered")
        try:
            server.get("/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server did not answer in time")


def _cpu_of(pid: int) -> float:
    """Seconds in user and kernel mode (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def _tree(root: int) -> list[int]:
    """The process and everything below it."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            found = re.search(r"^PPid:\t(\d+)", status.read_text(), re.MULTILINE)
            parents[int(status.parent.name)] = int(found[1]) if found else 0
    tree = [root]
    for pid in tree:
        tree.extend(child for child, parent in parents.items() if parent == pid)
    return tree
