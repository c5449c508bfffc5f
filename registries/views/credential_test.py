"""Test of a typed credential at its registry, beside saving: the result is shown in the form, nothing is saved."""

from typing import Any

from django.http import HttpResponse

from dashboard.crypto import SecretUnreadable
from dashboard.http import AuthedRequest, render_fragments, wants_fragment
from registries.access import Access
from registries.forms.secret import CredentialFields
from registries.models import CredentialStatus, Verification
from registries.services.verification.verify import Login, TooMany, login_of, verify_typed
from registries.views.verification_badges import present_verification

BUTTON = "test"  # name of the submit button
TEMPLATE = "registries/_credential_test.html"


def is_asked(request: AuthedRequest) -> bool:
    """Whether the form was submitted by the test button."""
    return request.method == "POST" and BUTTON in request.POST


def answer_part(request: AuthedRequest, context: dict[str, Any]) -> HttpResponse | None:
    """Renders the result alone if htmx asks for it; None for the whole page."""
    return render_fragments(request, (TEMPLATE, context)) if wants_fragment(request, "credential-test") else None


def run_test(
    access: Access,
    form: CredentialFields,
    *,
    server_address: str,
    registry_id: str = "",
    watched: CredentialStatus | None = None,
) -> dict[str, Any]:
    """Verifies the typed user and password, or the kept copy; returns the result as template context."""
    form.is_valid()  # fills cleaned_data; incomplete forms can be tested
    user, secret = (form.cleaned_data.get(name) or "" for name in ("public_value", "secret_value"))
    try:
        if not secret and watched and watched.secret and watched.public_value == user:
            login = login_of(watched)
        elif user and secret and server_address:
            login = Login(server_address=server_address, user=user, secret=secret, registry_id=registry_id)
        else:
            return {"test_problem": "Enter the address, the user and the password first. Nothing was sent."}
        verification = verify_typed(access, login, source=Verification.Source.FORM)
    except (TooMany, SecretUnreadable) as problem:
        return {"test_problem": str(problem)}
    return {"tested": present_verification(verification)}
