"""What hosts are asked to pull."""

import re
from typing import Any

from django import forms

from registries.forms.registry import OperationKeyForm
from registries.images.reference import parse_image_name

LABEL = re.compile(r"(?P<name>[\w./-]{1,128})=(?P<value>[\w./:-]{1,128})")


class PullForm(OperationKeyForm):
    """`image mode host_labels`; the labels as ``zone=a, disk=ssd``."""

    image = forms.CharField(
        max_length=512,
        widget=forms.TextInput(attrs={"class": "mono", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Name an image: hosts pull it, tag and all."},
    )
    mode = forms.ChoiceField(
        label="On which hosts",
        choices=[("cached", "Those that have the image already"), ("all", "All of them")],
        initial="cached",
        widget=forms.RadioSelect,
    )
    host_labels = forms.CharField(
        label="Host labels",
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "mono"}),
        help_text="Only hosts with all of these labels, such as zone=a, disk=ssd.",
    )
    field_order = ("image", "mode", "host_labels", "reason")

    def clean_image(self) -> str:
        """Refuses what Docker cannot pull: Rancher would take it, and every host would fail."""
        image: str = self.cleaned_data["image"]
        if oddities := parse_image_name(image).oddities:
            raise forms.ValidationError([f"Hosts cannot pull this. {oddities[0]}", *oddities[1:]])
        return image

    def clean_host_labels(self) -> dict[str, str]:
        found = {}
        for part in filter(str.strip, self.cleaned_data["host_labels"].split(",")):
            match = LABEL.fullmatch(part.strip())
            if match is None:
                raise forms.ValidationError(f"“{part.strip()[:80]}” is no label: write name=value.")
            found[match["name"]] = match["value"]
        return found

    def request_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("image", "mode", "host_labels")}
