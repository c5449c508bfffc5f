"""What every confirmation asks."""

from django import forms

LONGEST_REASON = 500


class ReasonForm(forms.Form):
    """A confirmation: nothing but the reason for the record."""

    reason = forms.CharField(
        required=False, max_length=LONGEST_REASON, help_text="Stands in the audit record beside the change."
    )
