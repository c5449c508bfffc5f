"""Context processor of the shell: what every template gets."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dashboard.http import Toast, take_toasts
from dashboard.views import THEME_COOKIE, THEMES

NO_ANSWER = Toast("bad", "Corral did not answer", "Nothing has changed.")  # scripts show it, with words of their own


def shell(request: HttpRequest) -> dict[str, Any]:
    """`theme`, `section` (navigation entry: first word of the URL's name), `toasts` (read once), `is_demo` and more."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    match = request.resolver_match
    return {
        "theme": theme if theme in THEMES else "system",
        "section": (match.url_name or "").partition("_")[0] if match else "",
        "toasts": partial(take_toasts, request),
        "no_answer": NO_ANSWER,
        "request_id": getattr(request, "request_id", ""),
        "is_demo": settings.DEMO,
        "sso_name": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
    }
