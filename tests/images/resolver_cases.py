"""The cases of `resolver.json` as values: what a real server held, was asked, and chose."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from registries.rancher.types import Registry, RegistryCredential

RESOLVER = Path(__file__).parent.parent / "recordings" / "1.6" / "resolver.json"


class Case(NamedTuple):
    """One image in one configuration. `recorded` holds `status`, and of what was made `credential`, `imageUuid`."""

    title: str
    registries: tuple[Registry, ...]
    default_registry: str
    whitelist: str
    recorded: dict[str, Any]

    @property
    def image(self) -> str:
        return str(self.recorded["image"])

    def __str__(self) -> str:
        return f"{self.title}: {self.image}"


def read_cases() -> Iterator[Case]:
    """Every image of every case; a case without registries goes on with those of the one before it."""
    registries: tuple[Registry, ...] = ()
    for case in json.loads(RESOLVER.read_text()):
        title = case["case"]
        if "registries" in case:
            registries = tuple(_registries(case["registries"]))
        for recorded in case["images"]:
            yield Case(title, registries, _setting(title, "default"), _setting(title, "whitelist"), recorded)


def _setting(title: str, name: str) -> str:
    found = re.search(rf"registry\.{name} = (\S+)", title)
    return found[1] if found else ""


def _registries(rows: list[dict[str, Any]]) -> Iterator[Registry]:
    number = 0
    for index, row in enumerate(rows, start=1):
        credentials = []
        for name in row["credentials"]:
            number += 1
            user, _, state = name.partition(" ")
            credentials.append(
                RegistryCredential(id=f"1c{number}", public_value=user, state=state.strip("()") or "active")
            )
        yield Registry(
            id=f"1sp{index}",
            server_address=row["serverAddress"],
            state=row.get("state", "active"),
            credentials=tuple(credentials),
        )


CASES = tuple(read_cases())
