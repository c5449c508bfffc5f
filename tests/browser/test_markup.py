"""A hostile Rancher in Chromium: markup in every text of every answer, and nobody makes a request but the pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser
from django.utils.safestring import SafeString
from playwright.sync_api import Dialog, Page, Request

from dashboard import timed_cache
from dashboard.people.models import User
from dashboard.prerender import RowTemplate
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.browser import tools
from tests.registries.conftest import Rancher
from tests.registries.role_table import R
from tests.registries.tour import DOWNLOADS, Tour, furnish

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BARRIER = "/healthz"
# what pages ask for by themselves: assets, the menu of profiles, cards of the overview, whatever moves
OWN = re.compile(r"/static/.*|/switcher/|/profiles/[\w-]+/card/|.*[?&]tick=\d+.*|/favicon.ico|" + BARRIER)
# whatever would be requested at once has been requested before this comes back
SETTLE = f"""async () => {{
  for (const one of document.querySelectorAll("details")) one.open = true;
  await new Promise(requestAnimationFrame);
  await fetch("{BARRIER}");
}}"""
INTO_DIALOG = """async (url) => htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" })"""
INJECTED = 'img, [onerror], [hx-get="/accounts/logout/"]'


@dataclass
class Watch:
    """Every request that no step of the test made, and every dialog of the browser."""

    asked: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def start(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if request.method != "GET" or not (path in self.asked or OWN.fullmatch(path)):
            self.requests.append(f"{request.method} {request.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, page: Page, url: str) -> int:
        """Opens a page, with all that folds out of it; how many elements of Rancher's are in it."""
        self.asked.add(url)
        page.goto(url)
        page.evaluate(SETTLE)
        return page.locator(INJECTED).count()

    def open_in_dialog(self, page: Page, url: str) -> int:
        self.asked.add(url)
        page.evaluate(INTO_DIALOG, url)
        page.evaluate(SETTLE)
        return page.locator(INJECTED).count()


@pytest.fixture
def tour(profile: ConnectionProfile, rancher: Rancher, upstream: Client, admin: User) -> Tour:
    """With markup from Rancher on every page: read, written and failed with it."""
    web = Browser()
    web.force_login(admin)
    tour = furnish(profile, rancher, upstream, web)
    rancher.fail("markup")
    tour.write()
    timed_cache.clear_all()
    return tour


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_makes_no_request_that_rancher_wants(
    signed_in: Callable[[User], Page], admin: User, tour: Tour, watch: Watch, seen: tools.Seen
) -> None:
    page = signed_in(admin)
    watch.start(page)
    injected = {url: watch.open(page, url) for url in tour.pages}
    watch.open(page, R)
    injected |= {f"{url} in a dialog": watch.open_in_dialog(page, url) for url in (*tour.fragments, *tour.pages)}
    assert {url: count for url, count in injected.items() if count} == {}
    assert (watch.requests, watch.dialogs, seen.faults) == ([], [], [])
    page.goto("/account/access/")
    assert page.get_by_text("Admin of the whole site").count() == 1  # still signed in, and still who they were


def test_hands_out_exports_as_files(signed_in: Callable[[User], Page], admin: User, tour: Tour) -> None:
    page = signed_in(admin)
    page.goto("/operations/")
    for url in DOWNLOADS:
        with page.expect_download() as download:
            page.evaluate("(url) => { location.href = url; }", url)
        assert "onerror" in download.value.path().read_text()


def test_would_see_what_a_row_that_does_not_escape_lets_in(
    signed_in: Callable[[User], Page],
    admin: User,
    tour: Tour,
    watch: Watch,
    seen: tools.Seen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The test above has teeth; and a cell whose escaping is forgotten is still closed to htmx."""
    render = RowTemplate.render
    monkeypatch.setattr(
        RowTemplate, "render", lambda row, values: render(row, {**values, "name": SafeString(values["name"])})
    )
    page = signed_in(admin)
    watch.start(page)
    assert watch.open(page, f"{R}?read=now") > 0
    assert [one for one in watch.requests if one.endswith("/registries/x")]
    assert [one for one in watch.requests if "logout" in one] == []
    assert [one for one in seen.faults if "Content Security Policy" in one]
    seen.faults.clear()
