"""`dashboard.metrics_folder`: what a killed web server leaves behind is gone at the next start."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dashboard import metrics_folder
from tests.processes import descendants, wait_until_gone
from tests.settings import BASE_DIR

CONFIGURATION = "import dashboard.gunicorn as server; print(server.METRICS, flush=True); input()"
FORKED = (
    "import dashboard.gunicorn as server, os, time; child = os.fork(); child or time.sleep(600);"
    " print(server.METRICS, child, flush=True); input()"
)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the test's own: nothing that other servers of this machine use is touched."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@contextmanager
def started(code: str = CONFIGURATION) -> Iterator[tuple[subprocess.Popen[str], Sequence[str]]]:
    """A process that loads gunicorn's configuration, and what it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        yield process, process.stdout.readline().split()
    finally:
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_an_end_leaves_nothing(tmp_path: Path) -> None:
    with started() as (process, (folder,)):
        assert Path(folder).is_dir()
        process.communicate("\n")
        assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_one_left_is_gone_at_the_next_start(tmp_path: Path) -> None:
    with started() as (process, (folder,)):
        (Path(folder) / "counter_1.db").touch()
        process.kill()
        process.wait()
    assert list(tmp_path.iterdir()) == [Path(folder)]
    with started() as (_, (another,)):
        assert list(tmp_path.iterdir()) == [Path(another)]


def test_the_folder_of_a_server_that_runs_stays(tmp_path: Path) -> None:
    with started() as (_, (one,)), started() as (_, (other,)):
        assert set(tmp_path.iterdir()) == {Path(one), Path(other)}


def test_it_stays_while_a_process_of_that_start_lives(tmp_path: Path) -> None:
    with started(FORKED) as (process, (folder, child)):
        os.kill(int(child), 0)
        process.kill()
        process.wait()
        metrics_folder.remove_left_over()
        assert list(tmp_path.iterdir()) == [Path(folder)]
        os.kill(int(child), signal.SIGKILL)
        wait_until_gone(int(child))
        metrics_folder.remove_left_over()
        assert list(tmp_path.iterdir()) == []


def test_what_only_looks_like_one_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"{metrics_folder.PREFIX}file").touch()
    (tmp_path / f"{metrics_folder.PREFIX}link").symlink_to(elsewhere)
    metrics_folder.remove_left_over()
    assert len(list(tmp_path.iterdir())) == 3


def test_the_folder_of_another_account_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{metrics_folder.PREFIX}theirs").mkdir()
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    metrics_folder.remove_left_over()
    assert len(list(tmp_path.iterdir())) == 1


def test_one_that_is_removed_under_our_hands_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another start takes a new folder for a leftover in the moment before it is held."""
    hold = metrics_folder.hold
    removed: list[Path] = []

    def too_late(folder: Path) -> int | None:
        if not removed:
            removed.append(folder)
            folder.rmdir()
        return hold(folder)

    monkeypatch.setattr(metrics_folder, "hold", too_late)
    folder = metrics_folder.make()
    assert folder != removed[0]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_server_that_is_killed_leaves_nothing_after_its_next_start(tmp_path: Path) -> None:
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn"]
    (tmp_path / "static").mkdir()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "CORRAL_LOG_LEVEL": "INFO",
        "CORRAL_BIND": f"unix:{tmp_path}/socket",
        "CORRAL_STATIC_ROOT": f"{tmp_path}/static",
    }

    def folders() -> list[Path]:
        return list(tmp_path.glob(f"{metrics_folder.PREFIX}*"))

    for _ in range(2):
        with subprocess.Popen(
            [*gunicorn, "dashboard.wsgi"], cwd=BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr
            while "Booting worker" not in (line := server.stderr.readline()):
                assert line, "it ended"
            assert len(folders()) == 1
            everything = [server.pid, *descendants(server.pid)]
            server.kill()
            server.wait()
            wait_until_gone(*everything)
    assert len(folders()) == 1
