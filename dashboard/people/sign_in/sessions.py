"""How long a session lives: 30 minutes without anybody there, 12 hours in all, and not a request beyond either.

What pages ask by themselves keeps nobody signed in. A change of password ends a person's other sessions and switching
somebody off all of them, by what Django and allauth check at every request.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.http import add_toast, is_fragment
from dashboard.people.models import User

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTE_EVERY_S = 60  # one write a minute for somebody who works, not one a request

Handler = Callable[[HttpRequest], HttpResponse]


def session_lifetime(get_response: Handler) -> Handler:
    """Ends what has lived too long before any view runs, and notes when a person was last seen."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            if why := _why_over(request):
                request.ended_because = why  # type: ignore[attr-defined]  # for the record
                logout(request)
                add_toast(request, "warn", why, detail="Sign in again; you come back to where you were.")
            elif not _asked_by_itself(request):
                _note_seen(request)
        return get_response(request)

    return middleware


def end_sessions(user: User) -> int:
    """Ends every session of somebody, at once; how many those were."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def _why_over(request: HttpRequest) -> str:
    now = time.time()
    if now - request.session.setdefault("began_at", now) > LONGEST.total_seconds():
        return "The session ended after twelve hours."
    if now - request.session.setdefault("seen_at", now) > IDLE.total_seconds():
        return "The session ended after half an hour without you."
    return ""


def _asked_by_itself(request: HttpRequest) -> bool:
    """Rows in motion ask again and again; they say so by their tick."""
    return is_fragment(request) and "tick" in request.GET


def _note_seen(request: HttpRequest) -> None:
    user = request.user
    if not isinstance(user, User):
        return
    now = time.time()
    if user.last_seen_at is None or now - request.session["seen_at"] > NOTE_EVERY_S:
        request.session["seen_at"] = now
        User.objects.filter(pk=user.pk).update(last_seen_at=timezone.now())
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())
