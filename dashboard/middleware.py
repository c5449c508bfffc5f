"""Middleware of every request: request id and client address, security headers, sign-in redirects for htmx."""

import re
import uuid
from collections.abc import Callable
from functools import cache
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.current import current_address, current_request_id, current_write
from dashboard.errors import busy
from dashboard.http import is_fragment, split_url, url_in_view, vary
from dashboard.people.hashing import HashingBusy

Handler = Callable[[HttpRequest], HttpResponse]

# a proxy's id: no longer than the column that stores it, no character that breaks a log line
VALID_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
OWN_SOURCES = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
CONTENT_SECURITY_POLICY = "; ".join(
    ["default-src 'none'", *(f"{kind} 'self'" for kind in OWN_SOURCES), "base-uri 'none'", "frame-ancestors 'none'"]
)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()" for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)


def request_id(get_response: Handler) -> Handler:
    """Gives every request an id, a trusted proxy's when it sends a valid one, and returns it in ``X-Request-ID``.

    It holds until the response is closed: Django logs refused requests after the last middleware.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        request.request_id = given if VALID_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        current_request_id.set(request.request_id)  # type: ignore[attr-defined]
        current_address.set(client_address(request))
        current_write.set("")
        response = get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


@receiver(request_finished, dispatch_uid="forget_request_id")
def forget_request_id(**_: object) -> None:
    current_request_id.set("")
    current_address.set("")


def client_address(request: HttpRequest) -> str:
    """The client's address: the peer's, or behind a trusted proxy the last one of ``X-Forwarded-For``."""
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if hops and len(forwarded) >= hops and forwarded[-hops]:
        return forwarded[-hops][:45]
    return str(request.META.get("REMOTE_ADDR", ""))


def security_headers(get_response: Handler) -> Handler:
    """Sets a strict Content-Security-Policy, forbids framing, and forbids caching for clients with a session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # looking at the cookie takes no query, so health checks need no database; static files say that they are public
        is_public = "public" in response.get("Cache-Control", "")
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not is_public:
            patch_cache_control(response, no_store=True)
        return response

    return middleware


def sign_in_outside_fragments(get_response: Handler) -> Handler:
    """Replaces a redirect to sign-in, reauthentication or second factors by 401 with ``HX-Redirect`` for htmx, so that
    the whole page goes there instead of a fragment.

    `next` is the page in view, or the target of a boosted link.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.htmx or not 300 <= response.status_code < 400:  # type: ignore[attr-defined]
            return response
        parts = split_url(response["Location"])
        if parts.path not in _sign_in_paths():
            return response
        query = dict(parse_qsl(parts.query)) | {"next": _next_path(request)}
        refusal = HttpResponse(status=401)
        refusal["HX-Redirect"] = f"{parts.path}?{urlencode(query)}"
        return vary(refusal)

    return middleware


class RetryWhenBusy:
    """Answers 503 with ``Retry-After`` where too many passwords are being hashed (`dashboard.people.hashing`)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return busy(request) if isinstance(exception, HashingBusy) else None


@cache
def _sign_in_paths() -> frozenset[str]:
    names = ("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "sso_login", "mfa_index")
    return frozenset({resolve_url(settings.LOGIN_URL), *map(reverse, names)})


def _next_path(request: HttpRequest) -> str:
    if request.method == "GET" and not is_fragment(request):
        return request.get_full_path()
    in_view = url_in_view(request)
    return in_view if url_has_allowed_host_and_scheme(in_view, allowed_hosts=None) else "/"
