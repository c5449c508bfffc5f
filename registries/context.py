"""What the shell around every page shows of profiles."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from registries import access


def profiles(request: HttpRequest) -> dict[str, Any]:
    """`shell_profiles` for the switcher (read when used), `profile` and `access` of the page's own profile."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "profile": getattr(request, "profile", None),
        "access": getattr(request, "access", None),
        "shell_profiles": SimpleLazyObject(
            lambda: list(
                access.profiles_of(user).only("uuid", "name", "slug", "label_colour", "protection", "failing_since")
            )
        ),
        "is_admin": access.is_admin(user),
    }
