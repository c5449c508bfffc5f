"""Guessing a password at a real server: several processes, one count."""

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
from pathlib import Path

import pytest
import requests

from dashboard.demo import ready
from dashboard.demo.processes import Processes

FOLDER = Path(__file__).parents[2]
MANAGE = (sys.executable, "manage.py")
GUESSERS, WORKERS = 16, 4
ADDRESS = "192.0.2.1"  # that all of them say they come from


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
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
        yield url
    finally:
        started.stop(patience=5)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def guess(url: str, address: str) -> str:
    session = requests.Session()
    session.headers["X-Forwarded-For"] = address
    page = session.get(f"{url}/accounts/login/", timeout=20).text
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    form = {"login": "root", "password": "wrong", "csrfmiddlewaretoken": token}
    answer = session.post(f"{url}/accounts/login/", data=form, timeout=20, allow_redirects=False).text
    return "refused" if "Too many tries" in answer else "tried" if "not correct" in answer else answer


def test_sixteen_guessers_over_four_processes_get_five_tries(server: str) -> None:
    with ThreadPoolExecutor(GUESSERS) as pool:
        outcomes = Counter(pool.map(lambda _: guess(server, ADDRESS), range(GUESSERS)))
    assert outcomes == {"tried": 5, "refused": GUESSERS - 5}
