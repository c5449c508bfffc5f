"""The forms of a registry credential. Rancher takes anything, even nothing (rancher.md): what is asked for is ours."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from registries.forms.registry import BOUND, KEEP_COPY, FieldLengths, RegistryEditForm
from registries.forms.secret import CredentialFields, SecretFormField
from registries.providers import CredentialWords

KEEP, REPLACE = "keep", "replace"


class CredentialForm(CredentialFields, RegistryEditForm):
    """A credential, new or stored. A stored secret stays unless the switch says that there is a new one."""

    secret_choice = forms.ChoiceField(
        choices=[(KEEP, "Keep the stored one"), (REPLACE, "A new one")], required=False, widget=forms.RadioSelect
    )
    email = forms.CharField(
        required=False,
        max_length=255,
        validators=[EmailValidator("This is no e-mail address; leave it empty for a neutral one.")],
        help_text="Rancher's v1 API wants one and never uses it; left empty, a neutral one is sent.",
    )
    keep_copy = forms.BooleanField(
        required=False,
        label=KEEP_COPY,
        help_text=BOUND,
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
        self, *args: Any, words: CredentialWords, needs_email: bool, keeps_copies: bool, is_stored: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, limits=kwargs.pop("limits", FieldLengths()), **kwargs)
        self.is_stored = is_stored
        self.word(words)
        if not needs_email:
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
