"""Overview: the profiles that a person may see, each with its health, and what needs attention."""

import re
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.heartbeats import silent_processes
from dashboard.http import AuthedRequest, is_fragment, path_in_view, render_fragments, render_page
from dashboard.policy import is_admin, signed_in
from registries.access import Access, may_make_profiles, profile_view, profiles_of
from registries.display import ago
from registries.roles import Right
from registries.services.profiles import overview
from registries.services.profiles.overview import AttentionItem, Summary
from registries.views.operation import present_operation
from registries.views.registry_list_rows import address_html

SLUG_IN_PATH = re.compile(r"/profiles/(?P<slug>[-\w]+)/")
# health -> tone, icon, word
HEALTH = {
    "answers": ("good", "active", "Answers"),
    "unreachable": ("bad", "unreachable", "Unreachable"),
    "keys": ("bad", "key", "Keys rejected"),
    "no_keys": ("warn", "key", "Needs keys"),
    "no_project": ("warn", "registry", "Needs a project"),
    "unread": ("idle", "waiting", "Not read yet"),
}


@require_safe
@signed_in
def overview_page(request: AuthedRequest) -> HttpResponse:
    summaries = overview.summarise(profiles_of(request.user))
    attention = [item for summary in summaries for item in summary.attention]
    context = {
        "may_make": may_make_profiles(request.user),
        "cards": [present_card(summary, is_loading=True) for summary in summaries],
        "answering": sum(summary.health == "answers" for summary in summaries),
        "active": sum(summary.counts["active"] for summary in summaries),
        "silent": silent_processes() if is_admin(request.user) else [],
        "attention": [present_attention(item, admin=is_admin(request.user)) for item in attention],
        "operations": [present_operation(one) for one in overview.recent_operations(request.user)],
    }
    return render_page(request, "registries/overview.html", context)


@require_safe
@signed_in
def profile_switcher(request: AuthedRequest) -> HttpResponse:
    """Profiles for the menu in the top bar; without JavaScript, the overview lists them."""
    if not is_fragment(request):
        return redirect("overview")
    slug = SLUG_IN_PATH.match(path_in_view(request))
    profiles = profiles_of(request.user).only("uuid", "name", "slug", "label_colour", "protection", "failing_since")
    context = {"profiles": profiles, "current": slug["slug"] if slug else ""}
    return render_fragments(request, ("registries/profile_switcher.html", context))


@require_safe
@profile_view(Right.READ_PROFILE)
def profile_card(request: AuthedRequest, access: Access) -> HttpResponse:
    """One profile's card, read live; an unreachable Rancher affects only this card."""
    if not is_fragment(request):
        return redirect(access.profile)
    error = overview.refresh(access.profile)
    (summary,) = overview.summarise([access.profile])
    card = present_card(summary, is_loading=False)
    return render_fragments(
        request, ("registries/overview.html#profile-cards", {"cards": [card]}), status=503 if error else 200
    )


def present_card(summary: Summary, *, is_loading: bool) -> dict[str, Any]:
    profile = summary.profile
    health = summary.health
    tone, icon, word = HEALTH[health]
    warnings = summary.warnings
    if health == "answers" and warnings:
        tone, icon, word = "warn", "warning", f"{warnings} warning{'s' if warnings > 1 else ''}"
    now = timezone.now()
    contact = ago(now - profile.contact_at) if profile.contact_at else "never"
    age = now - profile.inventory_read_at if profile.inventory_read_at else None
    return {
        "profile": profile,
        "health": dict(zip(("tone", "icon", "word"), HEALTH[health], strict=True)),  # of the connection alone
        "url": reverse("registry_list", args=[profile.slug]),
        "card_url": reverse("profile_card", args=[profile.slug]),
        "is_loading": is_loading and profile.has_keys,
        "tone": tone,
        "icon": icon,
        "word": word,
        "contact": contact,
        "contact_note": profile.failure_reason.replace("_", " ")
        if profile.failing_since
        else f"{profile.contact_ms} ms"
        if profile.contact_ms is not None
        else "",
        "active": summary.counts["active"],
        "inactive": summary.counts["inactive"],
        "changing": summary.counts["changing"],
        "error": summary.counts["error"],
        "warnings": warnings,
        "total": summary.counts.total(),
        "version": profile.server_version,
        "stale": ago(age) if profile.failing_since and age else "",
        "is_failing": bool(profile.failing_since),
    }


def present_attention(item: AttentionItem, *, admin: bool) -> dict[str, Any]:
    """Presents an item with a link to the page that helps; people who can't edit the profile get its facts."""
    profile = item.profile
    detail_url = profile.get_absolute_url()
    edit_url = reverse("profile_update", args=[profile.slug]) if admin else detail_url
    registry_url = detail_url
    if item.kind == "credential":
        registry_url = reverse("credential_verify", args=[profile.slug, item.registry_id, item.credential_id])
    elif item.registry_id:
        registry_url = reverse("registry_detail", args=[profile.slug, item.registry_id])
    tone, icon, words, url, label = {
        "unreachable": ("bad", "unreachable", "does not answer", detail_url, "Check"),
        "keys": ("bad", "key", "cannot use its keys", edit_url, "Re-enter keys" if admin else "See why"),
        "unchecked": ("warn", "warning", "did not pass its last check", detail_url, "See steps"),
        "error": ("bad", "error", "has an error", registry_url, "Open"),
        "unexpected": ("warn", "unknown", "has an unexpected answer", registry_url, "Open"),
        "credential": ("bad", "error", "stopped working", registry_url, "See why"),
        "never_matches": ("warn", "warning", "will never match an image", registry_url, "Open"),
        "twins": ("warn", "differs", "is there twice", registry_url, "Compare"),
    }[item.kind]
    return {
        "tone": tone,
        "icon": icon,
        "words": words,
        "url": url,
        "label": label,
        "profile": profile,
        "address": f"{item.user} at {item.address}" if item.kind == "credential" else address_html(item.address),
        "detail": item.detail,
    }
