"""Form of every confirmation."""

from django import forms

LONGEST_REASON = 500


class ReasonForm(forms.Form):
    """Confirmation with an optional reason for the audit log."""

    reason = forms.CharField(required=False, max_length=LONGEST_REASON, help_text="Shown in the audit log.")
