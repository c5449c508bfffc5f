"""`docs/layout.md` draws every folder of the project and no other."""

import re
from pathlib import Path

from tests.settings import BASE_DIR

ROOTS = ("dashboard", "registries", "templates", "static", "tests")
PAGE = Path(BASE_DIR, "docs", "layout.md").read_text()
LINE = re.compile(r"(?P<indent> *)(?P<name>[\w.]+)/ +(?P<sentence>\S.*)")


def drawn(page: str) -> dict[str, str]:
    """Path of each folder in the tree, with its sentence."""
    rooms: dict[str, str] = {}
    above: list[str] = []
    for line in page.split("```")[1].strip().splitlines():
        found = LINE.fullmatch(line)
        assert found, line
        depth = len(found["indent"]) // 2
        above[depth:] = [found["name"]]
        rooms["/".join(above)] = found["sentence"]
    return rooms


def folders() -> set[str]:
    """Folders that hold a file themselves or below, as git would keep them."""
    files = (path for root in ROOTS for path in Path(BASE_DIR, root).rglob("*") if path.is_file())
    kept = (path.relative_to(BASE_DIR) for path in files if "__pycache__" not in path.parts)
    return {folder.as_posix() for path in kept for folder in path.parents if folder != Path()}


def test_the_tree_draws_every_folder_and_no_other() -> None:
    assert set(drawn(PAGE)) == folders()


def test_a_folder_that_is_not_drawn_is_seen() -> None:
    without = PAGE.replace("    removal/", "").replace("  outbound/             the", "  inbound/              the", 1)
    assert folders() - set(drawn(without)) == {"registries/outbound"}


def test_the_twenty_changes_name_files_that_exist() -> None:
    named = re.findall(r"\| `([^`]+)`", PAGE)
    assert len(named) == 20
    assert [name for name in named if not Path(BASE_DIR, name).exists()] == []
