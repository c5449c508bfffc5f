"""Forms that ask for a password, a code or a passkey: tries are counted, failures recorded, and a code works once."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django.core.exceptions import ValidationError

from dashboard.events import Event, emit_event
from dashboard.people.sign_in import failures, limits
from dashboard.people.sign_in.sealed_factors import KEY_LOST, is_key_lost

MALFORMED = (KeyError, TypeError, ValueError, AttributeError)  # what allauth may raise on a browser's answer
NO_PASSKEY = "That is no answer of a passkey."


class PasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth carries no types
    """A new password, under the present one."""

    def clean_oldpassword(self) -> str:
        """Counted for the session: its holder may not be the owner of the account."""
        limits.count_confirmation(context.request, self.user)
        password: str = self.cleaned_data["oldpassword"]
        with limits.returned_when_busy(context.request, self.user.username, self.user):
            is_right = self.user.check_password(password)
        if not is_right:
            emit_event(
                Event(
                    action="person.password",
                    actor=self.user,
                    outcome="failed",
                    target_type="person",
                    target_name=self.user.username,
                    reason="Wrong current password.",
                )
            )
            raise get_adapter().validation_error("enter_current_password")
        limits.forget_confirmations(context.request, self.user)
        return password


class _AtSignIn:
    """A second factor after a password."""

    action = "person.sign_in"
    count, forget = staticmethod(limits.count_code), staticmethod(limits.forget_codes)


class _InSession:
    """A code or passkey that is asked of a signed-in session."""

    action = "person.confirm"
    count, forget = staticmethod(limits.count_confirmation), staticmethod(limits.forget_confirmations)


class _Code:
    """Counts tries of a code; a valid one works once."""

    def clean_code(self) -> str:
        user = self.user  # type: ignore[attr-defined]
        self.count(context.request, user)  # type: ignore[attr-defined]
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            if is_key_lost(user):
                raise ValidationError(KEY_LOST) from None
            raise
        limits.use_code(user, code)
        self.forget(context.request, user)  # type: ignore[attr-defined]
        return code


class _Passkey:
    """Refuses whatever is no answer of a passkey."""

    def clean_credential(self) -> object:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except MALFORMED:
            raise ValidationError(NO_PASSKEY) from None


class _CountedPasskey(_Passkey):
    """Counts tries of a person's passkey and records failures."""

    def clean_credential(self) -> object:
        user = self.user  # type: ignore[attr-defined]
        self.count(context.request, user)  # type: ignore[attr-defined]
        try:
            found = super().clean_credential()
        except ValidationError:
            emit_event(Event(action=self.action, actor=user, outcome="failed", reason="Wrong passkey."))  # type: ignore[attr-defined]
            raise
        self.forget(context.request, user)  # type: ignore[attr-defined]
        return found


class CodeForm(_AtSignIn, _Code, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(_InSession, _Code, ReauthenticateForm):  # type: ignore[misc]
    pass


class KeyForm(_AtSignIn, _CountedPasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class KeyAgainForm(_InSession, _CountedPasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class KeyAloneForm(_Passkey, LoginWebAuthnForm):  # type: ignore[misc]
    """A sign-in by passkey alone: tries are counted for their address."""

    def clean_credential(self) -> object:
        limits.count_passkey(context.request)
        try:
            return super().clean_credential()
        except ValidationError:
            failures.count_failure(limits.BY_PASSKEY, "Wrong passkey.")
            raise


class ActivateAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """An authenticator app, proven by its first code."""

    def clean_code(self) -> str:
        limits.count_confirmation(context.request, self.user)
        try:
            code: str = super().clean_code()
        except ValidationError:
            _record_failed_addition(self.user, "totp", "Wrong code.")
            raise
        limits.forget_confirmations(context.request, self.user)
        return code


class AddKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, proven by its registration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "This passkey alone signs me in"
        self.fields["passwordless"].help_text = "Without the password: the device asks for a fingerprint or a PIN."

    def clean(self) -> dict[str, Any]:
        limits.count_confirmation(context.request, self.user)
        try:
            values: dict[str, Any] = super().clean()
        except MALFORMED:
            _record_failed_addition(self.user, "webauthn", "Wrong passkey.")
            raise ValidationError(NO_PASSKEY) from None
        except ValidationError:
            _record_failed_addition(self.user, "webauthn", "Wrong passkey.")
            raise
        limits.forget_confirmations(context.request, self.user)
        return values


def _record_failed_addition(user: Any, kind: str, reason: str) -> None:
    emit_event(
        Event(
            action="second_factor.add",
            actor=user,
            outcome="failed",
            target_type="second factor",
            target_name=kind,
            reason=reason,
        )
    )
