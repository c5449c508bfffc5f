"""OpenID Connect: authorization code with PKCE and a nonce, by allauth; what comes back is checked by `claims`.

People are known by issuer and subject. Somebody new gets an account when one of their groups is a team here; a name
that is taken is never taken over: its owner links the identity from their own account.
"""

import secrets
from functools import cached_property
from typing import Any

import requests
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
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
from dashboard.people.sign_in.claims import Claims, NotBelieved, read_id_token

PROVIDER_ID = "sso"
TIMEOUT_S = (2.0, 5.0)
UNKNOWN_PERSON = "(single sign-on)"  # actor in the audit log before the person is known
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Session(requests.Session):
    """Calls to the identity provider: no redirects, no proxies or passwords from the environment, never endless."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env, self.max_redirects = False, 0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        guarded: dict[str, Any] = {"timeout": TIMEOUT_S, "allow_redirects": False, **kwargs}
        return super().request(*args, **guarded)


class Refused(OAuth2Error):  # type: ignore[misc]
    """What the provider sent doesn't hold; the sentence is ours, nothing of what was sent is in it."""


class OIDCAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth carries no types
    """Asks the provider, and believes what holds. Raises OAuth2Error and what requests raises."""

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; its issuer is the one in the settings, to the letter (Discovery 1.0, 4.3)."""
        with Session() as session:
            answer = session.get(f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration")
            answer.raise_for_status()
            config = answer.json()
        if not isinstance(config, dict) or config.get("issuer") != settings.OIDC_ISSUER:
            raise Refused("The provider calls itself by another name than CORRAL_OIDC_ISSUER.")
        if not all(_is_as_safe_as(config.get(name), settings.OIDC_ISSUER) for name in ENDPOINTS):
            raise Refused("The provider's description lacks an endpoint, or has one that is not encrypted.")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return request.build_absolute_uri(reverse("sso_callback"))

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=data["access_token"])  # not kept: nothing is asked with it

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who the ID token says it is; the nonce is compared where its question is at hand (`SocialAdapter`)."""
        id_token = kwargs["response"].get("id_token")
        if not isinstance(id_token, str):
            raise Refused("The provider sent no ID token.")
        with Session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = answer.json()
        try:
            claims = read_id_token(
                id_token,
                keys=keys,
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
    """Named in `settings.SOCIALACCOUNT_PROVIDERS`."""

    oauth2_adapter_class = OIDCAdapter

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        """To the provider. Nothing in our URL reaches into the question: no scope, no parameter."""
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
        return []  # nobody is found by an address


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Who gets an account by coming from the identity provider."""

    def get_requests_session(self) -> Session:
        return Session()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The token must answer the very question that this browser asked. Raises PermissionDenied."""
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
        """Raises ImmediateHttpResponse: one page for all of them, the reason is in the audit log."""
        problem = found.get("exception")
        is_ours = isinstance(problem, Refused | PermissionDenied)
        why = str(problem) if is_ours else "What came from the identity provider fits no question of ours."
        emit_event(Event(action="person.sign_in", actor_name=UNKNOWN_PERSON, outcome="failed", reason=why))
        is_down = isinstance(problem, requests.RequestException)
        page = render_page(request, "account/sso_failed.html", {"is_down": is_down}, status=503 if is_down else 401)
        raise ImmediateHttpResponse(page)


@receiver(user_logged_in, dispatch_uid="teams_by_groups")
def follow_groups(user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """At every sign-in: into the teams of one's groups, and out of the other ones that groups decide about."""
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
