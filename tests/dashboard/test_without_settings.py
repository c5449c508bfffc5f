"""On a machine without a single setting: three commands work all the same, and nothing else starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.settings import BASE_DIR

NO_DEFAULT = ("CORRAL_SECRET_KEY", "CORRAL_ENCRYPTION_KEYS", "CORRAL_AUDIT_KEYS", "CORRAL_HOSTS")
NOT_OURS = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("CORRAL_", "DJANGO_")) and name != "DATABASE_URL"
}


def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env=NOT_OURS | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [[], ["help"], ["--help"], ["-h"]])
def test_help_lists_our_commands(command: list[str]) -> None:
    ended = run("manage.py", *command)
    assert ended.returncode == 0
    assert {"sandbox", "reconcile", "verify_audit"} < set(ended.stdout.split())
    assert "not properly configured" not in ended.stdout
    assert ended.stderr == ""


def test_help_describes_one_of_them() -> None:
    ended = run("manage.py", "help", "sandbox")
    assert ended.returncode == 0
    assert "--seed" in ended.stdout


def test_the_stand_in_serves(tmp_path: Path) -> None:
    command = ["manage.py", "sandbox", "--port=0", "--seed=demo", f"--keys-file={tmp_path}/keys.json"]
    with subprocess.Popen(
        [sys.executable, *command], cwd=BASE_DIR, env=NOT_OURS, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Sandbox Rancher 1.6 on http://127.0.0.1:")
        process.terminate()
    assert process.returncode == 0
    assert (tmp_path / "keys.json").exists()


def test_check_names_every_missing_setting_and_fails() -> None:
    ended = run("manage.py", "check")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    for name in NO_DEFAULT:
        assert f"{name} " in ended.stderr


def test_check_of_one_subject_passes() -> None:
    assert run("manage.py", "check", "--tag=urls").returncode == 0


def test_check_says_in_a_sentence_what_cannot_be_read() -> None:
    ended = run("manage.py", "check", CORRAL_WORKERS="two")
    assert ended.returncode == 1
    assert ended.stderr == "CORRAL_WORKERS is not a whole number.\n"


@pytest.mark.parametrize(
    "command",
    [
        ["migrate", "--plan"],
        ["createcachetable", "--dry-run"],
        ["collectstatic", "--dry-run", "--noinput"],
        ["db_worker", "--batch"],
        ["reconcile"],
        ["create_admin", "ada"],
        ["verify_audit"],
        ["runserver", "--noreload", "0"],
        ["check_nothing"],
    ],
    ids=lambda command: command[0],
)
def test_every_other_command_is_refused_in_a_sentence(command: list[str]) -> None:
    ended = run("manage.py", *command)
    assert ended.returncode == 1
    assert ended.stderr == f"Set {', '.join(NO_DEFAULT)}; README.md lists every setting.\n"
    assert ended.stdout == ""


def test_a_command_that_starts_like_a_lenient_one_is_not() -> None:
    assert "Set CORRAL_SECRET_KEY" in run("manage.py", "migrate", "check", "help", "sandbox").stderr


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi"], id="gunicorn"),
        pytest.param(["-c", "import dashboard.wsgi"], id="wsgi"),
        pytest.param(["-m", "django", "check", "--settings=dashboard.settings"], id="django"),
    ],
)
def test_no_server_starts(command: list[str]) -> None:
    ended = run(*command)
    assert ended.returncode != 0
    assert f"Set {', '.join(NO_DEFAULT)}; README.md lists every setting." in ended.stderr


def test_only_what_is_missing_is_named() -> None:
    ended = run("manage.py", "migrate", CORRAL_DEMO="1", CORRAL_SECRET_KEY="set")
    assert ended.stderr.startswith("Set CORRAL_ENCRYPTION_KEYS, CORRAL_AUDIT_KEYS; ")
