"""How allauth signs people in here: limits of our own, secrets sealed, one question for "is it still you?"."""

import base64
import os
from typing import Any

import qrcode  # type: ignore[import-untyped]
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from dashboard.crypto import SecretUnreadable, seal, unseal
from dashboard.events import Event, emit_event
from dashboard.people.models import SiteRole
from dashboard.people.sign_in import limits

SECOND_FACTOR = "authenticator|all|secret"  # where sealed second factors stand


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Nobody signs up: people are invited by an admin, or come from the identity provider."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Auditors come for the record, everybody else for the overview."""
        is_auditor = getattr(request.user, "site_role", "") == SiteRole.AUDITOR
        return reverse("audit_list" if is_auditor else "overview")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before any hashing. Raises ValidationError."""
        limits.count_try(credentials.get("username", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user:
            limits.forget_tries(credentials.get("username", ""))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        name = credentials.get("username", "")
        emit_event(Event(action="person.sign_in", actor_name=name, outcome="failed", reason="Wrong name or password."))

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Our URLs ask for a recent sign-in themselves (`dashboard.reauthentication`) and keep no POST to resend."""
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors are sealed at rest, as every secret, and named after Corral."""

    def encrypt(self, text: str) -> str:
        return seal(text, label=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed. Where its key is lost: something that no code fits, until an admin resets the factor."""
        try:
            return unseal(encrypted_text, label=SECOND_FACTOR)
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
