"""Forms of an invitation: the admin's, and the invited person's."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from dashboard.people.models import Invitation, SiteRole, User


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, e-mail, site role and teams of an invitation."""

    teams = forms.ModelMultipleChoiceField(
        queryset=Group.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple
    )
    site_role = forms.ChoiceField(
        choices=SiteRole.choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose none, auditor or admin."},
    )

    class Meta:
        model = Invitation
        fields = ("username", "email", "site_role", "teams")
        help_texts = {"username": "What they sign in with. It can't be changed later."}
        labels = {"email": "E-mail"}
        error_messages = {"username": {"required": "Enter the name that they will sign in with."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs |= {
            "autocapitalize": "none",
            "autocomplete": "off",
            "spellcheck": "false",
        }
        self.fields["email"].widget.attrs["autocomplete"] = "off"

    def clean_username(self) -> str:
        name: str = User.normalize_username(self.cleaned_data["username"])
        for validate in User._meta.get_field("username").validators:
            validate(name)
        return name

    def validate_unique(self) -> None:
        """Left to the service, which says why a name is taken."""

    def validate_constraints(self) -> None:
        """Left to the service, too."""


class PasswordForm(forms.Form):
    """First password, typed twice; the validators compare it with the name, too."""

    password1 = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )
    password2 = forms.CharField(
        label="The same again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Type the password a second time."},
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = User(username=invitation.username, email=invitation.email)
        self.fields["password1"].help_text = " ".join(password_validators_help_texts())

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.person)
        return password

    def clean_password2(self) -> str:
        again: str = self.cleaned_data["password2"]
        if "password1" in self.cleaned_data and again != self.cleaned_data["password1"]:
            raise ValidationError("The two passwords differ.")
        return again
