"""Views of one's own account (password, second factor, sessions, identity) and of single sign-on."""

import logging
from typing import cast

from allauth.account import views as account
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from dashboard.events import Event, emit_event
from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.people.sign_in import oidc
from dashboard.people.sign_in.provider_client import Refused
from dashboard.people.sign_in.second_factor import has_second_factor
from dashboard.policy import PUBLIC, signed_in, stamp
from dashboard.reauthentication import require_recent_sign_in

logger = logging.getLogger("corral.sign_in")
# Errors that allauth raises for an answer of the provider that breaks the protocol
MALFORMED = (OAuth2Error, KeyError, TypeError, ValueError, AttributeError)


@require_safe
@signed_in
def account_home(request: AuthedRequest) -> HttpResponse:
    user = request.user
    factors = {one.type: one for one in Authenticator.objects.filter(user=user)}
    context = {
        "has_password": user.has_usable_password(),
        "factors": factors,
        "has_second_factor": has_second_factor(user),
        "sessions": UserSession.objects.purge_and_list(user),
        "identity": SocialAccount.objects.filter(user=user, provider=oidc.PROVIDER_ID).first(),
        "teams": user.groups.order_by("name"),
    }
    return render_page(request, "account/home.html", context)


@signed_in
@require_recent_sign_in
def password_change(request: AuthedRequest) -> HttpResponse:
    """allauth's page, for people who have a password here."""
    if not request.user.has_usable_password():
        add_toast(request, "warn", "You have no password here.", detail="You sign in at the identity provider.")
        return redirect("account_home")
    return cast("HttpResponse", account.password_change(request))


@require_POST
@signed_in
def session_end(request: AuthedRequest, pk: int) -> HttpResponse:
    """Ends another one of the user's sessions; the current one ends by signing out."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.is_current():
        return redirect("account_logout")
    with transaction.atomic():
        emit_event(
            Event(action="session.end", actor=request.user, target_type="session", target_name=session.user_agent[:200])
        )
        session.end()
    add_toast(request, "good", "Session ended.", detail=f"{session.ip} is signed out.")
    return go(request, "/account/")


@require_safe
@stamp(PUBLIC)
def sso_login(request: HttpRequest) -> HttpResponse:
    """Redirects to the identity provider, from a link on one of our pages; while it is down, local accounts work.

    A link and no form, because the Content-Security-Policy forbids forms to other origins. A link on another site leads
    to our sign-in page.
    """
    came_from = request.headers.get("Sec-Fetch-Site", "cross-site")
    if came_from == "same-origin" or (came_from == "none" and "process" not in request.GET):
        return _ask_provider(request, OAuth2LoginView)
    return redirect("account_login")


@require_safe
@stamp(PUBLIC)
def sso_callback(request: HttpRequest) -> HttpResponse:
    return _ask_provider(request, OAuth2CallbackView)


@require_POST
@signed_in
@require_recent_sign_in
def sso_unlink(request: AuthedRequest) -> HttpResponse:
    """Unlinks the identity; refused without a local password, so that nobody locks themselves out."""
    if not request.user.has_usable_password():
        add_toast(request, "bad", "Not unlinked.", detail="You have no password here: you could not sign in any more.")
        return go(request, "/account/")
    with transaction.atomic():
        SocialAccount.objects.filter(user=request.user, provider=oidc.PROVIDER_ID).delete()
        emit_event(Event(action="identity.unlink", actor=request.user, target_type="identity"))
    add_toast(request, "good", "Identity unlinked.")
    return go(request, "/account/")


def _ask_provider(request: HttpRequest, view: type[OAuth2LoginView | OAuth2CallbackView]) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404("No identity provider is set up.")
    try:
        answer: HttpResponse = view.adapter_view(oidc.OIDCAdapter(request, oidc.PROVIDER_ID))(request)
    except MALFORMED as problem:
        reason = str(problem) if isinstance(problem, Refused) else type(problem).__name__
        logger.warning("Single sign-on failed: %s", reason)
        return render_page(request, "account/sso_failed.html", {"is_down": True}, status=503)
    return answer
