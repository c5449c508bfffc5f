"""The test beside saving: what is typed is tried at the registry, the result stands in the form, nothing is saved."""

from typing import Any

from django.http import HttpResponse

from dashboard.crypto import SecretUnreadable
from dashboard.http import AuthedRequest, render_fragments, wants_fragment
from registries.access import Access
from registries.forms.secret import CredentialFields
from registries.models import CredentialStatus, Verification
from registries.services.verification.verify import Login, TooMany, login_of, verify_typed
from registries.views.verification_badges import present_verification

BUTTON = "test"  # the name of the submit button
TEMPLATE = "registries/_credential_test.html"


def is_asked(request: AuthedRequest) -> bool:
    """Whether the form was sent to be tested, not to be saved."""
    return request.method == "POST" and BUTTON in request.POST


def answer_part(request: AuthedRequest, context: dict[str, Any]) -> HttpResponse | None:
    """The result alone, where htmx asks for it; None where the whole page is to be shown with it."""
    return render_fragments(request, (TEMPLATE, context)) if wants_fragment(request, "credential-test") else None


def run_test(
    access: Access,
    form: CredentialFields,
    *,
    server_address: str,
    registry_id: str = "",
    watched: CredentialStatus | None = None,
) -> dict[str, Any]:
    """What the registry says of the typed user and password, or of the copy that Corral keeps: for the template."""
    form.is_valid()  # for what is typed; a form that can't be saved yet can be tested
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
