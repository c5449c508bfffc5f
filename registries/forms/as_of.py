"""A moment to look back at."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

LOCAL = "%Y-%m-%dT%H:%M"  # as browsers write a datetime-local


class AsOfForm(forms.Form):
    """`at`, in UTC and never in the future."""

    at = forms.DateTimeField(
        label="As of (UTC)",
        input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        error_messages={"required": "Choose a date.", "invalid": "Write it as 2026-02-11T09:14."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data or None, initial={"at": timezone.now().strftime(LOCAL)})

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > timezone.now():
            raise forms.ValidationError("That is yet to come.")
        return at
