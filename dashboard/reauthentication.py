"""Reauthentication: sensitive views require a recent sign-in.

Pages ask again after 15 minutes; their forms are accepted for 45, so that filling one in loses nothing. A later POST is
not stored for a second attempt: it may hold a key.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.http import add_toast, path_in_view, split_url

V = TypeVar("V", bound=Callable[..., Any])

RECENT_S = 15 * 60
FORM_S = 45 * 60


def is_recent(request: HttpRequest) -> bool:
    """Whether the user has authenticated lately: by password, code, passkey, or at the identity provider."""
    proofs = get_authentication_records(request, request.user)
    longest = RECENT_S if request.method in {"GET", "HEAD"} else FORM_S
    return bool(proofs) and time.time() - proofs[-1]["at"] < longest


def redirect_to_reauthentication(request: HttpRequest) -> HttpResponse:
    """Redirects to the page that asks for password, code or passkey, and from there back."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    url = ways[0]["url"] if ways else reverse("sso_login", query={"again": "1"})
    if request.method in {"GET", "HEAD"}:
        back = request.get_full_path()
    else:
        back = path_in_view(request) if getattr(request, "htmx", False) else _page_before(request)
        add_toast(
            request, "warn", "Nothing was changed.", detail="Too much time had passed: confirm, then send it again."
        )
    return redirect(f"{url}{'&' if '?' in url else '?'}{urlencode({'next': back})}")


def _page_before(request: HttpRequest) -> str:
    """The page that holds the sent form; the form's own address may accept nothing but a POST."""
    before = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(before, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return split_url(before).path
    return request.path


def require_recent_sign_in(view: V) -> V:
    """Decorator, inside a policy's decorator: redirects to reauthentication when the last sign-in is too old."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if is_recent(request) else redirect_to_reauthentication(request)

    return cast("V", guarded)
