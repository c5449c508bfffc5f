"""Verifications of a credential: the last one's steps, a timeline, and the form that starts one."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.crypto import SecretUnreadable
from dashboard.http import AuthedRequest, go, render_page, wants_fragment
from registries.access import Access
from registries.forms.credential import VerifyForm
from registries.models import CredentialStatus, Verification
from registries.providers import credential_words
from registries.rancher.types import RegistryCredential
from registries.roles import Right
from registries.services.operations.registry_state import RegistryState
from registries.services.verification import saved_secrets
from registries.services.verification.verify import Login, TooMany, verify_kept, verify_typed
from registries.views.loading import find_credential, registry_view
from registries.views.registry_list_rows import address_html
from registries.views.verification_badges import present_check, present_verification, timeline

TEMPLATE = "registries/credential_verify.html"
SHOWN = 48


@require_safe
@registry_view(Right.READ_PROFILE)
def credential_verify(request: AuthedRequest, access: Access, found: RegistryState, credential_id: str) -> HttpResponse:
    credential = find_credential(found, credential_id)
    return render_page(request, TEMPLATE, verify_context(access, found, credential), fragments=["verification"])


@require_POST
@registry_view(Right.CHECK_CONNECTION)
def credential_verify_run(
    request: AuthedRequest, access: Access, found: RegistryState, credential_id: str
) -> HttpResponse:
    credential = find_credential(found, credential_id)
    watched = saved_secrets.watched_of(access.profile).get(credential.id)
    words = credential_words(found.registry.server_address or "")
    form = VerifyForm(request.POST, words=words, has_copy=bool(watched and watched.secret))
    if form.is_valid():
        try:
            _run(access, found, credential, watched, form)
        except (TooMany, SecretUnreadable) as problem:
            form.add_error(None, str(problem))
        else:
            form = VerifyForm(words=words, has_copy=bool(watched and watched.secret))
            if not wants_fragment(request, "verification"):
                return go(
                    request, reverse("credential_verify", args=[access.profile.slug, found.registry.id, credential_id])
                )
    context = verify_context(access, found, credential, form)
    return render_page(request, TEMPLATE, context, fragments=["verification"], status=422 if form.errors else 200)


def _run(
    access: Access,
    found: RegistryState,
    credential: RegistryCredential,
    watched: CredentialStatus | None,
    form: VerifyForm,
) -> None:
    typed, image = form.cleaned_data["secret_value"], form.cleaned_data["image"]
    if watched and not typed:
        verify_kept(access, watched, image=image)
        return
    login = Login(
        server_address=found.registry.server_address or "",
        user=credential.public_value or "",
        secret=typed,
        registry_id=found.registry.id,
        credential_id=credential.id,
        image=image,
    )
    verify_typed(access, login, source=Verification.Source.PERSON)


def verify_context(
    access: Access, found: RegistryState, credential: RegistryCredential, form: VerifyForm | None = None
) -> dict[str, Any]:
    """Template context: `last` verification with its steps, `past` newest first, the form and who may use it."""
    watched = saved_secrets.watched_of(access.profile).get(credential.id)
    past = list(Verification.objects.filter(profile=access.profile, credential_id=credential.id)[:SHOWN])
    has_copy = bool(watched and watched.secret)
    words = credential_words(found.registry.server_address or "")
    return {
        "registry": found.registry,
        "credential": credential,
        "user": credential.public_value or credential.id,
        "address": address_html(found.registry.server_address or ""),
        "check": present_check(watched),
        "watched": watched,
        "last": present_verification(past[0]) if past else None,
        "past": [present_verification(one) for one in past[:8]],
        "timeline": timeline(past),
        "now": timezone.now(),
        "may_verify": access.may(Right.CHECK_CONNECTION),
        "form": form or VerifyForm(words=words, has_copy=has_copy),
        "has_copy": has_copy,
    }
