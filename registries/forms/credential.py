"""The forms of a registry credential. Rancher takes anything, even nothing (rancher.md): what is asked for is ours."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from registries.forms.registry import Limits, RegistryEditForm, refuse_four_byte_characters
from registries.providers import CredentialWords

MOST_CHARACTERS = 4096  # of user and secret each (rancher.md); counted in characters, not in bytes
KEEP, REPLACE = "keep", "replace"


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
        user.label, secret.label = words.user_label, words.secret_label
        user.initial = user.initial or words.user
        user.help_text = "" if words.user else user.help_text
        secret.help_text = words.advice

    def clean_public_value(self) -> str:
        return refuse_four_byte_characters(self.cleaned_data["public_value"])


class CredentialForm(CredentialFields, RegistryEditForm):
    """A credential, new or stored. A stored secret stays unless the switch says that there is a new one."""

    secret_choice = forms.ChoiceField(
        choices=[(KEEP, "Keep the stored one"), (REPLACE, "New password")], required=False, widget=forms.RadioSelect
    )
    email = forms.CharField(
        required=False,
        max_length=255,
        validators=[EmailValidator("This is no e-mail address; leave it empty for a neutral one.")],
        help_text="Rancher's v1 API wants one and never uses it; left empty, a neutral one is sent.",
    )
    keep_copy = forms.BooleanField(
        required=False,
        label="Let Corral keep an encrypted copy, so that it can be tested again and rolled out",
        help_text="It is bound to this registry's address and is never sent anywhere else.",
    )
    field_order = (
        "public_value",
        "secret_choice",
        "secret_value",
        "keep_copy",
        "email",
        "name",
        "description",
        "reason",
    )

    def __init__(
        self, *args: Any, words: CredentialWords, is_v1: bool, keeps_copies: bool, is_stored: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, limits=kwargs.pop("limits", Limits()), **kwargs)
        self.is_stored = is_stored
        self.word(words)
        if not is_v1:
            del self.fields["email"]
        if not keeps_copies:
            del self.fields["keep_copy"]
        if is_stored:
            self.fields["secret_value"].required = False
            self.fields["secret_choice"].initial = KEEP
        else:
            del self.fields["secret_choice"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_stored and values.get("secret_choice") == KEEP:
            values["secret_value"] = ""
        elif self.is_stored and values.get("secret_choice") == REPLACE and not values.get("secret_value"):
            self.add_error("secret_value", ValidationError("Enter the new password, or keep the stored one."))
        return values

    @property
    def keeps(self) -> bool | None:
        """Whether a copy is to be kept; None where nobody is asked."""
        return self.cleaned_data["keep_copy"] if "keep_copy" in self.fields else None

    def changes(self) -> dict[str, str | None]:
        """What differs from what was stored, as Rancher wants it; the secret only where there is a new one."""
        names = [name for name in ("public_value", "email", "name", "description") if name in self.fields]
        changed: dict[str, str | None] = {
            name: self.cleaned_data[name] or None
            for name in names
            if (self.cleaned_data[name] or None) != (self.initial.get(name) or None)
        }
        if "email" in changed and changed["email"] is None:
            del changed["email"]  # v1 refuses to empty it
        if self.cleaned_data.get("secret_value"):
            changed["secret_value"] = self.cleaned_data["secret_value"]
        return changed


class VerifyForm(forms.Form):
    """A verification of a stored credential; the password only where Corral keeps no copy of it."""

    secret_value = SecretFormField(error_messages={"required": "Enter the password: Corral keeps no copy of it."})
    image = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "mono", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="An image of this registry; shows whether the account may pull it, and its platforms.",
    )

    def __init__(self, *args: Any, words: CredentialWords, has_copy: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret_value"].label = words.secret_label
        if has_copy:
            self.fields["secret_value"].required = False
            self.fields["secret_value"].help_text = "Left empty, the copy that Corral keeps is used."
