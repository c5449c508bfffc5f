"""Adapters of allauth: our rate limits, sealed second factors, known devices, our reauthentication."""

import base64
import os
from typing import Any

import qrcode  # type: ignore[import-untyped]
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from dashboard.crypto import SecretUnreadable
from dashboard.events import Event, emit_event
from dashboard.people.models import SiteRole, User
from dashboard.people.sign_in import devices, limits
from dashboard.people.sign_in.sealed_factors import seal_factor, unseal_factor


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Accounts without sign-up: people are invited by an admin, or come from the identity provider."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether a `next` of a request is one of our own addresses; a malformed one is not."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The audit log for auditors, the overview for others."""
        is_auditor = getattr(request.user, "site_role", "") == SiteRole.AUDITOR
        return reverse("audit_list" if is_auditor else "overview")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the try, before any hashing. Raises ValidationError."""
        limits.count_try(request, credentials.get("username", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        name = credentials.get("username", "")
        with limits.returned_when_busy(request, name):
            user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user:
            limits.forget_tries(request, name)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        limits.record_failure(request, credentials.get("username", ""), "Wrong name or password.")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Checks a password that is asked of a signed-in session, whose tries count apart. Raises ValidationError."""
        limits.count_confirmation(context.request, user)
        with limits.returned_when_busy(context.request, user.username, user):
            is_right = user.check_password(password)
        if is_right:
            limits.forget_confirmations(context.request, user)
        else:
            emit_event(Event(action="person.confirm", actor=user, outcome="failed", reason="Wrong password."))
        return is_right

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """After all steps of a sign-in, the second factor included."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember_device(request, response, user.get_username())
        return response

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Our URLs ask for a recent sign-in themselves (`dashboard.reauthentication`) and keep no POST to resend."""
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors are sealed at rest, as every secret, and named after Corral."""

    def encrypt(self, text: str) -> str:
        """Seals a secret for the person who sets it up: nobody does that for another one."""
        return seal_factor(text, user_id=authenticated_user(context.request).pk)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypts a second factor; without its key, a random secret that no code fits (see `is_key_lost`)."""
        try:
            return unseal_factor(encrypted_text)
        except SecretUnreadable:
            return base64.b32encode(os.urandom(20)).decode()

    def build_totp_svg(self, url: str) -> str:
        """A QR code without a style of its own, which the pages' policy would refuse."""
        code = qrcode.QRCode(border=2)
        code.add_data(url)
        rows = code.get_matrix()
        path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        return format_html(
            '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="QR code of the key"><path d="{}"/></svg>',
            len(rows),
            len(rows),
            path,
        )

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {count + 1}" if count else "Passkey"

    def get_totp_issuer(self) -> str:
        return "Corral"

    def _get_site_name(self) -> str:
        return "Corral"
