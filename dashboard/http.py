"""Typed requests, pages, fragments and toasts; only this module and `middleware.py` use `request.htmx` and ``HX-*``.

A page and its fragments share one template: `render_page` answers with ``template#name`` when htmx asks for the element
with that id, and with the whole page otherwise. Every response varies on the headers that decide it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django_htmx.http import HttpResponseLocation, push_url, reswap, retarget, trigger_client_event
from django_htmx.middleware import HtmxDetails

from dashboard.people.models import User

VARY = ("HX-Request", "HX-Target", "HX-Boosted", "HX-History-Restore-Request")
Tone = Literal["good", "busy", "warn", "bad"]
LEVELS: dict[str, int] = {
    "good": messages.SUCCESS,
    "busy": messages.INFO,
    "warn": messages.WARNING,
    "bad": messages.ERROR,
}
TONES: dict[int, Tone] = {messages.SUCCESS: "good", messages.WARNING: "warn", messages.ERROR: "bad"}
ICONS: dict[Tone, str] = {"good": "active", "busy": "moving", "warn": "warning", "bad": "error"}


class AuthedRequest(HttpRequest):
    """Request of a view behind `policy.signed_in` and its like."""

    user: User
    htmx: HtmxDetails
    request_id: str


@dataclass(frozen=True)
class Toast:
    """Message after an action: text, detail, and a link with its label."""

    tone: Tone
    text: str
    detail: str = ""
    href: str = ""
    label: str = ""

    @property
    def icon(self) -> str:
        return ICONS[self.tone]

    @property
    def opens_dialog(self) -> bool:
        """Whether the link opens a dialog: its label ends in an ellipsis, as everywhere."""
        return self.label.endswith("…")


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page: neither a boosted link or form, nor a page for the history."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def wants_fragment(request: HttpRequest, *names: str) -> bool:
    """Whether htmx asks for the element with one of these ids."""
    return is_fragment(request) and request.htmx.target in names  # type: ignore[attr-defined]


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Collection[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The page, or one of its `fragments` (partial name = id of its root element) when htmx asks for that element.

    A page never stands inside a fragment: when htmx asks for any other element, the page takes the place of the one in
    view, address included.
    """
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if wants_fragment(request, *fragments):
        return render_fragments(request, (f"{template}#{htmx.target}", context or {}), status=status)
    response = HttpResponse(render_to_string(template, dict(context or {}), request), status=status)
    if is_fragment(request) and htmx.target:
        response = push_url(reswap(retarget(response, "body"), "innerHTML"), request.get_full_path())
    return vary(response)


def render_fragments(
    request: HttpRequest,
    *parts: tuple[str, Mapping[str, Any]],
    status: int = 200,
    events: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Renders partials one after the other: the first for the target, the others out of band; then pending toasts.

    `events` are triggered in the browser by ``HX-Trigger``, each with its details.
    """
    rendered = [render_to_string(template, dict(context), request) for template, context in parts]
    if toasts := take_toasts(request):
        rendered.append(_render_toasts(toasts))
    response = HttpResponse("\n".join(rendered), status=status)
    for name, details in (events or {}).items():
        trigger_client_event(response, name, details)
    return vary(response)


def refuse_fragment(*, status: int, text: str, detail: str = "") -> HttpResponse:
    """Error response to a fragment request: replaces nothing on the page and shows a toast."""
    response = HttpResponse(_render_toasts([Toast("bad", text, detail)]), status=status)
    return vary(push_url(reswap(response, "none"), False))


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Redirects after a successful POST: htmx loads the page in place of the body, other clients get 303.

    `url` is one of our own paths, never taken from a request.
    """
    if is_fragment(request):
        # htmx shows the top by itself only after a boosted link; that `swap` takes modifiers is not in its type
        return vary(HttpResponseLocation(url, target="body", swap="innerHTML show:window:top"))  # type: ignore[arg-type]
    response = redirect(url)
    response.status_code = 303  # whatever the method was: go there with GET
    return vary(response)


def page_in_view(request: HttpRequest) -> str:
    """The URL name of the page that the person is looking at while htmx asks; "" when unknown or not ours."""
    try:
        return resolve(path_in_view(request)).view_name
    except Resolver404:
        return ""


def path_in_view(request: HttpRequest) -> str:
    """The path of the page that the person is looking at; "" when unknown or not ours."""
    return split_url(url_in_view(request)).path


def query_in_view(request: HttpRequest) -> QueryDict:
    """The query of the page that the person is looking at; empty when unknown or not ours."""
    return QueryDict(split_url(url_in_view(request)).query)


def url_in_view(request: HttpRequest) -> str:
    """Path and query of the page that the person is looking at; "" when unknown, malformed or not ours."""
    try:
        return request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    except ValueError:
        return ""


def split_url(text: str) -> SplitResult:
    """Splits a URL out of a request; a malformed one counts as empty."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def add_toast(
    request: HttpRequest, tone: Tone, text: str, *, detail: str = "", href: str = "", label: str = ""
) -> None:
    """Adds a toast to the next page or fragment that the person sees."""
    note = Toast(tone, text, detail, href, label)
    messages.add_message(request, LEVELS[tone], json.dumps(asdict(note)), extra_tags="toast", fail_silently=True)


def take_toasts(request: HttpRequest) -> list[Toast]:
    """Returns and forgets the pending toasts of this person; other messages are turned into toasts."""
    return [_read(message) for message in messages.get_messages(request)]


def _render_toasts(toasts: list[Toast]) -> SafeString:
    """Toasts for the page in view, out of band."""
    return render_to_string("components/_toasts.html", {"toasts": toasts, "out_of_band": True})


def _read(message: Any) -> Toast:
    if message.extra_tags == "toast":
        return Toast(**json.loads(message.message))
    return Toast(TONES.get(message.level, "good"), str(message.message))


def vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, VARY)
    return response
