"""The form of a connection profile. Keys go in and never come out: their inputs are always rendered empty."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from registries.crypto import SecretUnreadable
from registries.models import ConnectionProfile
from registries.rancher.address import CleanedAddress, parse_base_url
from registries.rancher.errors import BadAddress
from registries.services.profiles import Way, keys_survive, read_certificate, way_of

WRITE_ONLY = {"autocomplete": "new-password", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}
PROJECT_ID = r"1a\d{1,12}"


class ProfileForm(forms.Form):
    """`profile` is the one that is edited, None for a new one. `address` tells what came of the typed address."""

    name = forms.CharField(max_length=100)
    base_url = forms.CharField(
        label="Rancher's address",
        max_length=512,
        strip=False,
        widget=forms.TextInput(
            attrs={"class": "mono", "autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    access_key = forms.CharField(
        required=False, strip=True, max_length=255, widget=forms.PasswordInput(render_value=False, attrs=WRITE_ONLY)
    )
    secret_key = forms.CharField(
        required=False, strip=True, max_length=255, widget=forms.PasswordInput(render_value=False, attrs=WRITE_ONLY)
    )
    project_id = forms.RegexField(
        PROJECT_ID,
        required=False,
        label="Project",
        help_text="Such as 1a5. Empty: the key's own, or choose after the check.",
        error_messages={"invalid": "A project's id reads like 1a5; Rancher shows it in the address of its pages."},
    )
    api_version = forms.ChoiceField(
        label="API version", choices=ConnectionProfile.ApiVersion.choices, required=False, initial="v1"
    )
    ca_certificate = forms.CharField(
        required=False,
        label="CA certificate",
        help_text="PEM, for a server whose certificate no public authority signed.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
        max_length=64_000,
    )
    description = forms.CharField(required=False, max_length=1024, widget=forms.Textarea(attrs={"rows": 2}))
    tags = forms.CharField(required=False, max_length=200, help_text="Words, separated by commas.")
    label_colour = forms.ChoiceField(
        label="Label colour", choices=ConnectionProfile.LabelColour.choices, required=False, initial="grey"
    )
    protection = forms.ChoiceField(
        choices=ConnectionProfile.Protection.choices,
        required=False,
        initial="open",
        help_text="Protected: before anything is changed, its name has to be typed.",
    )
    address: CleanedAddress | None = None

    def __init__(
        self, *args: Any, profile: ConnectionProfile | None = None, intent: str = "save", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.profile, self.intent = profile, intent
        stored = profile is not None and profile.has_keys
        for name in ("access_key", "secret_key"):
            self.fields[name].help_text = "Stored, never shown. Empty keeps it." if stored else "Never shown again."

    @classmethod
    def initial_of(cls, profile: ConnectionProfile) -> dict[str, Any]:
        names = ("name", "base_url", "project_id", "api_version", "ca_certificate", "description", "label_colour")
        values = {name: getattr(profile, name) for name in (*names, "protection")}
        return values | {"tags": ", ".join(profile.tags)}

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = ConnectionProfile.objects.filter(name__iexact=name)
        if self.profile:
            others = others.exclude(pk=self.profile.pk)
        if others.exists():
            raise ValidationError("Another profile has this name already.")
        return name

    def clean_base_url(self) -> str:
        try:
            self.address = parse_base_url(self.cleaned_data["base_url"])
        except BadAddress as error:
            raise ValidationError(str(error)) from None
        return self.address.base.text

    def clean_tags(self) -> list[str]:
        return [tag for part in self.cleaned_data["tags"].split(",") if (tag := part.strip())]

    def clean_ca_certificate(self) -> str:
        pem: str = self.cleaned_data["ca_certificate"].strip()
        if pem:
            try:
                read_certificate(pem)
            except (ValueError, IndexError):
                raise ValidationError("This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).") from None
        return pem

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for name, default in (("api_version", "v1"), ("label_colour", "grey"), ("protection", "open")):
            values[name] = values.get(name) or default
        if self.address:
            values["api_version"] = self.address.api_version or values["api_version"]
            values["project_id"] = values.get("project_id") or self.address.project_id
            self._check_keys(values)
        return values

    def _check_keys(self, values: dict[str, Any]) -> None:
        typed = [name for name in ("access_key", "secret_key") if values.get(name)]
        if len(typed) == 1:
            missing = "secret_key" if typed == ["access_key"] else "access_key"
            self.add_error(missing, "Enter both parts of the key; one alone is of no use.")
        if typed or self.intent == "save_anyway":
            return
        if self.profile is None or not self.profile.has_keys:
            self.add_error("access_key", "Enter the access key and the secret key.")
        elif not self.keeps_keys:
            self.add_error(
                "access_key",
                "The address leads elsewhere now, so the stored keys are cleared: enter them again.",
            )

    @property
    def keeps_keys(self) -> bool:
        """Whether the stored keys are for the address in the form."""
        return bool(
            self.profile and self.profile.has_keys and self.address and keys_survive(self.profile, self.address.base)
        )

    def way(self) -> Way:
        """What a check needs, of a valid form; blank keys are the stored ones where those may be used."""
        assert self.address is not None  # noqa: S101 - the form is valid
        values = self.cleaned_data
        access_key, secret_key = values["access_key"], values["secret_key"]
        if not access_key and self.keeps_keys and self.profile:
            try:
                stored = way_of(self.profile)
                access_key, secret_key = stored.access_key, stored.secret_key
            except SecretUnreadable:
                access_key = secret_key = ""
        return Way(
            base=self.address.base,
            api_version=values["api_version"],
            project_id=values["project_id"],
            access_key=access_key,
            secret_key=secret_key,
            ca_certificate=values["ca_certificate"],
        )
