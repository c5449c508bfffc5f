"""Error pages: what happened, what to do next, and the request id to quote.

htmx gets a toast instead (`http.refuse_fragment`), so that no page is swapped into a fragment. `urls.py` names these
views as its handlers.
"""

import sys

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard.current import current_write
from dashboard.database_errors import refuses_writes
from dashboard.http import is_fragment, refuse_fragment, vary
from dashboard.policy import record_refusal

NOT_SAVED = "The database did not take it in time. What you sent was not saved; send it again."
STORE_FULL = (
    "Corral's database takes no writes: its disk is full, or it is read-only. What you sent was not saved, and nobody "
    "can sign in until an admin has made room."
)
SENT = "{} was sent; Corral finds out how it ended and shows it there. Don't send it again."
RETRY_AFTER_S = 5
BROKEN = "The fault is in the log under this request id. Look whether your change is there before you repeat it."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _answer(request, 400, "Corral can't read this request", "Load the page again, then send it once more.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the sentence of the `PermissionDenied`: the user's role, the needed one, who can give it."""
    return _answer(request, 403, "Your role doesn't allow this", str(exception) or "An admin can tell you who may.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 with the sentence of the `Http404`, if any (Django's resolver passes a table of URLs instead)."""
    reason = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return _answer(request, 404, "Not here, or not yours to see", reason)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid CSRF token; named in `settings.CSRF_FAILURE_VIEW`."""
    if request.user.is_authenticated:
        record_refusal(request, "The form carried no valid token.")
    return _answer(
        request,
        403,
        "This form has expired",
        "Nothing was changed. You may have signed in or out in another tab: load the page again, then send the form.",
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429 for pages with a rate limit by address (`dashboard.rate_limits`)."""
    return _answer(request, 429, "Too many tries", "Wait a minute, then try again.")


def busy(request: HttpRequest) -> HttpResponse:
    """503 with ``Retry-After``: too many sign-ins at the same time."""
    detail = "Many people are signing in. Nothing was changed: wait a few seconds, then send it again."
    response = _answer(request, 503, "Corral is busy", detail)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when the database can't be written to. Uses no database, no session and no context processor."""
    error = sys.exc_info()[1]
    if write := current_write.get():
        status, title, detail = 503, "Sent, but not noted", SENT.format(write)
    elif refuses_writes(error):
        status, title, detail = 503, "Nothing can be saved", STORE_FULL
        _close_connection()  # SQLite's stays read-only after the disk has room again
    elif isinstance(error, OperationalError):
        status, title, detail = 503, "Not saved", NOT_SAVED
    else:
        status, title, detail = 500, "Corral failed here", BROKEN
    if _wants_fragment(request):
        return refuse_fragment(status=status, text=f"{title}.", detail=f"{detail} {_id_of(request)}")
    context = {"title": title, "detail": detail, "request_id": _id_of(request), "status": status}
    return vary(HttpResponse(render_to_string("500.html", context), status=status))


def _close_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()


def _answer(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    if _wants_fragment(request):
        return refuse_fragment(status=status, text=f"{title}.", detail=detail)
    user = getattr(request, "user", None)
    context = {
        "title": title,
        "detail": detail,
        "status": status,
        "shell": "base.html" if user is not None and user.is_authenticated else "centred.html",
    }
    return vary(HttpResponse(render_to_string("error.html", context, request), status=status))


def _wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a fragment; False as well where a middleware before django-htmx's failed."""
    return hasattr(request, "htmx") and is_fragment(request)


def _id_of(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
