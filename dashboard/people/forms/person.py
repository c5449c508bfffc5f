"""Filter of the list of people, and the form of a site role."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from dashboard.filters import PagedFilter
from dashboard.people.forms.confirm import ReasonForm
from dashboard.people.models import SiteRole, User

ROLES = ((SiteRole.ADMIN.value, "Admins"), (SiteRole.AUDITOR.value, "Auditors"), ("none", "No site role"))


class PersonFilter(PagedFilter):
    """`q role state second_factor`, over `services.people.find_people`."""

    q = django_filters.CharFilter(method="search", label="Name or e-mail")
    role = django_filters.ChoiceFilter(choices=ROLES, method="with_role", empty_label="All roles", label="Site role")
    state = django_filters.ChoiceFilter(
        choices=[("active", "Active"), ("deactivated", "Deactivated")],
        method="in_state",
        empty_label="All states",
        label="State",
    )
    second_factor = django_filters.ChoiceFilter(
        choices=[("yes", "With second factor"), ("no", "Without second factor")],
        method="with_factor",
        empty_label="Second factor or not",
        label="Second factor",
    )

    class Meta:
        model = User
        fields = ("q", "role", "state", "second_factor")

    def search(self, queryset: QuerySet[User], _: str, value: str) -> QuerySet[User]:
        names = ("username", "first_name", "last_name", "email")
        return queryset.filter(Q(*((f"{name}__icontains", value) for name in names), _connector=Q.OR))

    def with_role(self, queryset: QuerySet[User], _: str, value: str) -> QuerySet[User]:
        return queryset.filter(site_role="" if value == "none" else value)

    def in_state(self, queryset: QuerySet[User], _: str, value: str) -> QuerySet[User]:
        return queryset.filter(is_active=value == "active")

    def with_factor(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        return queryset.filter(has_second_factor=value == "yes")


class RoleForm(ReasonForm):
    """Site role of a person, with a reason."""

    site_role = forms.ChoiceField(
        choices=[(SiteRole.NONE.value, "none"), *SiteRole.choices[1:]],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose none, auditor or admin."},
    )
    field_order = ("site_role", "reason")
