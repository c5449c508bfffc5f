"""Form renderer: draws label, input, hint and error of every field by `components/field.html`."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

WITHOUT_BOX = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)


class Field(BoundField):
    """Bound field that adds the classes of our style sheet."""

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_optional(self) -> bool:
        """Whether "optional" is shown: the field may be empty. A select always has a value."""
        return not self.field.required and not isinstance(self.field.widget, forms.Select)

    @property
    def is_group(self) -> bool:
        """Whether several inputs share one label: a fieldset with a legend."""
        return bool(self.field.widget.use_fieldset)

    def as_widget(
        self, widget: forms.Widget | None = None, attrs: dict[str, Any] | None = None, only_initial: bool = False
    ) -> Any:
        widget = widget or self.field.widget
        attrs = dict(attrs or {})
        if not isinstance(widget, WITHOUT_BOX):
            attrs["class"] = f"input {attrs.get('class') or widget.attrs.get('class', '')}".strip()
        if widget.attrs.get("placeholder") == self.label:
            attrs["placeholder"] = False  # allauth repeats the label there
        return super().as_widget(widget, attrs, only_initial)


class FormRenderer(TemplatesSetting):
    """Named in `settings.FORM_RENDERER`."""

    field_template_name = "components/field.html"
    bound_field_class = Field
