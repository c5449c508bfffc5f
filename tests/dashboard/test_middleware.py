"""Request ids, guarding headers, and sign-in that never ends in a fragment."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client, RequestFactory

from dashboard.current import current_request_id
from dashboard.middleware import request_id

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true", "HX-Target": "operation-list"}


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_user("somebody", password="a long enough passphrase"))
    return client


@pytest.mark.parametrize("given", ["c2f0-91ab-77de", "a" * 64, "A.b_c-1234"])
def test_keeps_the_id_that_a_trusted_proxy_gave(client: Client, settings: Any, given: str) -> None:
    settings.BEHIND_PROXY = True
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


def test_takes_no_id_from_strangers(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "c2f0-91ab-77de"})["X-Request-ID"] != "c2f0-91ab-77de"


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "a b c d e f g", "line\r\nbreak-it", '"quoted-id"', "-starts-odd"]
)
def test_makes_an_id_when_the_given_one_is_not_valid(settings: Any, given: str) -> None:
    settings.BEHIND_PROXY = True
    request = RequestFactory().get("/", headers={"X-Request-ID": given})
    made = request_id(lambda _: HttpResponse())(request)["X-Request-ID"]
    assert len(made) == 32
    assert made != given


def test_knows_the_id_in_the_course_of_the_request_and_not_after_it(client: Client) -> None:
    seen: list[str] = []

    def view(_: object) -> HttpResponse:
        seen.append(current_request_id.get())
        return HttpResponse()

    answer = request_id(view)(RequestFactory().get("/"))
    assert seen == [answer["X-Request-ID"]]
    client.get("/healthz")  # whose end forgets it
    assert current_request_id.get() == ""


@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/nothing/", "/static/css/base.css"])
def test_guards_every_answer(client: Client, path: str) -> None:
    answer = client.get(path)
    answer.close()  # the file, where it is one
    policy = dict(rule.split(" ", 1) for rule in answer["Content-Security-Policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert {policy.pop("base-uri"), policy.pop("frame-ancestors")} == {"'none'"}
    assert set(policy) == {"script-src", "style-src", "img-src", "font-src", "connect-src", "form-action"}
    assert set(policy.values()) == {"'self'"}
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]


def test_static_files_are_for_our_own_pages_and_may_be_cached(signed_in: Client) -> None:
    answer = signed_in.get("/static/css/base.css")
    answer.close()
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "public" in answer["Cache-Control"]
    assert "no-store" not in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/static/nothing.css", "/nothing/", "/operations/"])
def test_lets_nobody_keep_what_is_shown_to_the_signed_in(signed_in: Client, path: str) -> None:
    assert "no-store" in signed_in.get(path)["Cache-Control"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_sends_the_whole_page_to_sign_in_when_a_fragment_is_asked_for(client: Client, method: str) -> None:
    headers = FRAGMENT | {"HX-Current-URL": "http://testserver/operations/?q=quay"}
    answer = getattr(client, method)("/accounts/password/change/", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert _next(answer) == "/operations/?q=quay"


@pytest.mark.parametrize(("method", "way_back"), [("get", "/accounts/password/change/?page=2"), ("post", "/profiles/")])
def test_comes_back_to_where_a_boosted_link_led(client: Client, method: str, way_back: str) -> None:
    headers = {"HX-Request": "true", "HX-Boosted": "true", "HX-Current-URL": "http://testserver/profiles/"}
    answer = getattr(client, method)("/accounts/password/change/?page=2", headers=headers)
    assert answer.status_code == 401
    assert _next(answer) == way_back


@pytest.mark.parametrize(
    "current", ["", "https://elsewhere.example/operations/", "http://testserver//elsewhere.example/"]
)
def test_comes_back_to_the_overview_when_the_page_in_view_is_not_ours(client: Client, current: str) -> None:
    assert _next(client.get("/operations/", headers=FRAGMENT | {"HX-Current-URL": current})) == "/"


def test_redirects_plain_requests_to_sign_in(client: Client) -> None:
    answer = client.get("/operations/?q=quay")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/operations/%3Fq%3Dquay"


def test_leaves_other_redirects_of_htmx_alone(signed_in: Client) -> None:
    answer = signed_in.get("/accounts/login/", headers=FRAGMENT)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def _next(answer: Any) -> str:
    where = urlsplit(answer["HX-Redirect"])
    assert where.path == "/accounts/login/"
    way_back: str = parse_qs(where.query)["next"][0]
    return way_back
