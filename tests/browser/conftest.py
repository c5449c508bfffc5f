"""Fixtures of the browser tests: a live server, a page that is watched, and people.

A test fails when the page broke its own content security policy, logged an error or lacked a file. What the page looked
like then is kept in `test-results/`. How Chromium is found and started is in `tests/conftest.py`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from dashboard.people.models import User
from tests.browser import tools
from tests.registries.conftest import (  # noqa: F401 - the same people, profiles and stand-in Rancher
    admin,
    auditor,
    loopback,
    maintainer,
    make_profile,
    make_user,
    operator,
    profile,
    rancher,
    rancher_14,
    upstream,
    viewer,
)

PATIENCE_MS = 30_000  # of every wait for the page: an idle machine needs about a second, a busy one many times that


def pytest_configure(config: pytest.Config) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    if config.getoption("screenshot") == "off":
        config.option.screenshot = "only-on-failure"


@pytest.fixture(scope="session")
def base_url(django_db_setup: None, request: pytest.FixtureRequest) -> str:
    # only now: a server started before the database would take it for one in memory and share a connection
    server: LiveServer = request.getfixturevalue("live_server")
    return str(server.url)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], base_url: str) -> dict[str, Any]:
    return browser_context_args | {"base_url": base_url, "viewport": tools.WIDE}


@pytest.fixture
def seen() -> Iterator[tools.Seen]:
    """What the test's page did; a test that provokes a fault empties `faults` after looking at them."""
    seen = tools.Seen()
    yield seen
    assert seen.faults == []


@pytest.fixture
def page(page: Page, seen: tools.Seen) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    seen.watch(page)
    return page


@pytest.fixture
def signed_in(page: Page, base_url: str) -> Callable[[User], Page]:
    """Signs somebody in and gives the page back."""

    def sign_in(user: User) -> Page:
        tools.sign_in(page, user, base_url)
        return page

    return sign_in
