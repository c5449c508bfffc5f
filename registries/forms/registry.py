"""The forms of a registry. What Rancher limits comes from the project's own schema."""

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from registries.forms.address import AddressField, AddressInput
from registries.forms.edit import ShownValuesForm
from registries.forms.secret import CredentialFields, refuse_four_byte_characters
from registries.images.server_addresses import ServerAddress, examine_address
from registries.providers import BY_SLUG, PROVIDERS, credential_words
from registries.services.operations.write_requests import WriteRequest

LONGEST_REASON = 500
KEEP_COPY = "Let Corral keep an encrypted copy, so that it can be tested again and rolled out"
BOUND = "It is bound to this registry's address and is never sent anywhere else."


@dataclass(frozen=True)
class FieldLengths:
    """Characters that the schema allows (`resourceFields.*.maxLength`); the defaults are the recorded ones."""

    name: int = 255
    description: int = 1024


class OperationKeyForm(forms.Form):
    """Every writing form: a one-time key, so that one sent twice is one operation, and the reason for the audit log.

    A protected profile asks for one wherever it asks for a confirmation.
    """

    operation_key = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": "The form has no operation key; load the page again."}
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        help_text="Stands in the audit record beside the change.",
        error_messages={"required": "Say why: this profile is protected. Nothing was sent."},
    )

    def __init__(self, *args: Any, is_protected: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["operation_key"].initial = uuid.uuid4
        self.fields["reason"].required = is_protected

    def as_request(self, request_id: str) -> WriteRequest:
        """What the services want of the form beside its fields."""
        return WriteRequest(self.cleaned_data["operation_key"], request_id, self.cleaned_data["reason"])

    def renew_key(self) -> None:
        """A new key for the next try, after one that was used up by an operation that failed."""
        typed = {name: self.data.get(name) for name in self.data}
        self.data = typed | {"operation_key": str(uuid.uuid4())}


class DescribedForm(OperationKeyForm):
    """Name and description; empty becomes none."""

    field_order: tuple[str, ...] = ("name", "description", "reason")
    name = forms.CharField(required=False)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, limits: FieldLengths, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in ("name", "description"):
            self._limit(field, getattr(limits, field))

    def _limit(self, name: str, length: int) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.CharField)  # noqa: S101 - both are; for the type checker
        field.max_length = length
        field.widget.attrs["maxlength"] = length
        field.validators.append(MaxLengthValidator(length))

    def clean_name(self) -> str | None:
        return refuse_four_byte_characters(self.cleaned_data["name"]) or None

    def clean_description(self) -> str | None:
        # browsers send line ends as CR LF; Rancher keeps what it gets
        return refuse_four_byte_characters(self.cleaned_data["description"].replace("\r\n", "\n")) or None


class RegistryEditForm(ShownValuesForm, DescribedForm):
    """What can be changed of a registry."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.track("name", "description")


class RegistryCreateForm(CredentialFields, DescribedForm):
    """A new registry, and its first credential if one is given.

    `address` tells what came of the typed one; `as_typed` insists on it.
    """

    provider = forms.ChoiceField(
        choices=[(provider.slug, provider.name) for provider in PROVIDERS], required=False, widget=forms.RadioSelect
    )
    server_address = AddressField(
        strip=False,
        max_length=2000,
        widget=AddressInput(
            attrs={"class": "mono", "autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the address that image names begin with."},
    )
    as_typed = forms.BooleanField(required=False)
    keep_copy = forms.BooleanField(required=False, label=KEEP_COPY, help_text=BOUND)
    field_order = ("provider", "server_address", "public_value", "secret_value", "keep_copy", "name", "description")
    address: ServerAddress | None = None

    def __init__(self, *args: Any, keeps_copies: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("public_value", "secret_value"):
            self.fields[name].required = False
        self.word(credential_words(str(self["server_address"].value() or ""), chosen=self.provider_chosen()))
        self.fields["public_value"].initial = None  # else an untouched form would ask for the password
        if not keeps_copies:
            del self.fields["keep_copy"]

    def clean_server_address(self) -> str:
        typed: str = self.data.get("use_address") or self.cleaned_data["server_address"]
        refuse_four_byte_characters(typed)
        self.address = address = examine_address(typed)
        if "as_typed" in self.data:
            return typed
        if address.fault and (address.cleaned != typed.strip() or not address.cleaned):
            raise ValidationError(f"No image can ever match this address. {address.fault}", code="never_matches")
        return address.cleaned

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        user, secret = values.get("public_value"), values.get("secret_value")
        if user and not secret and "secret_value" not in self.errors:
            self.add_error("secret_value", "Enter the password as well, or leave both empty to pull anonymously.")
        if secret and not user and "public_value" not in self.errors:
            self.add_error("public_value", "Enter the user as well, or leave both empty to pull anonymously.")
        return values

    @property
    def has_credential(self) -> bool:
        return bool(self.cleaned_data.get("public_value"))

    def provider_chosen(self) -> str:
        slug = str(self.data.get("provider") or self.initial.get("provider") or "")
        return slug if slug in BY_SLUG else ""


class ConfirmForm(OperationKeyForm):
    """A confirmation; for a protected profile the name has to be typed."""

    confirm = forms.CharField(required=False)

    def __init__(self, *args: Any, name: str, is_protected: bool, **kwargs: Any) -> None:
        super().__init__(*args, is_protected=is_protected, **kwargs)
        self.name, self.is_protected = name, is_protected
        if is_protected:
            self.fields["confirm"].label = f"Type {name} to confirm"
            self.fields["confirm"].required = True
            self.fields["confirm"].error_messages["required"] = f"Type {name}, as it is written here. Nothing was sent."
            self.fields["confirm"].widget.attrs.update(
                {"class": "mono", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
            )
        else:
            del self.fields["confirm"]

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"].strip()
        if typed != self.name:
            raise ValidationError(f"Type {self.name} exactly as it is written here. Nothing was sent.")
        return typed
