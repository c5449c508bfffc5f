"""Forms of a team, and the filter of the list of teams."""

from typing import Any

import django_filters
from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from dashboard.filters import PagedFilter
from dashboard.people.models import User

LONGEST_NAME = 150  # of Django's groups


class TeamFilter(PagedFilter):
    """`q`, over `services.teams.find_teams`."""

    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name")

    class Meta:
        model = Group
        fields = ("q",)


class TeamForm(forms.Form):
    """Name of a team."""

    name = forms.CharField(
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name, such as the team's own."},
    )


class MemberForm(forms.Form):
    """New member by user name; `person` is the user found."""

    username = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "list": "people-to-add"}
        ),
        error_messages={"required": "Enter the name of who is to be added."},
    )
    person: User

    def __init__(self, *args: Any, team: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        found = User.objects.filter(username__iexact=name, is_active=True).first()
        if found is None:
            raise ValidationError(f"Nobody who may sign in is called {name}.")
        if found.groups.filter(pk=self.team.pk).exists():
            raise ValidationError(f"{found} is in this team already.")
        self.person = found
        return found.username
