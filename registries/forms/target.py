"""The form of an allowed target."""

from typing import Any

from django import forms

from registries.models import AllowedTarget


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AllowedTarget
        fields = ("scheme", "host", "ports", "note")
        labels = {"host": "Host or network", "ports": "Ports"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("host", "ports"):
            self.fields[name].widget.attrs |= {"class": "mono", "autocapitalize": "none", "spellcheck": "false"}
