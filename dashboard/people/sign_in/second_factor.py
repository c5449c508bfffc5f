"""Second factors of admins: without one, an admin can only set one up (`CORRAL_ADMIN_MFA`, on except in the demo)."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from dashboard.http import add_toast
from dashboard.people.models import User
from dashboard.policy import is_admin

Handler = Callable[[HttpRequest], HttpResponse]
FLAG = "second_factor"  # in the session; whoever resets a second factor ends the person's sessions
ALWAYS_OPEN = ("/accounts/", "/theme/", "/static/")


def has_second_factor(user: User) -> bool:
    """Whether something other than a password is asked for; recovery codes alone don't count."""
    real = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=user, type__in=real).exists())


def second_factor_for_admins(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.ADMIN_MFA and request.session.session_key and is_admin(request.user) and _lacks(request):
            add_toast(request, "warn", "Admins need a second factor.", detail="Set one up; everything else opens then.")
            return redirect(reverse("mfa_index"))
        return get_response(request)

    return middleware


def _lacks(request: HttpRequest) -> bool:
    if request.path.startswith(ALWAYS_OPEN) or request.session.get(FLAG):
        return False
    if isinstance(request.user, User) and has_second_factor(request.user):
        request.session[FLAG] = True
        return False
    return True
