"""The inputs of an API key, always rendered empty."""

from django import forms
from django.core.validators import RegexValidator

AS_TYPED = {"class": "mono", "autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
IN_A_KEY = RegexValidator(r"^[!-9;-~]+$", "A key has no blanks, colons or letters with accents; copy it once more.")


class WriteOnly(forms.PasswordInput):
    """An input that never says what was typed: its value stays out of every page."""

    def __init__(self, *, is_hidden_while_typed: bool) -> None:
        # "new-password" is what keeps a browser from filling in the password of the person who is signed in
        completes = "new-password" if is_hidden_while_typed else "off"
        super().__init__(AS_TYPED | {"autocomplete": completes, "aria-describedby": "keys-note"}, render_value=False)
        self.input_type = "password" if is_hidden_while_typed else "text"


class KeyField(forms.CharField):
    def __init__(self, *, is_hidden_while_typed: bool) -> None:
        widget = WriteOnly(is_hidden_while_typed=is_hidden_while_typed)
        super().__init__(required=False, max_length=255, widget=widget, validators=[IN_A_KEY])
