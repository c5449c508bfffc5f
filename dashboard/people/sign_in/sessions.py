"""Session lifetime: 30 minutes idle, 12 hours in all.

Requests that pages make by themselves don't count as activity. A new password ends a person's other sessions,
deactivation all of them: Django and allauth check both at every request.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout, update_session_auth_hash
from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.database_errors import refuses_writes
from dashboard.http import AuthedRequest, add_toast, is_fragment
from dashboard.people.models import User

logger = logging.getLogger("corral.sign_in")
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_WRITE_INTERVAL_S = 60  # at most one write a minute and person, not one a request

Handler = Callable[[HttpRequest], HttpResponse]


def session_lifetime(get_response: Handler) -> Handler:
    """Ends an expired session before any view runs, and stores when a person was last seen."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            if why := _expiry_reason(request):
                request.ended_because = why  # type: ignore[attr-defined]  # for the audit log
                logout(request)
                add_toast(request, "warn", why, detail="Sign in again; you come back to where you were.")
            elif not _is_poll(request):
                _note_seen(request)
        return get_response(request)

    return middleware


def end_sessions(user: User) -> int:
    """Ends every session of a person at once; returns their number."""
    _change_session_hash(user)
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def end_other_sessions(request: AuthedRequest) -> None:
    """Ends every session of the request's person but its own, at once."""
    user, own = request.user, request.session.session_key
    _change_session_hash(user)
    for session in UserSession.objects.filter(user=user).exclude(session_key=own):
        session.end()
    update_session_auth_hash(request, user)  # which gives it another key
    UserSession.objects.filter(session_key=own).update(session_key=request.session.session_key)


def _change_session_hash(user: User) -> None:
    """Invalidates sessions that are not listed yet, too: those of a sign-in that is under way."""
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
    user.refresh_from_db(fields=["session_version"])


def _expiry_reason(request: HttpRequest) -> str:
    now = time.time()
    if now - request.session.setdefault("began_at", now) > LONGEST.total_seconds():
        return "The session ended after twelve hours."
    if now - request.session.setdefault("seen_at", now) > IDLE.total_seconds():
        return "The session ended after half an hour without you."
    return ""


def _is_poll(request: HttpRequest) -> bool:
    """Whether the page polls by itself: such requests carry a tick."""
    return is_fragment(request) and "tick" in request.GET


def _note_seen(request: HttpRequest) -> None:
    """Stores when the person was last seen, once a minute; pages are read without it while the disk is full."""
    user = request.user
    if not isinstance(user, User):
        return
    now = time.time()
    if user.last_seen_at is None or now - request.session["seen_at"] > SEEN_WRITE_INTERVAL_S:
        try:
            _store_seen(request, user)
        except DatabaseError as error:
            if not refuses_writes(error):
                raise
            logger.warning("The database takes no writes: when people were last seen is not stored.")
        else:
            request.session["seen_at"] = now


def _store_seen(request: HttpRequest, user: User) -> None:
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_seen_at=timezone.now())
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())
