"""The shell's own view: the theme that somebody prefers, kept in a cookie of their browser."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.http import is_fragment
from dashboard.policy import PUBLIC, stamp

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
YEAR_S = 365 * 86_400


@require_POST
@stamp(PUBLIC)
def theme(request: HttpRequest) -> HttpResponse:
    """Field `theme`: ``system``, ``light`` or ``dark``; 400 for anything else. Back to the page, or 204 to htmx."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponse("Choose system, light or dark.", status=400, content_type="text/plain")
    response = HttpResponse(status=204) if is_fragment(request) else redirect(_page_before(request))
    response.set_cookie(THEME_COOKIE, chosen, YEAR_S, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def _page_before(request: HttpRequest) -> str:
    """The path of the page that sent the form, if it is one of ours."""
    before = urlsplit(request.headers.get("Referer", ""))
    if before.netloc != request.get_host() or not before.path.startswith("/") or before.path.startswith("//"):
        return "/"
    return f"{before.path}?{before.query}" if before.query else before.path
