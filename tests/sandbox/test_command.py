"""`manage.py sandbox`, started and ended as the demo does."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from registries.sandbox.server import HOST

from .helpers import REGISTRIES

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "manage.py", "sandbox")


def start(*options: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [*COMMAND, *options], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_starts_keeps_its_data_and_ends_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    keys_file, state_file = tmp_path / "keys.json", tmp_path / "state.json"
    files = ("--keys-file", str(keys_file), "--state-file", str(state_file))
    options = ("--port", "0", "--seed", "demo", "--rancher", "1.4", "--transition-ms", "0", *files)
    with start(*options) as process:
        line = line_of(process)
        assert line.startswith("Sandbox Rancher 1.4 on http://127.0.0.1:")
        keys = json.loads(keys_file.read_text())
        made = requests.post(
            line.split()[-1] + REGISTRIES, json={"serverAddress": "kept.example"}, auth=tuple(keys["env"]), timeout=10
        )
        assert made.status_code == 201
        process.send_signal(ending)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    with start(*options) as process:
        url = line_of(process).split()[-1]
        assert json.loads(keys_file.read_text()) == keys
        rows = requests.get(url + REGISTRIES, auth=tuple(keys["env"]), timeout=10).json()["data"]
        assert [row["state"] for row in rows if row["serverAddress"] == "kept.example"] == ["active"]
        process.terminate()


def test_says_so_when_the_port_is_taken() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        with start("--port", port, "--seed", "empty") as process:
            _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.strip() == f"CommandError: port {port} cannot be used: Address already in use"
