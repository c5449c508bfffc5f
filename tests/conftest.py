"""What every test starts from."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from dashboard import timed_cache
from registries.outbound.breaker import forget_upstreams
from tests import audit_table, chromium, signing_in

NO_CHROMIUM = "no Chromium is installed (Debian, Ubuntu: apt install chromium)"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """A database in a file, as in a real installation: threads and processes of a test meet the same locks."""
    if connections["default"].vendor == "sqlite":
        database: Path = tmp_path_factory.mktemp("database") / "tests.sqlite3"
        connections["default"].settings_dict["TEST"]["NAME"] = str(database)


@pytest.fixture(scope="session", autouse=True)
def _audit_record_can_be_emptied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        audit_table.let_tests_empty_it(patch)
        yield


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """No test meets another one's sign-in limits, kept lists, connections or breakers."""
    cache.clear()
    yield
    timed_cache.clear_all()
    forget_upstreams()


@pytest.fixture(scope="session", autouse=True)
def _sign_ins_are_recent() -> Iterator[None]:
    """`client.force_login` is a sign-in of this moment: it leaves the proof that a password would have left."""
    force_login = Client.force_login

    def with_proof(client: Client, user: Any, backend: str | None = None) -> None:
        force_login(client, user, backend)
        signing_in.prove(client, user)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "force_login", with_proof)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whitenoise warns about a folder of collected files that isn't there; tests serve the sources instead."""
    settings.STATIC_ROOT = str(tmp_path_factory.mktemp("static"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How pytest-playwright starts the browser: the system's, at its own path."""
    return browser_type_launch_args | {"executable_path": chromium.find(), "args": list(chromium.ARGUMENTS)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if chromium.find() is not None:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(f"CI is set, and {NO_CHROMIUM}.")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if NO_CHROMIUM in str(report.longrepr)]
    if left_out:
        terminalreporter.section("NOT TESTED IN A BROWSER", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(left_out)} browser tests were left out: {NO_CHROMIUM}.", red=True, bold=True)
