"""Forms of a profile's members."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from dashboard.people.forms.confirm import ReasonForm
from dashboard.people.models import SiteRole, User
from registries.models import ConnectionProfile, Membership
from registries.roles import Role

MOST_SUGGESTED = 200
ICONS = {Role.VIEWER: "search", Role.OPERATOR: "play", Role.MAINTAINER: "settings"}


class RoleForm(ReasonForm):
    """A role in a profile, with the reason for it."""

    role = forms.ChoiceField(
        choices=[(role.value, role.value) for role in Role],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role.", "invalid_choice": "Choose viewer, operator or maintainer."},
    )
    field_order = ("person", "team", "role", "reason")

    @property
    def roles(self) -> list[dict[str, Any]]:
        """Each role with what it may, for the page."""
        chosen = self["role"].value()
        return [
            {"value": role.value, "may": role.may, "icon": ICONS[role], "is_chosen": role == chosen} for role in Role
        ]


class MemberForm(RoleForm):
    """A person or a team, and the role that they get; `who` is which."""

    person = forms.CharField(
        required=False,
        max_length=150,
        help_text="The name that they sign in with.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "list": "people-to-add"}
        ),
    )
    team = forms.ModelChoiceField(Group.objects.none(), required=False, empty_label="No team")
    who: User | Group

    def __init__(self, *args: Any, profile: ConnectionProfile, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.VIEWER.value
        self.profile = profile
        teams = Group.objects.exclude(membership__profile=profile).order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]  # the field is a ModelChoiceField

    @property
    def people_to_add(self) -> QuerySet[User]:
        """The first of those who could be added, to choose from while typing."""
        members = Membership.objects.filter(profile=self.profile).exclude(user=None).values("user")
        could = User.objects.filter(is_active=True, site_role=SiteRole.NONE).exclude(pk__in=members)
        return could.order_by("username")[:MOST_SUGGESTED]

    def clean_person(self) -> User | None:
        name: str = self.cleaned_data["person"]
        found = User.objects.filter(username__iexact=name, is_active=True).first() if name else None
        if name and found is None:
            raise ValidationError(f"Nobody who may sign in is called {name}.")
        return found

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        person, team = values.get("person"), values.get("team")
        if person and team:
            self.add_error("team", "Choose a person or a team, not both.")
        elif not (person or team or self.errors):
            self.add_error("person", "Enter a person's name, or choose a team.")
        if who := person or team:
            self.who = who
        return values
