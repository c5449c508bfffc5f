"""Address fields of forms: a user or password that was pasted with an address is taken out before anything shows it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

USERINFO = re.compile(r"^(\s*(?:[a-z][a-z0-9+.-]*://)?).*@", re.IGNORECASE | re.DOTALL)
TAKEN_OUT = (
    "The address carried a user or a password, which was taken out and not kept. "
    "Look at what is left, then send it again."
)


class AddressInput(forms.TextInput):
    """Never shows what stands before an @."""

    def format_value(self, value: Any) -> str | None:
        shown: str | None = super().format_value(without_userinfo(value) if isinstance(value, str) else value)
        return shown


class AddressField(forms.CharField):
    """Takes no address with a user, and asks to look at what is left of it."""

    widget = AddressInput

    def clean(self, value: Any) -> Any:
        if value and without_userinfo(str(value)) != str(value):
            raise ValidationError(TAKEN_OUT, code="userinfo")
        return super().clean(value)


def without_userinfo(text: str) -> str:
    """The address without user and password: all that stands before the last @, but for the scheme."""
    return USERINFO.sub(r"\1", text)
