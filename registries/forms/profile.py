"""The form of a connection profile. Keys go in and never come out: their inputs are always rendered empty."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from dashboard.crypto import SecretUnreadable
from dashboard.people.models import User
from dashboard.policy import is_admin
from registries.access import maintained_teams
from registries.forms.address import AddressField, AddressInput
from registries.forms.key import AS_TYPED, KeyField
from registries.models import ConnectionProfile
from registries.outbound.errors import BadAddress
from registries.rancher.connection_check import ConnectionCheck
from registries.rancher.pasted_address import CleanedAddress, clean_address
from registries.services.profiles.stored_keys import Obstacle, find_obstacle
from registries.services.upstream.certificates import Certificate, clean_pem, read_certificates
from registries.services.upstream.connection import KEYS_UNREADABLE
from registries.services.upstream.connection_check import ConnectionParams, stored_params

INTENTS = ("save", "check", "save_anyway")
PROJECT_ID = r"1a\d{1,12}"
MOST_TAGS = 12
WHY_KEYS_ARE_ASKED = {
    Obstacle.ORIGIN: "The address leads elsewhere now, so the stored keys are cleared: type both.",
    Obstacle.PROJECT: "With another project the stored keys are cleared, for they may open more than this one: type "
    "both parts, or ask an admin to change it.",
    Obstacle.CERTIFICATE: "With another CA certificate the stored keys are cleared, for it decides which server gets "
    "them: type both parts, or ask an admin to change it.",
}
FOR_A_PROJECT = "A project's id reads like 1a5; Rancher shows it in the address of its pages."


class ProfileForm(forms.Form):
    """`profile` is the one that is edited, None for a new one. `address` tells what came of the typed address."""

    name = forms.CharField(max_length=100, error_messages={"required": "Give the profile a name."})
    label_colour = forms.ChoiceField(
        label="Colour label", choices=ConnectionProfile.LabelColour.choices, required=False, initial="grey"
    )
    protection = forms.ChoiceField(choices=ConnectionProfile.Protection.choices, required=False, initial="open")
    description = forms.CharField(required=False, max_length=1024, widget=forms.Textarea(attrs={"rows": 2}))
    tags = forms.CharField(required=False, max_length=200, help_text="Words, separated by commas.")
    base_url = AddressField(
        label="Rancher's address",
        max_length=512,
        strip=False,
        widget=AddressInput(attrs=AS_TYPED),
        error_messages={"required": "Enter the address of the Rancher server, such as https://rancher.example.com."},
    )
    api_version = forms.ChoiceField(
        label="API version", choices=ConnectionProfile.ApiVersion.choices, required=False, initial="v1"
    )
    project_id = forms.RegexField(
        PROJECT_ID,
        required=False,
        label="Project id",
        help_text="Such as 1a5. Leave it empty to take the key's own, or to choose after the check.",
        error_messages={"invalid": FOR_A_PROJECT},
        widget=forms.TextInput(attrs=AS_TYPED),
    )
    ca_certificate = forms.CharField(
        required=False,
        label="CA certificate",
        help_text="PEM, only for a server whose certificate no public authority signed.",
        widget=forms.Textarea(
            attrs={"rows": 3, "class": "mono", "spellcheck": "false", "placeholder": "-----BEGIN CERTIFICATE-----"}
        ),
        max_length=64_000,
    )
    team = forms.ModelChoiceField(
        Group.objects.none(),
        required=False,
        empty_label="No team",
        help_text="Becomes the profile's maintainer.",
        error_messages={"required": "Choose the team that will maintain the profile."},
    )
    keeps_copies = forms.BooleanField(
        required=False,
        label="Let Corral keep encrypted copies of credentials",
        help_text="Of those for which it is ticked, to test them again and roll them out. Switched off, every copy of "
        "this profile is deleted.",
    )
    access_key = KeyField(is_hidden_while_typed=False)
    secret_key = KeyField(is_hidden_while_typed=True)
    address: CleanedAddress | None = None

    def __init__(
        self,
        *args: Any,
        profile: ConnectionProfile | None = None,
        maker: User | None = None,
        intent: str = "save",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.profile, self.maker = profile, maker
        if profile is None and maker is not None:
            self._offer_teams(maker)
        self.intent = intent if intent in INTENTS else "save"

    def _offer_teams(self, maker: User) -> None:
        """An admin may choose any team or none, everybody else one of those that they maintain profiles through."""
        field: Any = self.fields["team"]
        field.required = not is_admin(maker)
        field.queryset = maintained_teams(maker) if field.required else Group.objects.order_by("name")
        if field.required:
            field.empty_label = None

    @classmethod
    def initial_of(cls, profile: ConnectionProfile) -> dict[str, Any]:
        names = ("name", "base_url", "project_id", "api_version", "ca_certificate", "description", "label_colour")
        values = {name: getattr(profile, name) for name in (*names, "protection", "keeps_copies")}
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
            self.address = clean_address(self.cleaned_data["base_url"])
        except BadAddress as error:
            raise ValidationError(str(error)) from None
        return self.address.base.text

    def clean_tags(self) -> list[str]:
        tags = dict.fromkeys(tag for part in self.cleaned_data["tags"].split(",") if (tag := part.strip()))
        if len(tags) > MOST_TAGS:
            raise ValidationError(f"{MOST_TAGS} tags at most.")
        return list(tags)

    def clean_ca_certificate(self) -> str:
        pem: str = self.cleaned_data["ca_certificate"]
        if not pem.strip():
            return ""
        if "PRIVATE KEY" in pem:
            self._show("ca_certificate", "")  # nor is it put back into the page
            raise ValidationError("That text holds a private key. Paste the certificate alone; nothing of it was kept.")
        try:
            expired = next((one for one in read_certificates(pem) if one.is_expired), None)
        except ValueError:
            raise ValidationError("This is no certificate in PEM form (-----BEGIN CERTIFICATE-----).") from None
        if expired:
            raise ValidationError(f"The certificate of {expired.subject} expired on {expired.expires_at:%d %b %Y}.")
        return clean_pem(pem)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for name, default in (("api_version", "v1"), ("label_colour", "grey"), ("protection", "open")):
            values[name] = values.get(name) or default
        if self.address:
            if version := self.address.api_version:
                values["api_version"] = version
                self._show("api_version", version)
            self._take_project(values, self.address.project_id)
        self._check_keys(values)
        return values

    def _take_project(self, values: dict[str, Any], named: str) -> None:
        """The project that the address names goes into its field; which of two is meant is not guessed."""
        typed = values.get("project_id")
        if typed and named and typed != named:
            self.add_error("project_id", f"The address names the project {named}, this field {typed}; correct one.")
        elif named and "project_id" in values:
            values["project_id"] = named
            self._show("project_id", named)

    def _show(self, name: str, value: str) -> None:
        """What the field holds when the form is shown again."""
        assert isinstance(self.data, MultiValueDict)  # noqa: S101 - a bound form of a request; for the type checker
        data = self.data.copy()
        data[name] = value
        self.data = data

    def _check_keys(self, values: dict[str, Any]) -> None:
        if self.errors.keys() & {"access_key", "secret_key"}:
            return
        typed = [name for name in ("access_key", "secret_key") if values.get(name)]
        if len(typed) == 1:
            missing = "secret_key" if typed == ["access_key"] else "access_key"
            self.add_error(missing, "Enter both parts of the key; one alone is of no use.")
        elif not typed and self.intent != "save_anyway" and (self.intent == "check" or self.touches_connection):
            self._look_for_stored_keys()

    def _look_for_stored_keys(self) -> None:
        if self.profile is None or not self.profile.has_keys:
            self.add_error("access_key", "Enter the access key and the secret key.")
        elif self.address and (obstacle := self.keys_obstacle):
            self.add_error("access_key", WHY_KEYS_ARE_ASKED[obstacle])
        elif self.stored_params_for_address is None:
            self.add_error("access_key", KEYS_UNREADABLE)

    @property
    def touches_connection(self) -> bool:
        """Whether anything but name, label and the like differs from what is stored; that is checked first."""
        if self.profile is None or not self.address:
            return True
        values = self.cleaned_data
        names = ("base_url", "api_version", "project_id", "ca_certificate")
        is_same = all(values.get(name) == getattr(self.profile, name) for name in names)
        is_same = is_same and self._wanted_project() == self.profile.project_id
        return bool(not is_same or values.get("access_key") or values.get("secret_key"))

    @property
    def keys_obstacle(self) -> Obstacle:
        """What keeps the profile's stored keys from being used for the connection in the form, if anything does."""
        assert self.profile is not None  # noqa: S101 - only asked of a form that edits, with an address
        assert self.address is not None  # noqa: S101
        return find_obstacle(
            self.profile,
            base=self.address.base,
            project_id=self._wanted_project(),
            ca_certificate=self.cleaned_data.get("ca_certificate", ""),
            by=self.maker,
        )

    @property
    def stored_params_for_address(self) -> ConnectionParams | None:
        """The parameters with the stored keys, where those may be used for the address in the form and can be read."""
        try:
            may = self.profile and self.profile.has_keys and self.address and not self.keys_obstacle
            return stored_params(self.profile) if self.profile and may else None
        except SecretUnreadable:
            return None

    @property
    def certificates(self) -> list[Certificate]:
        """What the field holds, in words; nothing while it holds no certificate."""
        try:
            return read_certificates(str(self["ca_certificate"].value() or ""))
        except ValueError:
            return []

    def connection_params(self) -> ConnectionParams:
        """What a check needs, of a valid form; blank keys are the stored ones where those may be used."""
        assert self.address is not None  # noqa: S101 - the form is valid
        values = self.cleaned_data
        keys = values["access_key"], values["secret_key"]
        if not any(keys) and (stored := self.stored_params_for_address):
            keys = stored.access_key, stored.secret_key
        return ConnectionParams(
            base=self.address.base,
            api_version=values["api_version"],
            project_id=values["project_id"],
            access_key=keys[0],
            secret_key=keys[1],
            ca_certificate=values["ca_certificate"],
        )

    def chosen_projects(self, found: ConnectionCheck) -> list[str]:
        """The projects to make profiles for: those that were ticked, else the one that is given, or the only one."""
        visible = {project.id for project in found.projects}
        chosen = [project_id for project_id in self._ticked_projects() if project_id in visible]
        if self.profile:
            chosen = chosen[:1]
        one = found.project_id or self.cleaned_data["project_id"]
        return chosen or ([one] if one else [])

    def _wanted_project(self) -> str:
        """The project to edit the profile to: the first that was ticked after a check, else the typed one."""
        return next(iter(self._ticked_projects()), str(self.cleaned_data.get("project_id", "")))

    def _ticked_projects(self) -> list[str]:
        ticked = self.data.getlist("projects") if hasattr(self.data, "getlist") else []
        return list(dict.fromkeys(ticked))
