"""Filters of the operations list."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from dashboard.filters import PagedFilter
from registries.access import profiles_of
from registries.models import ConnectionProfile, Operation


def _visible_profiles(request: Any) -> QuerySet[ConnectionProfile]:
    return profiles_of(request.user) if request else ConnectionProfile.objects.none()


class OperationFilter(PagedFilter):
    """`profile verb state mine q`."""

    q = django_filters.CharFilter(method="search", label="Address or request id")
    profile = django_filters.ModelChoiceFilter(
        queryset=_visible_profiles, to_field_name="slug", empty_label="All profiles", label="Profile"
    )
    verb = django_filters.ChoiceFilter(choices=Operation.Verb.choices, empty_label="All verbs", label="Verb")
    state = django_filters.ChoiceFilter(choices=Operation.State.choices, empty_label="All outcomes", label="Outcome")
    mine = django_filters.ChoiceFilter(
        choices=[("1", "Mine")], method="only_mine", empty_label="Everybody's", label="Whose"
    )

    class Meta:
        model = Operation
        fields = ("q", "profile", "verb", "state", "mine")

    def search(self, queryset: QuerySet[Operation], _: str, value: str) -> QuerySet[Operation]:
        return queryset.filter(
            Q(target_name__icontains=value) | Q(target_id=value) | Q(request_id=value) | Q(actor_name__icontains=value)
        )

    def only_mine(self, queryset: QuerySet[Operation], _: str, value: str) -> QuerySet[Operation]:
        return queryset.filter(actor=self.request.user) if value else queryset
