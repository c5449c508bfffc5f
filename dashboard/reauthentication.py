"""Recent sign-in: what is worth stealing a session for asks again who is there.

Pages ask after 15 minutes, and what they send is taken for 45, so that nothing typed is lost while a form is filled in.
A POST that comes later is not kept to be sent again: it may hold a key.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from dashboard.http import add_toast, path_in_view

V = TypeVar("V", bound=Callable[..., Any])

RECENT_S = 15 * 60
FORM_S = 45 * 60


def is_recent(request: HttpRequest) -> bool:
    """Whether whoever is signed in has proved it lately: by password, code, key, or at the identity provider."""
    proofs = get_authentication_records(request, request.user)
    longest = RECENT_S if request.method in {"GET", "HEAD"} else FORM_S
    return bool(proofs) and time.time() - proofs[-1]["at"] < longest


def redirect_to_reauthentication(request: HttpRequest) -> HttpResponse:
    """To the page that asks for password, code or key, and from there back."""
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
    """Where the form stood that was sent: its own address may take nothing but a POST."""
    before = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(before, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return urlsplit(before).path
    return request.path


def require_recent_sign_in(view: V) -> V:
    """For views behind a policy's decorator: asks again before the view runs, where it has been too long."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if is_recent(request) else redirect_to_reauthentication(request)

    return cast("V", guarded)
