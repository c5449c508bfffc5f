"""The filter of the audit log."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils import timezone

from dashboard.people.models import User
from dashboard.url_query import URLQuery
from registries.audit_words import OUTCOMES, WORDS
from registries.forms.as_of import LOCAL
from registries.models import ConnectionProfile
from registries.services.audit.query import AuditQuery

PRESETS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
MOMENTS = [LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]


class Moment(forms.DateTimeField):
    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=MOMENTS,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
        )


class AuditFilter(URLQuery, forms.Form):
    """`q person team profile action outcome range from to`; `range` is a preset and gives way to `from` and `to`."""

    q = forms.CharField(required=False, max_length=200)
    person = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", required=False, empty_label="Anybody"
    )
    team = forms.ModelChoiceField(Group.objects.none(), required=False, empty_label="Any team")
    profile = forms.ModelChoiceField(
        ConnectionProfile.objects.none(), to_field_name="slug", required=False, empty_label="Any profile"
    )
    action = forms.ChoiceField(required=False, choices=[("", "Any action"), *((one, one) for one in sorted(WORDS))])
    outcome = forms.ChoiceField(
        required=False, choices=[("", "Any outcome"), *((slug, word) for slug, (word, *_) in OUTCOMES.items())]
    )
    range = forms.ChoiceField(required=False, choices=[(slug, slug) for slug in PRESETS], widget=forms.HiddenInput)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["from"] = Moment("From (UTC)")  # not a name for an attribute
        self.fields["to"] = Moment("To (UTC)")
        for name, queryset in (
            ("person", User.objects.only("username").order_by("username")),
            ("team", Group.objects.order_by("name")),
            ("profile", ConnectionProfile.objects.only("name", "slug").order_by("name")),
        ):
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        for name in ("person", "team", "profile", "action", "outcome"):
            self.fields[name].widget.attrs["class"] = "input-small"

    @property
    def from_field(self) -> Any:
        return self["from"]

    @property
    def to_field(self) -> Any:
        return self["to"]

    def as_query(self) -> AuditQuery:
        """What is asked for; a part that makes no sense filters nothing."""
        self.is_valid()
        chosen = self.cleaned_data
        since, until = chosen.get("from"), chosen.get("to")
        if preset := PRESETS.get(chosen.get("range", "")) if not (since or until) else None:
            since = timezone.now() - preset
        return AuditQuery(
            q=chosen.get("q", ""),
            person=chosen.get("person"),
            team=chosen.get("team"),
            profile=chosen.get("profile"),
            action=chosen.get("action", ""),
            outcome=chosen.get("outcome", ""),
            since=since,
            until=until,
        )

    def parameters(self) -> Mapping[str, object]:
        return {name: self.data.get(name) for name in self.fields if name not in self.errors}
