"""Second factors belong to a session: one that has shown a password only stays without, whatever is set up elsewhere.

Without a second factor, an admin can only set one up (`CORRAL_ADMIN_MFA`, on except in the demo). Adding or removing a
factor ends the person's other sessions.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dashboard.events import Event, emit_event
from dashboard.http import AuthedRequest, add_toast
from dashboard.people.models import User
from dashboard.people.sign_in.sessions import end_other_sessions
from dashboard.policy import is_admin

Handler = Callable[[HttpRequest], HttpResponse]
PROVEN = "second_factor_shown"  # session key: the `session_version` at which a second factor was shown
ALWAYS_OPEN = ("/accounts/", "/theme/", "/static/")
REAL = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are no second factor


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=REAL).exists())


def second_factor_for_admins(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.ADMIN_MFA and request.session.session_key and is_admin(request.user) and _lacks_proof(request):
            return _ask(request)
        return get_response(request)

    return middleware


def changes_second_factors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: records added and removed factors and ends the person's other sessions, in the view's transaction."""

    @wraps(view)
    def guarded(request: AuthedRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            before = _factors(request.user)
            response = view(request, *args, **kwargs)
            after = _factors(request.user)
            if before != after:
                _apply(request, before, after)
        return response

    return guarded


def _factors(user: User) -> dict[int, str]:
    return dict(Authenticator.objects.filter(user=user).values_list("pk", "type"))


def _apply(request: AuthedRequest, before: Mapping[int, str], after: Mapping[int, str]) -> None:
    added = {pk: kind for pk, kind in after.items() if pk not in before}
    removed = {pk: kind for pk, kind in before.items() if pk not in after}
    for verb, factors in (("remove", removed), ("add", added)):
        for kind in factors.values():
            emit_event(_event(verb, request.user, kind))
    if set(REAL) & {*added.values(), *removed.values()}:
        end_other_sessions(request)
    for pk, kind in added.items():
        if kind in REAL:  # setting it up has shown it
            record_authentication(request, request.user, "mfa", id=pk, type=kind)


def _event(verb: str, user: User, kind: str) -> Event:
    return Event(action=f"second_factor.{verb}", actor=user, target_type="second factor", target_name=kind)


def _lacks_proof(request: HttpRequest) -> bool:
    user = request.user
    if not isinstance(user, User) or request.path.startswith(ALWAYS_OPEN):
        return False
    if request.session.get(PROVEN) == user.session_version:
        return False
    if has_second_factor(user) and _has_shown_one(request, user):
        request.session[PROVEN] = user.session_version
        return False
    return True


def _has_shown_one(request: HttpRequest, user: User) -> bool:
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def _ask(request: HttpRequest) -> HttpResponse:
    """To setting one up; with one that this session has not shown, to showing it."""
    password = reverse("account_reauthenticate")
    ways = [way["url"] for way in get_adapter().get_reauthentication_methods(request.user) if way["url"] != password]
    if ways:
        add_toast(request, "warn", "Admins need a second factor.", detail="Confirm yours; everything else opens then.")
        return redirect(f"{ways[0]}?{urlencode({'next': request.get_full_path()})}")
    add_toast(request, "warn", "Admins need a second factor.", detail="Set one up; everything else opens then.")
    return redirect(reverse("mfa_index"))
