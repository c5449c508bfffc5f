"""What the shell around every page shows of profiles."""

from typing import Any

from django.http import HttpRequest

from dashboard.policy import is_admin


def profiles(request: HttpRequest) -> dict[str, Any]:
    """`profile` and `access` of the page's own profile, and whether to show what only admins may."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "profile": getattr(request, "profile", None),
        "access": getattr(request, "access", None),
        "is_admin": is_admin(user),
    }
