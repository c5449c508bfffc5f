"""User and password of a registry credential, as every form takes them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from registries.providers import CredentialWords

FOUR_BYTES = 0xFFFF  # code points above take four bytes in UTF-8
MOST_CHARACTERS = 4096  # of user and secret each (rancher.md); counted in characters, not in bytes


def refuse_four_byte_characters(text: str) -> str:
    """Rancher's production database takes none and answers 409 without saying why (rancher.md)."""
    if found := next((char for char in text if ord(char) > FOUR_BYTES), ""):
        raise ValidationError(f"Rancher's database cannot store “{found}”; leave it out. Nothing was sent.")
    return text


class SecretArea(forms.Textarea):
    """Takes line breaks, as a JSON key has them, and never shows what it was given."""

    def __init__(self) -> None:
        super().__init__(
            attrs={
                "class": "mono secret",
                "rows": 2,
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "data-1p-ignore": True,
            }
        )

    def format_value(self, value: Any) -> None:
        return None


class SecretFormField(forms.CharField):
    """A secret byte for byte, but for what browsers do to line ends (they send CR LF for each)."""

    widget = SecretArea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, max_length=MOST_CHARACTERS, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}  # no maxlength: a browser would cut a pasted secret without a word

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        text = text.replace("\r\n", "\n")
        is_one_line = text.count("\n") == 1 and text.endswith("\n")  # pasted with the end of its line
        return text.removesuffix("\n") if is_one_line else text


class CredentialFields(forms.Form):
    """User and password, worded as the registry's provider does."""

    public_value = forms.CharField(
        max_length=MOST_CHARACTERS,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the user: Rancher would take a credential without one, no registry does."},
    )
    secret_value = SecretFormField(
        error_messages={"required": "Enter the password: Rancher would take an empty one, no registry does."}
    )

    def word(self, words: CredentialWords) -> None:
        user, secret = self.fields["public_value"], self.fields["secret_value"]
        # with ids of their own: the form of a new registry renames them as the provider is chosen
        user.label = format_html('<span id="user-label">{}</span>', words.user_label)
        secret.label = format_html('<span id="secret-label">{}</span>', words.secret_label)
        secret.help_text = format_html('<span id="secret-advice">{}</span>', words.advice)
        user.initial = user.initial or words.user

    def clean_public_value(self) -> str:
        return refuse_four_byte_characters(self.cleaned_data["public_value"])
