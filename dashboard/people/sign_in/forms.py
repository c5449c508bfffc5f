"""Forms of second factors: tries are counted by our limits, and a code works once."""

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django.core.cache import cache
from django.core.exceptions import ValidationError

from dashboard.people.sign_in import limits

CODE_LIVES_S = 120  # longer than a TOTP code is taken for, one step either side of now


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "This passkey alone signs me in"
        self.fields["passwordless"].help_text = "Without the password: the device asks for a fingerprint or a PIN."


class _OnceAndCounted:
    def clean_code(self) -> str:
        user = self.user  # type: ignore[attr-defined]
        limits.count_code(user.get_username(), user.pk)
        code: str = super().clean_code()  # type: ignore[misc]
        if not cache.add(f"code-used:{user.pk}:{code.replace(' ', '')}", True, timeout=CODE_LIVES_S):
            raise ValidationError("This code was used a moment ago: wait for the next one.")
        limits.forget_codes(user.pk)
        return code


class _Counted:
    def clean_credential(self) -> object:
        user = self.user  # type: ignore[attr-defined]
        limits.count_code(user.get_username(), user.pk)
        found = super().clean_credential()  # type: ignore[misc]
        limits.forget_codes(user.pk)
        return found


class CodeForm(_OnceAndCounted, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(_OnceAndCounted, ReauthenticateForm):  # type: ignore[misc]
    pass


class KeyForm(_Counted, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class KeyAgainForm(_Counted, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
