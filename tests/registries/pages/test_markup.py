"""Markup in every text of Rancher's: no page takes it for markup, and what shows it is closed to htmx."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from django.test import Client as Browser

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.registries.conftest import Rancher
from tests.registries.tour import DOWNLOADS, Tour, furnish

pytestmark = pytest.mark.django_db(transaction=True)
MARKER = "onerror=alert(1)"  # of the stand-in's markup
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ONLY_TEXT = {"title", "textarea", "option", "script"}  # the parser of HTML makes no elements in them
IN_A_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


class Page(HTMLParser):
    """What is wrong with a page, and whether it shows the markup at all."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.injected: list[str] = []
        self.unguarded: list[str] = []
        self.shows_it = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" or ("hx-get", "/accounts/logout/") in attrs or any(name.startswith("on") for name, _ in attrs):
            self.injected.append(f"{tag} in {self.path}")
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if MARKER in data:
            self.shows_it = True
            is_guarded = any(tag in ONLY_TEXT or "hx-disable" in attrs for tag, attrs in self.open)
            if not is_guarded:
                self.unguarded.append(f"{data.strip()[:40]}… in {self.path}")

    @property
    def path(self) -> str:
        return " > ".join(f"{tag}.{attrs.get('class') or attrs.get('id') or ''}" for tag, attrs in self.open[-4:])


@pytest.fixture
def tour(
    profile: ConnectionProfile, rancher: Rancher, upstream: Client, browse: Callable[[User], Browser], admin: User
) -> Tour:
    """With markup from Rancher on every page: read, written and failed with it."""
    tour = furnish(profile, rancher, upstream, browse(admin))
    rancher.fail("markup")
    tour.write()
    timed_cache.clear_all()
    return tour


def pages(tour: Tour) -> Iterator[tuple[str, str]]:
    yield from tour.write().items()
    for url in tour.pages:
        yield url, tour.web.get(url).content.decode()
    for url in (*tour.pages, *tour.fragments):
        yield f"{url} in a dialog", tour.web.get(url, headers=IN_A_DIALOG).content.decode()


@pytest.mark.parametrize("protection", ConnectionProfile.Protection.values)
def test_takes_nothing_from_rancher_for_markup_and_closes_it_to_htmx(tour: Tour, protection: str) -> None:
    ConnectionProfile.objects.update(protection=protection)
    seen = {url: Page(html) for url, html in pages(tour)}
    assert {url: page.injected for url, page in seen.items() if page.injected} == {}
    assert {url: page.unguarded for url, page in seen.items() if page.unguarded} == {}
    assert sum(page.shows_it for page in seen.values()) > 20


def test_exports_what_comes_from_rancher_as_files(tour: Tour) -> None:
    for url in DOWNLOADS:
        answer = tour.web.get(url)
        assert "attachment" in answer.headers["Content-Disposition"], url
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "html" not in answer.headers["Content-Type"]
