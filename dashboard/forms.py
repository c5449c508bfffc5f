"""How every form of Corral is drawn: label, input, hint and error in one way, in `components/field.html`."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

WITHOUT_BOX = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.HiddenInput)


class Field(BoundField):
    """A field of a form that knows the classes of our style sheet."""

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def is_optional(self) -> bool:
        """Worth saying: it may be left empty. A choice that always has a value may not."""
        return not self.field.required and not isinstance(self.field.widget, forms.Select)

    @property
    def is_group(self) -> bool:
        """Several inputs under one label: a fieldset with a legend."""
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
