"""Files of a sandbox between two runs, and the demo's initial state."""

import json
import stat
from pathlib import Path
from unittest.mock import Mock

import pytest

from registries.sandbox import Sandbox, new_state
from registries.sandbox.seed import ROLES, new_keys
from registries.sandbox.storage import read_keys, read_state, write_atomically

from .helpers import CREDENTIALS, REGISTRIES, START, Desk


def test_state_survives_a_restart(tmp_path: Path) -> None:
    desk, path = Desk(), tmp_path / "new" / "state.json"
    public = desk.create("quay.io", name="Quay")
    credential = desk.create_credential(public, secretValue="s3cret")
    desk.act(public, "deactivate")
    write_atomically(path, desk.sandbox.snapshot())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]

    state = read_state(path, generation="1.6")
    assert state is not None
    again = Desk()
    again.sandbox = Sandbox(state, transition_ms=400)
    again.now = desk.now
    assert again.state_of(public) == "deactivating"
    again.wait()
    assert again.state_of(public) == "inactive"
    answer = again.act(credential, "deactivate", path=CREDENTIALS)
    assert answer.json()["secretValue"] == "s3cret"
    assert again.create("ghcr.io") == "1sp2"
    assert len(again.ask("GET", "/v2-beta/projects/1a5/auditlogs").json()["data"]) == 5


def test_counts_changes_but_not_reads() -> None:
    desk = Desk()
    desk.create("quay.io")
    desk.ask("GET", REGISTRIES)
    before = desk.sandbox.changes
    desk.ask("GET", REGISTRIES)
    assert desk.sandbox.changes == before
    desk.act("1sp1", "deactivate")
    assert desk.sandbox.changes > before


def test_a_draft_that_a_crash_left_is_gone_after_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys.json"
    with monkeypatch.context() as crash:
        crash.setattr(Path, "replace", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write_atomically(path, b"first")
    monkeypatch.setattr("os.getpid", lambda: 1)  # the next one is another process
    write_atomically(path, b"second")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"second"


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert read_state(tmp_path / "none", generation="1.6") is None
    assert read_state(None, generation="1.6") is None
    assert read_keys(tmp_path / "none") is None


def test_refuses_files_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, Desk(generation="1.4").sandbox.snapshot())
    with pytest.raises(ValueError, match=r"of a Rancher 1\.4"):
        read_state(path, generation="1.6")
    with pytest.raises(ValueError, match="holds no keys"):
        read_keys(path)
    path.write_text('{"env": ["a", "s"]}')
    with pytest.raises(ValueError, match="holds no sandbox's state"):
        read_state(path, generation="1.6")
    with pytest.raises(ValueError, match="no key for env2"):
        new_state("empty", generation="1.6", now=START, keys=read_keys(path))


def test_keys_are_used_again(tmp_path: Path) -> None:
    path, keys = tmp_path / "keys.json", new_keys()
    path.write_text(json.dumps(keys))
    sandbox = Sandbox(new_state("empty", generation="1.6", now=START, keys=read_keys(path)))
    assert sandbox.keys == keys
    assert set(keys) == set(ROLES)


@pytest.mark.parametrize(("seed", "generation"), [("full", "1.6"), ("empty", "1.7")])
def test_refuses_what_there_is_not(seed: str, generation: str) -> None:
    with pytest.raises(ValueError, match="there is no"):
        Sandbox(new_state(seed, generation=generation, now=START))


def test_demo_is_what_a_company_has() -> None:
    first, second = Desk(seed="demo"), Desk(seed="demo2")
    projects = [row["name"] for row in first.ask("GET", "/v1/projects", role="admin").json()["data"]]
    assert projects == ["Production EU", "Staging"]
    assert second.ask("GET", "/v1/projects").json()["data"][0]["name"] == "Sandbox"
    production = first.ask("GET", f"{REGISTRIES}?include=credentials").json()["data"]
    staging = first.ask("GET", "/v1/projects/1a7/registries", role="env2").json()["data"]
    sandbox = second.ask("GET", REGISTRIES).json()["data"]
    assert (len(production), len(staging), len(sandbox)) == (21, 13, 7)
    everything = production + staging + sandbox
    assert {row["transitioning"] for row in everything} == {"no"}
    assert {row["state"] for row in everything} == {"active", "inactive"}
    assert any(row["serverAddress"] == "https://registry.example.com" for row in production)
    assert any(row["description"] is None for row in everything)
    assert all(START - 2.1 * 365 * 86_400 < row["createdTS"] / 1000 < START for row in everything)
    for rows in (production, staging, sandbox):
        assert len({row["serverAddress"].lower() for row in rows}) == len(rows)
        assert [row["createdTS"] for row in rows] == sorted(row["createdTS"] for row in rows)
    assert sum(len(row.get("credentials", ())) for row in production) >= 20
