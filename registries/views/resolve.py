"""Look-up of the credential that Rancher uses for an image, with reasons."""

from typing import Any

from django.http import HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from registries.access import Access, profile_view
from registries.display import state_icon, state_word
from registries.images.credential_lookup import Candidate, Effect, Resolution
from registries.roles import Right
from registries.services.images.lookup import Resolved, resolve_image

LONGEST = 512
EFFECT_ICONS = {
    Effect.NONE: "missing",
    Effect.REWRITES: "edit",
    Effect.ALLOWS: "active",
    Effect.REFUSES: "error",
    Effect.UNKNOWN: "unknown",
}
EFFECT_TONES = {Effect.REFUSES: "bad", Effect.UNKNOWN: "warn"}


@require_safe
@profile_view(Right.READ_PROFILE)
def image_resolve(request: AuthedRequest, access: Access) -> HttpResponse:
    image = request.GET.get("image", "").strip()[:LONGEST]
    context: dict[str, Any] = {"image": image, "longest": LONGEST}
    if image:
        context |= present_resolved(resolve_image(access.profile, image))
    return render_page(request, "registries/resolve.html", context, fragments=["resolution"])


def present_resolved(resolved: Resolved) -> dict[str, Any]:
    """Presents a resolution: summary, parts of the name, settings, every credential."""
    found = resolved.resolution
    return {
        "found": found,
        "reading": resolved.reading,
        "tone": _tone(found),
        "icon": "error" if found.is_refused else "key" if found.winner else "warning",
        "settings": [
            (
                "registry.default",
                found.default,
                EFFECT_ICONS[found.default.effect],
                EFFECT_TONES.get(found.default.effect),
            ),
            (
                "registry.whitelist",
                found.whitelist,
                EFFECT_ICONS[found.whitelist.effect],
                EFFECT_TONES.get(found.whitelist.effect),
            ),
        ],
        "candidates": [
            _present(one, is_used=one is found.winner)
            for one in ((found.winner, *found.others) if found.winner else found.others)
        ],
        "near_misses": [(miss.registry.id, code_marked(miss.remedy)) for miss in found.near_misses],
    }


def code_marked(sentence: str) -> SafeString:
    """Renders a sentence as HTML, text between backticks as code."""
    plain, *rest = sentence.split("`")
    marked = format_html_join("", "<code>{}</code>{}", zip(rest[::2], rest[1::2], strict=False))
    return format_html("{}{}", plain, marked)


def _tone(found: Resolution) -> str:
    if found.is_refused:
        return "bad"
    return "good" if found.winner and found.is_certain else "warn"


def _present(candidate: Candidate, *, is_used: bool) -> dict[str, Any]:
    credential = candidate.credential
    return {
        "id": credential.id,
        "user": credential.public_value or "no user",
        "registry_id": candidate.registry.id,
        "address": candidate.registry.server_address or candidate.registry.id,
        "state": credential.state,
        "word": state_word(credential.state),
        "icon": state_icon(credential.state),
        "reason": candidate.reason,
        "is_used": is_used,
    }
