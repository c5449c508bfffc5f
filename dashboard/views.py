"""View of the shell: the preferred theme, stored in a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.http import is_fragment, split_url
from dashboard.policy import PUBLIC, stamp

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
YEAR_S = 365 * 86_400


@require_POST
@stamp(PUBLIC)
def theme(request: HttpRequest) -> HttpResponse:
    """Stores field `theme` (``system``, ``light`` or ``dark``, else 400) and redirects back; 204 to htmx."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponse("Choose system, light or dark.", status=400, content_type="text/plain")
    response = HttpResponse(status=204) if is_fragment(request) else redirect(_page_before(request))
    response.set_cookie(THEME_COOKIE, chosen, YEAR_S, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def _page_before(request: HttpRequest) -> str:
    """Path of the page that sent the form; "/" when it is not ours."""
    before = split_url(request.headers.get("Referer", ""))
    if before.netloc != request.get_host() or not before.path.startswith("/") or before.path.startswith("//"):
        return "/"
    return f"{before.path}?{before.query}" if before.query else before.path
