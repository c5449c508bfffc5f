"""Refusals and failures: the page, and what htmx gets in its place."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path, set_urlconf

from dashboard import urls
from dashboard.policy import PUBLIC, stamp

pytestmark = pytest.mark.django_db
FAULTS = {
    "refused": PermissionDenied("Your role in Staging is viewer; this takes the role operator."),
    "gone": Http404("Rancher knows no such registry."),
    "suspicious": SuspiciousOperation("too many fields"),
    "locked": OperationalError("database is locked"),
    "broken": RuntimeError("secret-in-a-message"),
}
STATUSES = {"refused": 403, "gone": 404, "suspicious": 400, "locked": 503, "broken": 500}
SENTENCES = {
    "refused": "this takes the role operator",
    "gone": "Rancher knows no such registry.",
    "suspicious": "can&#x27;t read this request",
    "locked": "was not saved; send it again",
    "broken": "The fault is in the log",
}


@stamp(PUBLIC)
def fail(_: HttpRequest, fault: str) -> HttpResponse:
    raise FAULTS[fault]


@pytest.fixture(autouse=True)
def _failing_views(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(urls, "urlpatterns", [path("fail/<fault>/", fail), *urls.urlpatterns])
    clear_url_caches()
    yield
    monkeypatch.undo()
    clear_url_caches()
    set_urlconf(None)


@pytest.fixture(params=["somebody", "nobody"])
def browser(request: pytest.FixtureRequest) -> Client:
    client = Client(raise_request_exception=False)
    if request.param == "somebody":
        client.force_login(get_user_model().objects.create_user("somebody"))
    return client


@pytest.mark.parametrize("fault", FAULTS)
def test_says_what_happened_and_the_request_id(browser: Client, fault: str) -> None:
    answer = browser.get(f"/fail/{fault}/")
    page = answer.content.decode()
    assert answer.status_code == STATUSES[fault]
    assert SENTENCES[fault] in page
    assert answer["X-Request-ID"] in page
    assert page.count("<h1") == 1
    assert "secret-in-a-message" not in page


@pytest.mark.parametrize("fault", FAULTS)
def test_gives_htmx_a_toast_and_no_page_in_a_fragment(browser: Client, fault: str) -> None:
    answer = browser.get(f"/fail/{fault}/", headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert (answer.status_code, answer["HX-Reswap"], answer["HX-Push-Url"]) == (STATUSES[fault], "none", "false")
    toasts = answer.content.decode().strip()
    assert toasts.startswith('<div id="toasts" hx-swap-oob="beforeend"><div class="toast" data-tone="bad">')
    assert SENTENCES[fault] in toasts


@pytest.mark.parametrize("fault", FAULTS)
def test_gives_a_boosted_link_the_whole_page(browser: Client, fault: str) -> None:
    answer = browser.get(f"/fail/{fault}/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert answer.status_code == STATUSES[fault]
    assert answer.content.startswith(b"<!doctype html>")


def test_shows_a_failure_without_database_and_session(
    client: Client, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    client.raise_request_exception = False
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/fail/broken/").status_code == 500


def test_knows_no_such_page(client: Client) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "Not here, or not yours to see" in answer.content.decode()
    assert "tried" not in answer.content.decode()


def test_explains_a_form_without_its_token() -> None:
    answer = Client(enforce_csrf_checks=True).post("/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
