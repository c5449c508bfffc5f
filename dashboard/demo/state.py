"""What the demo remembers from one start to the next: its secrets, its password, the ports of its stand-ins."""

import base64
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"
WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "hazel", "inlet", "juniper", "kelp", "lotus")


class CannotStart(Exception):
    """The demo can't run as things are; the text is one sentence that says what to do."""


def make_password() -> str:
    """Three words and a number: easy to type. Only this machine can reach it, and sign-in counts wrong tries."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(9000) + 1000)])


@dataclass
class State:
    """Kept as JSON in a file that only its owner can read."""

    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    encryption_keys: str = field(default_factory=lambda: "demo:" + base64.b64encode(secrets.token_bytes(32)).decode())
    audit_keys: str = field(default_factory=lambda: "demo:" + base64.b64encode(secrets.token_bytes(32)).decode())
    password: str = field(default_factory=make_password)
    ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "State":
        """What was saved, or a new one. Raises CannotStart for a file that was damaged."""
        if not path.exists():
            return cls()
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise CannotStart(f"{path} is damaged: delete the folder {path.parent} to begin a new demo.") from None

    def save(self, path: Path) -> None:
        """Written whole beside the old one and then put in its place: a crash leaves one or the other."""
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
        draft.replace(path)


def bind(port: int) -> socket.socket:
    """A socket that holds the port on loopback without listening yet; 0 takes a free one. Raises OSError."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, port))
    except BaseException:
        holder.close()
        raise
    return holder


def bind_kept(state: State, name: str) -> socket.socket:
    """Holds the port that `name` had the last time, or another one where somebody else took that; remembers it."""
    try:
        holder = bind(state.ports.get(name, 0))
    except OSError:
        holder = bind(0)
    state.ports[name] = holder.getsockname()[1]
    return holder


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Holds the lock of this folder's demo. Raises CannotStart while another one runs."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart("The demo of this folder runs already: use that one, or stop it first.") from None
        yield
