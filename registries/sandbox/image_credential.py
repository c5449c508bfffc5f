"""Picks the credential that the server uses for an image. Source: `resolver.json`.

The product has a rule of its own for the same question. This one stays apart from it, so that a fault in one shows as
a difference; both are held to the same recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registries.sandbox.state import Row, State

DOCKER_HUB = "index.docker.io"


@dataclass(frozen=True, slots=True)
class Choice:
    """The image's name with `registry.default` applied, and the credential sent along; None where there is none."""

    image: str
    is_whitelisted: bool
    credential: Row | None


def choose_credential(state: State, account: int, image: str) -> Choice:
    """The credential for an image in a project: the active one with the lowest id, of an active registry.

    A registry counts when its address is the image's host; letters' case makes no difference there, but it does in
    the whitelist.
    """
    name = _with_default(image, state.settings.get("registry.default"))
    host = host_of(name) or DOCKER_HUB
    whitelist = _hosts(state.settings.get("registry.whitelist"))
    if whitelist and host not in whitelist:
        return Choice(name, is_whitelisted=False, credential=None)
    registries = {
        row.number
        for row in state.registries.values()
        if row.account == account and row.state == "active" and row.fields["serverAddress"].lower() == host.lower()
    }
    return Choice(name, is_whitelisted=True, credential=_oldest_active(state.credentials.values(), registries))


def host_of(image: str) -> str | None:
    """The host in an image's name: the part before the first slash, when it holds a dot or a colon.

    Plain `localhost` counts as a host, too: it found no credential of Docker Hub.
    """
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else None


def _with_default(image: str, default: str | None) -> str:
    default = (default or "").strip()
    return f"{default}/{image}" if default and host_of(image) is None else image


def _hosts(whitelist: str | None) -> set[str]:
    return {host.strip() for host in (whitelist or "").split(",") if host.strip()}


def _oldest_active(credentials: Iterable[Row], registries: set[int]) -> Row | None:
    usable = [row for row in credentials if row.state == "active" and row.fields["registry"] in registries]
    return min(usable, key=lambda row: row.number, default=None)
