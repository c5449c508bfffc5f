"""Forms of second factors: tries are counted by our limits, and a code works once."""

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django.core.exceptions import ValidationError

from dashboard.events import Event, emit_event
from dashboard.people.sign_in import limits

MALFORMED = (KeyError, TypeError, ValueError, AttributeError)  # what allauth's reading of a browser's answer may raise


class _Total:
    """Whatever is sent in place of a browser's answer is refused, not a fault of ours."""

    def clean_credential(self) -> object:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise ValidationError("That is no answer of a passkey.") from None


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "This passkey alone signs me in"
        self.fields["passwordless"].help_text = "Without the password: the device asks for a fingerprint or a PIN."

    def clean(self) -> dict[str, Any]:
        try:
            values: dict[str, Any] = super().clean()
        except MALFORMED:
            raise ValidationError("That is no answer of a passkey.") from None
        return values


class _OnceAndCounted:
    def clean_code(self) -> str:
        user = self.user  # type: ignore[attr-defined]
        limits.count_code(user.get_username(), user.pk)
        code: str = super().clean_code()  # type: ignore[misc]
        limits.use_code(user.pk, code)
        limits.forget_codes(user.pk)
        return code


class _Counted(_Total):
    def clean_credential(self) -> object:
        user = self.user  # type: ignore[attr-defined]
        limits.count_code(user.get_username(), user.pk)
        found = super().clean_credential()
        limits.forget_codes(user.pk)
        return found


class KeyAloneForm(_Total, LoginWebAuthnForm):  # type: ignore[misc]
    """A sign-in by passkey: nothing to guess, but tries count for their address, and refused ones are on record."""

    def clean_credential(self) -> object:
        limits.count_from_here(limits.BY_PASSKEY)
        try:
            return super().clean_credential()
        except ValidationError:
            emit_event(Event(action="person.sign_in", actor_name=limits.BY_PASSKEY, outcome="failed"))
            raise


class CodeForm(_OnceAndCounted, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(_OnceAndCounted, ReauthenticateForm):  # type: ignore[misc]
    pass


class KeyForm(_Counted, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class KeyAgainForm(_Counted, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass
