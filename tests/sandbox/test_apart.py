"""Independence of stand-in and product: neither imports the other, and the production image has no stand-in."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SANDBOX = "registries.sandbox"
ALLOWED = ("registries.rancher.types", SANDBOX)  # of the product's modules, in the stand-in
COMMAND = Path("registries/management/commands/sandbox.py")
IMPORT_ALL = """
import importlib, pkgutil, django
django.setup()
from django.urls import get_resolver
for name in ("dashboard", "registries"):
    for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(len(get_resolver().url_patterns))
"""


def imported(path: Path) -> Iterator[str]:
    """Full names of what a module imports, anywhere in it; a relative import counts with the package it leads to."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_in(name: str, *packages: str) -> bool:
    return f"{name}.".startswith(tuple(f"{package}." for package in packages))


def test_the_stand_in_imports_nothing_of_the_product() -> None:
    modules = sorted((ROOT / "registries/sandbox").rglob("*.py"))
    names = {name for path in modules for name in imported(path)}
    assert "registries.sandbox.state.State" in names
    assert [
        name for name in names if is_in(name, "registries", "dashboard", "django") and not is_in(name, *ALLOWED)
    ] == []


def test_nothing_of_the_product_imports_the_stand_in_but_its_command() -> None:
    modules = [path.relative_to(ROOT) for top in ("registries", "dashboard") for path in (ROOT / top).rglob("*.py")]
    outside = [path for path in modules if not path.is_relative_to("registries/sandbox")]
    users = [path for path in outside if any(is_in(name, SANDBOX) for name in imported(ROOT / path))]
    assert users == [COMMAND]


def ignored(path: Path) -> bool:
    """Whether `.dockerignore` leaves a path out: the last line that matches it or a folder above it decides."""
    left_out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{expression}(?:/.*)?", path.as_posix()):
            left_out = not line.startswith("!")
    return left_out


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with what the image is built from: what Dockerfile copies and `.dockerignore` lets through."""
    copied = re.findall(r"^COPY (\w\S*) ", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert {"manage.py", "dashboard", "registries"} <= {*copied}
    for name in copied:
        for path in [ROOT / name, *(ROOT / name).rglob("*")]:
            if path.is_file() and not ignored(path.relative_to(ROOT)):
                target = tmp_path / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    """What a Python process in this folder prints; it has the product's own settings, not those of the tests."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CORRAL_DEMO", "PYTHONPATH")}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "DATABASE_URL": f"sqlite:///{folder}/corral.sqlite3",
        "CORRAL_STATIC_ROOT": str(folder / "collected"),
    }
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_image_holds_no_stand_in(image: Path) -> None:
    files = [path.relative_to(image).as_posix() for path in image.rglob("*")]
    assert "registries/urls.py" in files
    assert [name for name in files if "sandbox" in name or "demo_profiles" in name] == []


def test_the_product_starts_without_the_stand_in(image: Path) -> None:
    assert int(run(image, "-c", IMPORT_ALL).splitlines()[-1]) > 0
    run(image, "manage.py", "check")
    assert "sandbox" not in run(image, "manage.py", "help", "--commands").split()
