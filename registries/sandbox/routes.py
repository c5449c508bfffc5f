"""Parsing of a request's path."""

from __future__ import annotations

import re
from dataclasses import dataclass

# `/v1/projects/1a5/registries/1sp1` -> version, project in the path, the rest.
_PATH = re.compile(r"/(?P<version>v1|v2-beta)(?:/projects/(?P<project>[^/]+)(?=/.))?(?P<rest>(?:/.*)?)")


@dataclass(frozen=True, slots=True)
class Route:
    """The parts of a path: API version, project, and the names after that."""

    version: str
    project: str | None
    names: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """The path that collections start with: `/v1` or `/v1/projects/1a5`."""
        return f"/{self.version}" + (f"/projects/{self.project}" if self.project is not None else "")


def route(path: str) -> Route | None:
    """The route of a path without its query; None for an unknown API version."""
    found = _PATH.fullmatch(path.rstrip("/") or "/")
    if found is None:
        return None
    names = tuple(name for name in found["rest"].split("/") if name)
    return Route(found["version"], found["project"], names)
