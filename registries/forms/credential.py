"""The forms of a registry credential. Rancher takes anything, even nothing (rancher.md): what is asked for is ours."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from registries.forms.edit import ShownValuesForm
from registries.forms.registry import BOUND, KEEP_COPY, DescribedForm, FieldLengths
from registries.forms.secret import CredentialFields, SecretFormField
from registries.providers import CredentialWords

KEEP, REPLACE = "keep", "replace"
TRACKED = ("public_value", "email", "name", "description")


class CredentialForm(ShownValuesForm, CredentialFields, DescribedForm):
    """A credential, new or stored. A stored secret stays unless the switch says that there is a new one."""

    never_emptied = frozenset({"email"})  # v1 refuses to
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
        elif is_stored:
            self.fields["shown_keep_copy"] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.initial["shown_keep_copy"] = _box(self.initial.get("keep_copy", False))
        if is_stored:
            self.fields["secret_value"].required = False
            self.fields["secret_choice"].initial = KEEP
            self.track(*(name for name in TRACKED if name in self.fields))
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
        """Whether a copy is to be kept; None if nobody is asked or the box was left as it was shown."""
        if "keep_copy" not in self.fields:
            return None
        keeps: bool = self.cleaned_data["keep_copy"]
        return None if self.data.get("shown_keep_copy") == _box(keeps) else keeps

    @property
    def gives_up_copy(self) -> bool:
        """Whether the copy that Corral keeps is to be deleted, which needs nothing of Rancher."""
        return self.keeps is False and bool(self.initial.get("keep_copy"))

    def changes(self) -> dict[str, str | None]:
        """The fields to send; the secret only where there is a new one."""
        changed = super().changes()
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


def _box(is_ticked: bool) -> str:
    return "on" if is_ticked else "off"
