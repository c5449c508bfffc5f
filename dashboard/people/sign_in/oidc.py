"""OpenID Connect by allauth: authorization code with PKCE and a nonce; `claims` checks the ID token.

Accounts are found by issuer and subject. A new person gets an account when one of their groups is a team here. A
username that exists is never taken over: its owner links the identity from their own account.
"""

import secrets
from functools import cached_property
from typing import Any, NoReturn

from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from dashboard.events import Event, emit_event
from dashboard.http import render_page
from dashboard.people.models import User
from dashboard.people.sign_in import failures
from dashboard.people.sign_in.claims import Claims, NotBelieved, read_id_token
from dashboard.people.sign_in.provider_client import OIDCClient, ProviderUnavailable, Refused, get_json

PROVIDER_ID = "sso"
UNKNOWN_PERSON = "(single sign-on)"  # in the audit log, before the person is known
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class OIDCAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth carries no types
    """Protocol of one sign-in: description, code, ID token. Raises Refused and ProviderUnavailable."""

    client_class = OIDCClient

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; its issuer equals the one in the settings (Discovery 1.0, 4.3)."""
        config = get_json(f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration")
        if config.get("issuer") != settings.OIDC_ISSUER:
            raise Refused("The provider calls itself by another name than CORRAL_OIDC_ISSUER.")
        if not all(_is_as_safe_as(config.get(name), settings.OIDC_ISSUER) for name in ENDPOINTS):
            raise Refused("The provider's description lacks an endpoint, or has one that is not encrypted.")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("sso_callback"))

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=data["access_token"])  # not stored: no call is made with it

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """The person of a valid ID token. `SocialAdapter` compares the nonce, which the login state holds."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise Refused("The provider sent no ID token.")
        try:
            claims = read_id_token(
                id_token,
                keys=get_json(self.openid_config["jwks_uri"]),
                issuer=settings.OIDC_ISSUER,
                client_id=app.client_id,
                groups_claim=settings.OIDC_GROUPS_CLAIM,
            )
        except NotBelieved as problem:
            raise Refused(str(problem)) from None
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.nonce = claims.nonce
        return login


class OIDCProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Provider class of `settings.SOCIALACCOUNT_PROVIDERS`."""

    oauth2_adapter_class = OIDCAdapter

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        """Redirect to the provider. Scope and parameters are fixed here; none is taken from our URL."""
        nonce = secrets.token_urlsafe(24)
        again = {"prompt": "login"} if request.GET.get("again") else {}
        parameters = {"auth_params": {"nonce": nonce, **again}, "scope": self.get_scope(), "nonce": nonce}
        answer: HttpResponse = super().redirect(request, process, **(kwargs | parameters))
        return answer

    def extract_uid(self, data: Claims) -> str:
        return data.uid

    def extract_extra_data(self, data: Claims) -> dict[str, Any]:
        return {"iss": data.issuer, "sub": data.subject, "username": data.name, "groups": list(data.groups)}

    def extract_common_fields(self, data: Claims) -> dict[str, Any]:
        return {"username": data.name}

    def extract_email_addresses(self, data: Claims) -> list[Any]:
        return []  # accounts are never found by an e-mail address


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Policy of single sign-on: nonce, new accounts, the page of a failure."""

    def get_requests_session(self) -> NoReturn:
        """Fails a call that would leave past `provider_client`."""
        raise NotImplementedError("Calls to the identity provider go through provider_client.")

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Compares the token's nonce with the one that this browser was sent with. Raises PermissionDenied."""
        asked = sociallogin.state.get("nonce") or ""
        if not (asked and constant_time_compare(asked, sociallogin.nonce)):
            raise PermissionDenied("The ID token answers another question than ours.")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        name, groups = (sociallogin.account.extra_data[key] for key in ("username", "groups"))
        is_ours = any(group in settings.OIDC_TEAMS for group in groups)
        is_free = bool(name) and not User.objects.filter(username__iexact=name).exists()
        if not (is_ours and is_free):
            why = "The name is taken." if is_ours else "None of their groups is a team here."
            emit_event(Event(action="person.sign_in", actor_name=name, outcome="refused", reason=why))
        return is_ours and is_free

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            emit_event(Event(action="person.create", actor=user, target_type="person", target_name=user.username))
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("account_home")

    def on_authentication_error(self, request: HttpRequest, *_: Any, **found: Any) -> None:
        """Raises ImmediateHttpResponse: one page for every failure; the audit log holds the reason."""
        problem = found.get("exception")
        is_ours = isinstance(problem, Refused | PermissionDenied)
        why = str(problem) if is_ours else "What came from the identity provider fits no question of ours."
        failures.count_failure(UNKNOWN_PERSON, why)
        is_down = isinstance(problem, ProviderUnavailable)
        page = render_page(request, "account/sso_failed.html", {"is_down": is_down}, status=503 if is_down else 401)
        raise ImmediateHttpResponse(page)


@receiver(user_logged_in, dispatch_uid="teams_by_groups")
def follow_groups(user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """Team membership follows the provider's groups at every sign-in, for the teams that CORRAL_OIDC_TEAMS names."""
    if sociallogin is None:
        return
    decided = set(settings.OIDC_TEAMS.values())
    groups = sociallogin.account.extra_data["groups"]
    due = {settings.OIDC_TEAMS[group] for group in groups if group in settings.OIDC_TEAMS}
    with transaction.atomic():
        has = set(user.groups.values_list("name", flat=True))
        for name in sorted((due - has) | (has & decided - due)):
            team, _created = Group.objects.get_or_create(name=name)
            is_new = name in due
            (user.groups.add if is_new else user.groups.remove)(team)
            emit_event(
                Event(
                    action="team.add" if is_new else "team.leave",
                    actor=user,
                    target_type="team",
                    target_id=str(team.pk),
                    target_name=name,
                    after={"person": user.username},
                    reason="The identity provider's groups say so.",
                )
            )


def _is_as_safe_as(url: Any, issuer: str) -> bool:
    return isinstance(url, str) and (url.startswith("https://") or issuer.startswith("http://"))
