"""Preview of a pasted address: shown while it is typed, and with the form."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_fragments, render_page, wants_fragment
from registries.access import load_access, maintainers_only
from registries.forms.profile import ProfileForm
from registries.images.server_addresses import Piece
from registries.models import ConnectionProfile
from registries.outbound.base_url import BaseURL
from registries.outbound.errors import BadAddress
from registries.rancher.pasted_address import clean_address
from registries.services.profiles.profiles import origin_of

FORM = "registries/profile_form.html"


@require_safe
@maintainers_only
def profile_address(request: AuthedRequest) -> HttpResponse:
    """Previews an address; its project and API version are filled into their fields."""
    typed = request.GET.get("base_url", "")[:600]
    profile = _edited(request)
    context = explain_address(typed, profile)
    address, project_id = context.get("address"), request.GET.get("project_id", "").strip()
    if not wants_fragment(request, "address-check"):
        return render_page(request, "registries/profile_address.html", context)
    parts: list[tuple[str, dict[str, Any]]] = [("registries/profile_address.html#address-check", context)]
    if address and address.project_id and not project_id:
        form = ProfileForm(initial={"project_id": address.project_id})
        parts.append((f"{FORM}#project-field", {"form": form, "swap_field": True}))
    elif address and address.project_id and address.project_id != project_id:
        context["other_project"] = project_id
    if address and address.api_version:
        form = ProfileForm(initial={"api_version": address.api_version})
        parts.append((f"{FORM}#version-field", {"form": form, "swap_field": True}))
    if profile:
        keys = context | {"form": ProfileForm(), "editing": profile, "swap": True}
        parts.append((f"{FORM}#keys-note", keys))
    return render_fragments(request, *parts)


def _edited(request: AuthedRequest) -> ConnectionProfile | None:
    """Profile of the form that asks, if any. Raises Http404 if the person may not see it."""
    slug = request.GET.get("profile", "")
    access = load_access(request, slug) if slug else None
    return access.profile if access and access.may_manage else None


def explain_address(typed: str, profile: ConnectionProfile | None) -> dict[str, Any]:
    """Context of the preview: `typed`; `problem`, or `address` with its `pieces`; `moves` if keys can't stay."""
    if not typed.strip():
        return {"typed": typed}
    try:
        address = clean_address(typed)
    except BadAddress as error:
        return {"typed": typed, "problem": str(error)}
    context = {"typed": typed, "address": address, "pieces": struck_out(typed, address.base.text)}
    if profile and profile.has_keys and (stored := origin_of(profile)) and stored.origin != address.base.origin:
        context["moves"] = _what_moved(stored, address.base)
    return context


def struck_out(typed: str, cleaned: str) -> list[Piece]:
    """Pieces of the typed text: the cleaned address, and the text cut away before and after it."""
    shorter = cleaned.partition("://")[2]
    for kept in (cleaned, shorter):
        at = typed.lower().find(kept.lower())
        if at >= 0:
            before, after = typed[:at].lstrip(), typed[at + len(kept) :].rstrip()
            pieces = [Piece(before, kept=False), Piece(cleaned, kept=True), Piece(after, kept=False)]
            return [piece for piece in pieces if piece.text]
    return [Piece(typed.strip(), kept=False), Piece(cleaned, kept=True)]


def _what_moved(old: BaseURL, new: BaseURL) -> str:
    changes = [
        f"the {word} changed from {getattr(old, name)} to {getattr(new, name)}"
        for name, word in (("scheme", "scheme"), ("host", "host"), ("port", "port"))
        if getattr(old, name) != getattr(new, name)
    ]
    sentence = " and ".join(changes)
    return sentence[0].upper() + sentence[1:]
