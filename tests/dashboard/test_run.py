"""`dashboard.demo`: what `make run` keeps, refuses, starts and ends. `test_run_demo.py` runs all of it at once."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dashboard.demo import ready
from dashboard.demo.__main__ import environment, wanted_port
from dashboard.demo.processes import Died, Processes
from dashboard.demo.state import CannotStart, State, bind, bind_kept, only_one
from tests.processes import is_alive, wait_until_gone

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# starts a child of its own, says its number, and ignores being asked to end when told so
PARENT = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(dict(os.environ), tmp_path, tmp_path)
    yield started
    started.stop(patience=0)


def first_line(processes: Processes, name: str) -> str:
    log = processes.logs / f"{name}.log"
    assert ready.wait_until(lambda: "\n" in log.read_text(), within=20, meanwhile=processes.check)
    return log.read_text().splitlines()[0]


class TestState:
    def test_what_is_saved_is_found_again_by_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "state.json"
        first = State.load(path)
        first.ports["down"] = 4711
        first.save(path)
        assert State.load(path) == first
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_two_demos_share_no_secret(self, tmp_path: Path) -> None:
        one, other = State.load(tmp_path / "one"), State.load(tmp_path / "other")
        assert one.secret_key != other.secret_key
        assert one.encryption_keys != other.encryption_keys
        assert one.password != other.password

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"unknown": 1}'])
    def test_a_damaged_file_ends_with_what_to_do(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "state.json"
        path.write_text(text)
        with pytest.raises(CannotStart, match="delete the folder"):
            State.load(path)

    def test_only_one_demo_runs_in_a_folder(self, tmp_path: Path) -> None:
        first = only_one(tmp_path / "lock")
        with first, pytest.raises(CannotStart, match="runs already"), only_one(tmp_path / "lock"):
            pytest.fail("two at once")
        with only_one(tmp_path / "lock"):
            pass  # free again


class TestPorts:
    def test_a_stand_in_keeps_its_port(self) -> None:
        state = State()
        bind_kept(state, "rancher").close()
        port = state.ports["rancher"]
        bind_kept(state, "rancher").close()
        assert state.ports["rancher"] == port

    def test_a_stand_in_moves_when_its_port_was_taken(self) -> None:
        with bind(0) as other:
            other.listen()
            state = State(ports={"rancher": other.getsockname()[1]})
            bind_kept(state, "rancher").close()
            assert state.ports["rancher"] != other.getsockname()[1]

    def test_a_taken_port_ends_with_what_to_do(self) -> None:
        with bind(0) as other:
            other.listen()
            with pytest.raises(CannotStart, match=r"is taken: stop what listens there or .*PORT="):
                wanted_port(str(other.getsockname()[1]))

    @pytest.mark.parametrize("text", ["", "65536", "-1", "http", "80a"])
    def test_what_is_no_port_ends_with_what_to_do(self, text: str) -> None:
        with pytest.raises(CannotStart, match="is no port"):
            wanted_port(text)


def test_settings_of_the_shell_around_do_not_get_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CORRAL_HOSTS", "corral.example.com")
    monkeypatch.setenv("DATABASE_URL", "postgres://production/")
    settings = environment(State(), tmp_path)
    assert "CORRAL_HOSTS" not in settings
    assert settings["DATABASE_URL"] == f"sqlite:///{tmp_path}/corral.sqlite3"


class TestProcesses:
    def test_stopping_ends_what_a_process_started_too(self, processes: Processes) -> None:
        processes.start("parent", [sys.executable, "-c", PARENT])
        child = int(first_line(processes, "parent"))
        parent = processes.running["parent"].pid
        processes.stop()
        assert not is_alive(parent)
        wait_until_gone(child)

    def test_one_that_will_not_end_is_killed(self, processes: Processes) -> None:
        processes.start("parent", [sys.executable, "-c", PARENT, "stubborn"])
        child = int(first_line(processes, "parent"))
        process = processes.running["parent"]
        processes.stop(patience=0.2)
        assert process.returncode == -signal.SIGKILL
        wait_until_gone(child)

    def test_one_that_ends_is_named_with_its_log(self, processes: Processes) -> None:
        processes.start("worker", [sys.executable, "-c", "raise SystemExit(7)"])
        processes.running["worker"].wait()
        with pytest.raises(Died, match=r"worker process ended with status 7.*worker\.log"):
            processes.check()

    def test_one_that_is_meant_to_end_may_do_so(self, processes: Processes) -> None:
        processes.start("prepare", [sys.executable, "-c", "print('done')"])
        processes.finish("prepare", within=20)
        processes.check()

    def test_one_that_fails_is_named(self, processes: Processes) -> None:
        processes.start("prepare", [sys.executable, "-c", "raise SystemExit(3)"])
        with pytest.raises(Died, match="prepare process failed with status 3"):
            processes.finish("prepare", within=20)

    def test_waiting_for_one_has_an_end(self, processes: Processes) -> None:
        processes.start("prepare", SLEEPER)
        with pytest.raises(Died, match="took longer"):
            processes.finish("prepare", within=0.1)

    def test_another_one_that_ends_breaks_off_the_waiting(self, processes: Processes) -> None:
        processes.start("sandbox", [sys.executable, "-c", ""])
        processes.start("prepare", SLEEPER)
        with pytest.raises(Died, match="sandbox"):
            processes.finish("prepare", within=20)

    @pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
    def test_they_end_when_the_supervisor_is_killed(self, tmp_path: Path) -> None:
        supervisor = (
            "import os, sys, time; from pathlib import Path; from dashboard.demo.processes import Processes;"
            "p = Processes(dict(os.environ), Path(sys.argv[1]), Path(sys.argv[1]));"
            f"p.start('sleeper', {SLEEPER!r}); print(p.running['sleeper'].pid, flush=True); time.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", supervisor, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            child = int(process.stdout.readline())
            assert is_alive(child)
            process.kill()
        wait_until_gone(child)


class Pages(BaseHTTPRequestHandler):
    """A sign-in page whose style sheet is there, or not yet."""

    stylesheet = True

    def do_GET(self) -> None:
        pages = {"/ping": b"pong", "/accounts/login/": b'<link rel="stylesheet" href="/static/css/corral.1a2b.css">'}
        if self.stylesheet:
            pages["/static/css/corral.1a2b.css"] = b"body {}"
        body = pages.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing into the tests' output."""


@pytest.fixture
def pages() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


class TestReady:
    def test_a_page_answers_when_its_style_sheet_does_too(self, pages: int, monkeypatch: pytest.MonkeyPatch) -> None:
        assert ready.page_answers(pages)
        monkeypatch.setattr(Pages, "stylesheet", False)
        assert not ready.page_answers(pages)

    def test_a_stand_in_answers_pong(self, pages: int) -> None:
        assert ready.sandbox_answers(pages)

    def test_nobody_there_is_not_an_error(self) -> None:
        with bind(0) as silent:
            port = silent.getsockname()[1]
            assert not ready.sandbox_answers(port)
            assert not ready.page_answers(port)

    def test_waiting_ends_when_a_process_dies(self) -> None:
        def meanwhile() -> None:
            raise Died("web")

        with pytest.raises(Died):
            ready.wait_until(lambda: False, within=20, meanwhile=meanwhile)

    def test_waiting_has_an_end(self) -> None:
        assert not ready.wait_until(lambda: False, within=0, meanwhile=lambda: None)
