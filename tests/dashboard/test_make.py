"""What `make run` says on a machine that can't run it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.settings import BASE_DIR


def make_run(folder: Path, *, python: str) -> subprocess.CompletedProcess[str]:
    """`make run` in a new clone, on a machine whose only Python is the given shell script."""
    shutil.copy(BASE_DIR / "Makefile", folder)
    (folder / "requirements.txt").touch()
    machine = folder / "bin"
    machine.mkdir()
    interpreter = machine / "python3"
    interpreter.write_text(f"#!/bin/sh\n{python}\n")
    interpreter.chmod(0o755)
    make = shutil.which("make")
    assert make
    return subprocess.run(
        [make, "run"], cwd=folder, env={"PATH": str(machine)}, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        pytest.param("exit 1", "Corral needs Python 3.11 or newer", id="old"),
        pytest.param('case "$2" in *ensurepip*) exit 1;; esac', "python3 has no venv module: install it", id="no venv"),
    ],
)
def test_a_machine_that_lacks_something_is_told_what(tmp_path: Path, python: str, sentence: str) -> None:
    ended = make_run(tmp_path, python=python)
    assert ended.returncode != 0
    assert ended.stdout == ""
    first, _, rest = ended.stderr.partition("\n")
    assert first.startswith(sentence)
    assert first.endswith("then run make again.")
    assert "Traceback" not in rest
    assert not (tmp_path / ".venv").exists()
