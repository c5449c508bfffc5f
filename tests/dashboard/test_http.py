"""Pages, fragments, redirects and toasts: what htmx gets, and what everybody else."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages, success
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from dashboard import http

PAGE = "error.html"
CONTEXT = {"shell": "centred.html", "title": "Quays", "status": 200}


class Messages(list[Any]):
    """Stands for a session's messages: what is read is gone."""

    def add(self, level: int, message: str, extra_tags: str = "") -> None:
        from django.contrib.messages.storage.base import Message  # noqa: PLC0415

        self.append(Message(level, message, extra_tags))

    def __iter__(self) -> Any:
        taken = self[:]
        self.clear()
        return iter(taken)


def ask(path: str = "/", *, target: str = "", method: str = "get", **headers: str) -> HttpRequest:
    """A request of htmx when `target` or a header of it is given."""
    named = {f"HX-{name.replace('_', '-')}": value for name, value in headers.items()}
    if target:
        named |= {"HX-Request": "true", "HX-Target": target}
    request: HttpRequest = getattr(RequestFactory(), method)(path, headers=named)
    HtmxMiddleware(lambda _: HttpResponse())(request)
    request._messages = Messages()  # type: ignore[attr-defined]
    return request


@pytest.fixture
def _partials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering is Django's; here it is about which template is chosen."""
    monkeypatch.setattr(http, "render_to_string", lambda template, context=None, request=None: f"<{template}>")


@pytest.mark.usefixtures("_partials")
@pytest.mark.parametrize(
    ("headers", "chosen"),
    [
        ({}, "page.html"),
        ({"target": "list"}, "page.html#list"),
        ({"target": "other"}, "page.html"),
        ({"target": "list", "Boosted": "true"}, "page.html"),
        ({"target": "list", "History_Restore_Request": "true"}, "page.html"),
        ({"Target": "list"}, "page.html"),  # not from htmx
    ],
)
def test_renders_the_fragment_only_when_htmx_asks_for_it(headers: dict[str, str], chosen: str) -> None:
    answer = http.render_page(ask(**headers), "page.html", fragments=["list"])
    assert answer.content.decode() == f"<{chosen}>"
    assert {"HX-Request", "HX-Target"} <= set(answer["Vary"].split(", "))


@pytest.mark.usefixtures("_partials")
def test_gives_the_page_in_place_of_the_whole_one_when_htmx_asks_for_another_part() -> None:
    answer = http.render_page(ask("/quays/?q=1", target="dialog"), "page.html", fragments=["list"], status=503)
    assert answer.status_code == 503
    assert (answer["HX-Retarget"], answer["HX-Reswap"], answer["HX-Push-Url"]) == ("body", "innerHTML", "/quays/?q=1")


def test_renders_a_whole_page_with_its_title() -> None:
    assert "<title>Quays · Corral</title>" in http.render_page(ask(), PAGE, CONTEXT).content.decode()


def test_adds_the_waiting_toasts_to_fragments_out_of_band_and_tells_them_once() -> None:
    request = ask(target="toasts")
    http.add_toast(request, "bad", "quay.io: not removed", detail="<b>422</b>", href="/operations/1/", label="Details")
    body = http.render_fragments(request).content.decode()
    assert 'id="toasts" hx-swap-oob="beforeend"' in body
    assert "&lt;b&gt;422&lt;/b&gt;" in body
    assert 'href="/operations/1/"' in body
    assert http.render_fragments(request).content == b""


def test_triggers_events_with_their_details() -> None:
    answer = http.render_fragments(ask(target="list"), events={"changed": {"id": "1sp1"}})
    assert json.loads(answer["HX-Trigger"]) == {"changed": {"id": "1sp1"}}


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({}, 303, "Location"),
        ({"target": "list", "Boosted": "true"}, 303, "Location"),
        ({"target": "x"}, 200, "HX-Location"),
    ],
)
def test_goes_on_after_a_post(headers: dict[str, str], status: int, name: str) -> None:
    answer = http.go(ask("/quays/", method="post", **headers), "/quays/1/")
    assert answer.status_code == status
    where = answer[name]
    assert where == "/quays/1/" if name == "Location" else json.loads(where)["path"] == "/quays/1/"


def test_starts_at_the_top_of_the_page_that_it_goes_to() -> None:
    where = json.loads(http.go(ask("/quays/", target="x", method="post"), "/quays/1/")["HX-Location"])
    assert where == {"path": "/quays/1/", "target": "body", "swap": "innerHTML show:window:top"}


@pytest.mark.parametrize(
    ("current", "view", "query"),
    [
        ("http://testserver/operations/?q=quay", "operation_list", "quay"),
        ("http://elsewhere.example/operations/?q=quay", "", None),
        ("http://testserver/no/such/page/?q=quay", "", "quay"),
        ("", "", None),
    ],
)
def test_knows_the_page_in_view(current: str, view: str, query: str | None) -> None:
    request = ask(target="list", Current_URL=current)
    assert http.page_in_view(request) == view
    assert http.query_in_view(request).get("q") == query


def test_reads_messages_of_others_as_toasts() -> None:
    request = ask()
    success(request, "Password successfully changed.")
    assert http.take_toasts(request) == [http.Toast("good", "Password successfully changed.")]
    assert list(get_messages(request)) == []


@pytest.mark.parametrize(("label", "dialog"), [("Restore…", True), ("Details", False), ("", False)])
def test_opens_a_toasts_link_as_a_dialog_when_its_label_promises_one(label: str, dialog: bool) -> None:
    assert http.Toast("good", "quay.io: removed", label=label).opens_dialog is dialog


def test_one_template_draws_every_toast() -> None:
    templates = Path(settings.BASE_DIR, "templates")
    drawing = [path.name for path in templates.rglob("*.html") if 'class="toast"' in path.read_text()]
    assert drawing == ["_toast.html"]
