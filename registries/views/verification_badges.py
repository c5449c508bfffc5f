"""Badges and steps of verifications, for pages."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.text import slugify

from registries.display import ago, short_age
from registries.models import CredentialStatus, Verification
from registries.oci.reasons import Reason

# reason -> word, icon and tone of its badge; sentences are in `registries.oci.reasons`
BADGES = {
    "ok": ("Works", "active", "good"),
    "bad_credentials": ("Refused", "error", "bad"),
    "no_pull_right": ("No pull right", "error", "bad"),
    "not_a_registry": ("Not a registry", "error", "bad"),
    "unreachable": ("Unreachable", "unreachable", "warn"),
    "name_not_found": ("Name not found", "unreachable", "warn"),
    "tls_expired": ("Certificate expired", "error", "bad"),
    "tls_name": ("Certificate of another name", "error", "bad"),
    "tls_unknown_ca": ("Unknown issuer", "error", "bad"),
    "tls_plain_http": ("Plain http", "error", "bad"),
    "rate_limited": ("Rate-limited", "warning", "warn"),
    "blocked": ("Unreachable", "unreachable", "warn"),  # same as unreachable, so that nobody can scan a network
    "timeout": ("No answer in time", "unreachable", "warn"),
    "not_proven": ("Not proven", "waiting", "idle"),
    "token_host": ("Token host not allowed", "warning", "warn"),
    "token_refused": ("Token refused", "warning", "warn"),
    "image_not_found": ("Image not found", "warning", "warn"),
}
NEVER = {"word": "Never verified", "icon": "waiting", "tone": "idle", "age": "", "has_copy": False}


def present_check(watched: CredentialStatus | None) -> dict[str, Any]:
    """Badge of a credential: its last verification's result and age."""
    if watched is None or not watched.reason or watched.checked_at is None:
        return NEVER | {"has_copy": bool(watched and watched.secret)}
    word, icon, tone = BADGES[watched.reason]
    return {
        "word": word,
        "icon": icon,
        "tone": tone,
        "age": short_age((timezone.now() - watched.checked_at).total_seconds()),
        "has_copy": bool(watched.secret),
    }


def present_verification(verification: Verification) -> dict[str, Any]:
    """Presents a verification: words, time, actor, steps."""
    word, icon, tone = BADGES[verification.reason]
    return {
        "id": verification.pk,
        "reason": verification.reason,
        "word": word,
        "icon": icon,
        "tone": tone,
        "sentence": Reason(verification.reason).sentence,
        "remedy": Reason(verification.reason).remedy,
        "steps": [
            {
                "slug": slugify(step["name"]),
                "name": step["name"],
                "outcome": step["state"],
                "detail": step["cause"],
                "remedy": step["remedy"],
                "ms": step["milliseconds"],
            }
            for step in verification.steps
        ],
        "facts": verification.facts,
        "image": verification.image,
        "milliseconds": verification.milliseconds,
        "at": verification.checked_at,
        "age": ago(timezone.now() - verification.checked_at),
        "by": verification.actor or verification.get_source_display().lower(),
        "retry_at": verification.retry_at,
        "user": verification.public_value,
    }


def timeline(past: Sequence[Verification]) -> dict[str, Any]:
    """Bars of a small graph, oldest first, failed ones below the line, with a sentence that says the same."""
    bars = [{"x": 4 * place, "ok": one.ok} for place, one in enumerate(reversed(past))]
    failed = sum(not one.ok for one in past)
    said = f"{len(past) - failed} of {len(past)} verifications succeeded" if past else ""
    return {"bars": bars, "width": max(4 * len(bars), 4), "label": said}
