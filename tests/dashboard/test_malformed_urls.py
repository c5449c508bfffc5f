"""Malformed URLs in requests: no page answers them with 500, to strangers or to the signed-in."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.people.models import User

pytestmark = pytest.mark.django_db
MALFORMED = [
    "http://[::1",
    "http://[",
    "//[",
    "http://testserver//[x",
    "http://testserver/[x?next=//[",
    "http://\u2100.example/",  # whose host normalises to one with a slash
    "http://testserver:port/",
    "[",
    "\\\\[",
]


@pytest.fixture(params=["nobody", "somebody"])
def browser(request: pytest.FixtureRequest) -> Client:
    client = Client()
    if request.param == "somebody":
        client.force_login(User.objects.create_user("somebody", password="a long enough passphrase", site_role="admin"))
    return client


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Paths of all pages without a parameter, but for the one that signs out."""
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif "<" not in path and "logout" not in path:
            yield f"/{path}"


@pytest.mark.parametrize("url", MALFORMED)
def test_no_page_fails_on_one_in_a_header_or_in_next(browser: Client, url: str) -> None:
    in_headers = url.encode("ascii", "backslashreplace").decode()
    kinds: tuple[dict[str, str], ...] = (
        {},
        {"HX-Request": "true", "HX-Target": "operation-list"},
        {"HX-Request": "true", "HX-Boosted": "true"},
        {"HX-Request": "true", "HX-Target": "x", "HX-Current-URL-URI-AutoEncoded": "true"},
    )
    headers = {"HX-Current-URL": in_headers, "Referer": in_headers, "Origin": in_headers}
    wrong = []
    for path in routes(get_resolver().url_patterns):
        for kind in kinds:
            for method in ("get", "post"):
                answer = getattr(browser, method)(f"{path}?next={url}", headers=headers | kind)
                if answer.status_code >= 500:
                    wrong.append((method, path, kind, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("url", MALFORMED)
def test_a_sign_in_leads_to_the_overview_in_place_of_one(url: str) -> None:
    User.objects.create_user("somebody", password="a long enough passphrase")
    typed = {"login": "somebody", "password": "a long enough passphrase", "next": url}
    assert Client().post("/accounts/login/", typed).headers["Location"] in {"/", url}
