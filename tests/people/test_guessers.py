"""Strangers at a real server: several processes, one count of tries, and memory that is bounded."""

import base64
import os
import re
import secrets
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from dashboard.demo import ready
from dashboard.demo.processes import Processes
from dashboard.people.hashing import HASHES_AT_ONCE, BoundedArgon2Hasher

FOLDER = Path(__file__).parents[2]
MANAGE = (sys.executable, "manage.py")
GUESSERS, WORKERS = 16, 4
ADDRESS = "192.0.2.1"  # that all of them say they come from


@dataclass(frozen=True)
class Server:
    url: str
    pid: int


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CORRAL_", "DJANGO_"))}
    environment |= {
        "CORRAL_DEMO": "1",
        "CORRAL_SECRET_KEY": secrets.token_urlsafe(64),
        "CORRAL_ENCRYPTION_KEYS": f"k:{key()}",
        "CORRAL_AUDIT_KEYS": f"a:{key()}",
        "CORRAL_BIND": f"127.0.0.1:{port}",
        "CORRAL_WORKERS": str(WORKERS),
        "CORRAL_BEHIND_PROXY": "1",  # a guesser says in X-Forwarded-For where it comes from
        "CORRAL_STATIC_ROOT": str(tmp_path / "static"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'corral.sqlite3'}",
    }
    for command in (["migrate"], ["createcachetable"], ["collectstatic", "--no-input"]):
        subprocess.run([*MANAGE, *command], cwd=FOLDER, env=environment, check=True, capture_output=True)
    subprocess.run(
        [*MANAGE, "create_admin", "root"],
        cwd=FOLDER,
        env=environment,
        check=True,
        capture_output=True,
        input=b"the right passphrase\n",
    )
    started = Processes(environment, tmp_path, FOLDER)
    serve = [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi"]
    started.start("server", serve)
    url = f"http://127.0.0.1:{port}"
    try:
        assert ready.wait_until(lambda: answers(url), within=30, meanwhile=started.check)
        yield Server(url, started.running["server"].pid)
    finally:
        started.stop(patience=5)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def memory_of(server: Server, what: str) -> int:
    """MiB of all processes of the server: what they hold ("VmRSS") or have held at most ("VmHWM")."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in (server.pid, *children)]
    return sum(int(status.split(f"{what}:")[1].split()[0]) for status in statuses) // 1024


def guess(url: str, address: str, name: str = "root") -> str:
    """What one try gives; a busy server (503) counts none, and is asked again."""
    session = requests.Session()
    session.headers["X-Forwarded-For"] = address
    for _ in range(20):
        page = session.get(f"{url}/accounts/login/", timeout=20).text
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
        form = {"login": name, "password": "wrong", "csrfmiddlewaretoken": token}
        answer = session.post(f"{url}/accounts/login/", data=form, timeout=20, allow_redirects=False)
        if answer.status_code != 503:
            break
    found = answer.text
    return "refused" if "Too many tries" in found else "tried" if "not correct" in found else found


def test_sixteen_guessers_over_four_processes_get_five_tries(server: Server) -> None:
    with ThreadPoolExecutor(GUESSERS) as pool:
        outcomes = Counter(pool.map(lambda _: guess(server.url, ADDRESS), range(GUESSERS)))
    assert outcomes == {"tried": 5, "refused": GUESSERS - 5}


def test_two_dozen_strangers_at_once_take_little_memory(server: Server) -> None:
    """With Django's parameters and no bound they took 1.5 GB."""

    def arrive(number: int) -> str:
        return guess(server.url, f"192.0.2.{number}", f"name{number}")

    with ThreadPoolExecutor(24) as pool:
        assert Counter(pool.map(arrive, range(24))) == {"tried": 24}
        before = memory_of(server, "VmRSS")
        assert Counter(pool.map(arrive, range(24, 48))) == {"tried": 24}
    of_hashes = HASHES_AT_ONCE * BoundedArgon2Hasher.memory_cost // 1024
    assert memory_of(server, "VmHWM") - before < WORKERS * (of_hashes + 50)
