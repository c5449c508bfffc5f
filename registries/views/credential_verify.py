"""What verifications of a credential found: the last one's steps, and a timeline of those before."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from registries.access import Access
from registries.forms.credential import VerifyForm
from registries.models import Verification
from registries.providers import credential_words
from registries.rancher.types import RegistryCredential
from registries.roles import Right
from registries.services import watching
from registries.services.sighting import Sighting
from registries.views.checks import present_check, present_verification, timeline
from registries.views.loading import find_credential, registry_view
from registries.views.rows import address_html

TEMPLATE = "registries/credential_verify.html"
SHOWN = 48


@require_safe
@registry_view(Right.READ_PROFILE)
def credential_verify(request: AuthedRequest, access: Access, found: Sighting, credential_id: str) -> HttpResponse:
    credential = find_credential(found, credential_id)
    return render_page(request, TEMPLATE, verify_context(access, found, credential), fragments=["verification"])


def verify_context(
    access: Access, found: Sighting, credential: RegistryCredential, form: VerifyForm | None = None
) -> dict[str, Any]:
    """The page of one credential: `last` with its steps, `past` newest first, and the form if one may use it."""
    watched = watching.watched_of(access.profile).get(credential.id)
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
        "form": form or VerifyForm(words=words, has_copy=has_copy),
        "has_copy": has_copy,
    }
