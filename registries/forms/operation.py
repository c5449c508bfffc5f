"""Filters of the operations list."""

from typing import Any
from urllib.parse import urlencode

import django_filters
from django.db.models import Q, QuerySet

from registries.access import profiles_of
from registries.models import ConnectionProfile, Operation


def _visible_profiles(request: Any) -> QuerySet[ConnectionProfile]:
    return profiles_of(request.user) if request else ConnectionProfile.objects.none()


class OperationFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter carries no types
    """`profile verb state mine q`; whatever makes no sense filters nothing."""

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

    def page_url(self, number: int) -> str:
        pairs = [(name, value) for name, value in self.data.items() if name in self.Meta.fields and value]
        return f"?{urlencode([*pairs, ('page', number)])}"

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.Meta.fields)
