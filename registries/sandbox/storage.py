"""Files for a sandbox's keys and state."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from registries.sandbox.state import State


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces the file in one step, readable by its owner only: it holds secrets.

    The draft has the same name each time, so that one that a crash leaves behind is overwritten by the next.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_keys(path: Path | None) -> dict[str, tuple[str, str]] | None:
    """Role -> access and secret key; None when there is no such file. Raises ValueError for another content."""
    if path is None or not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[str, str]])
    except msgspec.MsgspecError as problem:
        raise ValueError(f"{path} holds no keys: {problem}") from problem


def read_state(path: Path | None, *, generation: str) -> State | None:
    """The state of an earlier run; None when there is none. Raises ValueError for one of the other generation."""
    if path is None or not path.exists():
        return None
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except msgspec.MsgspecError as problem:
        raise ValueError(f"{path} holds no sandbox's state: {problem}") from problem
    if state.generation != generation:
        raise ValueError(f"{path} is of a Rancher {state.generation}: remove it, or start that generation")
    return state
