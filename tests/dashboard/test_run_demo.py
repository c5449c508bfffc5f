"""`python -m dashboard.demo` as a whole: it comes up, keeps what it made, and takes everything with it when it ends."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dashboard.demo import ready
from dashboard.demo.state import bind
from tests.processes import descendants, wait_until_gone
from tests.settings import BASE_DIR

RUN = (sys.executable, "-m", "dashboard.demo")


@contextmanager
def demo(var: Path, *, command: Sequence[str] = (), **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo and what it has said; fails when it ends before it is ready."""
    settings = {name: value for name, value in os.environ.items() if name != "DEMO_PASSWORD"}
    process = subprocess.Popen(
        command or [*RUN, str(var)],
        cwd=BASE_DIR,
        env=settings | {"PORT": "0"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        said = ""
        while not said.endswith("ends it.\n"):
            line = process.stdout.readline()
            assert line, f"it ended and had said: {said}"
            said += line
        yield process, said
    finally:
        process.kill()
        process.communicate()


def rows(var: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(var / "demo" / "corral.sqlite3")) as database:
        return database.execute(query).fetchall()


def test_the_demo_comes_up_keeps_its_data_and_ends_everything(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, said):
        *steps, address = said.partition("\n  admin")[0].splitlines()
        assert steps == [
            "Starting two stand-in Rancher servers ...",
            "Migrating the database ...",
            "Collecting the static files ...",
            "Preparing the four people ...",
            "Preparing the connection profiles ...",
            "Starting the worker and the reconciler ...",
            "Starting the web server ...",
        ]
        port = re.fullmatch(r"Ready: http://127\.0\.0\.1:(\d+)", address)
        assert port
        assert ready.page_answers(int(port[1]))
        assert {name for (name,) in rows(tmp_path, "select username from people_user")} == {
            "admin",
            "operator",
            "viewer",
            "auditor",
        }
        password = re.search(r"password\s+(\S+)", said)
        first = rows(tmp_path, "select id, name, base_url, inventory_read_at from registries_connectionprofile")
        started = descendants(process.pid)
        assert len(started) >= 6  # two stand-ins, worker, reconciler, gunicorn and its first process
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        wait_until_gone(*started)

    with demo(tmp_path) as (process, said):
        assert password
        assert password[1] in said
        assert "Migrating" in said
        assert "Collecting" not in said  # they are there
        again = rows(tmp_path, "select id, name, base_url, inventory_read_at from registries_connectionprofile")
        assert [row[:3] for row in again] == [row[:3] for row in first]
        started = descendants(process.pid)
        process.kill()  # and no chance to end them
        wait_until_gone(*started)


def test_the_demo_has_what_it_promises(tmp_path: Path) -> None:
    with demo(tmp_path, DEMO_PASSWORD="chosen by me") as (process, said):
        assert "chosen by me" in said
        profiles = dict(rows(tmp_path, "select name, protection from registries_connectionprofile"))
        assert profiles["Production EU"] == "protected"
        assert {"Staging", "Sandbox"} < profiles.keys()
        read = dict(
            rows(
                tmp_path,
                "select profile.name, count(*) from registries_inventoryitem"
                " join registries_connectionprofile profile on profile_id = profile.id group by profile.name",
            )
        )
        assert 35 <= sum(count for name, count in read.items() if name != "Reporting") <= 50
        assert read["Reporting"] == read["Production EU"]
        assert read["Old office"] > 0
        assert rows(tmp_path, "select name from registries_connectionprofile where failing_since is not null") == [
            ("Old office",)
        ]
        assert rows(tmp_path, "select name from registries_connectionprofile where rights = 'read-only'") == [
            ("Reporting",)
        ]
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_an_interrupt_that_only_make_gets_ends_everything_too(tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {' '.join(RUN)} {tmp_path}\n")
    with demo(tmp_path, command=["make", "--file", str(makefile)]) as (process, _):
        started = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        wait_until_gone(*started)


def test_a_taken_port_ends_it_with_what_to_do(tmp_path: Path) -> None:
    with bind(0) as other:
        other.listen()
        port = other.getsockname()[1]
        ended = subprocess.run(
            [*RUN, str(tmp_path)],
            cwd=BASE_DIR,
            env=os.environ | {"PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Port {port} is taken: stop what listens there or choose another one, such as: make run PORT=8001.\n"
    )
