"""What import-linter can't say: services make no pages, so nothing of Django's pages is imported there."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.settings import BASE_DIR

PAGES = ("django.http", "django.shortcuts", "django.template", "django.urls", "django.views", "dashboard.http")


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pages_imported(source: str) -> list[str]:
    return [name for name in imported(source) if f"{name}.".startswith(tuple(f"{page}." for page in PAGES))]


@pytest.mark.parametrize(
    "source", ["import django.http", "from django import shortcuts", "def f():\n    from django.http import Http404"]
)
def test_a_page_in_a_service_is_seen(source: str) -> None:
    assert pages_imported(source)


def test_services_make_no_pages() -> None:
    folder = Path(BASE_DIR, "registries", "services")
    services = sorted(folder.rglob("*.py"))
    assert {path.parent.name for path in services} >= {"audit", "inventory", "operations", "profiles"}
    broken = {path.relative_to(folder): pages_imported(path.read_text()) for path in services}
    assert {path: found for path, found in broken.items() if found} == {}
