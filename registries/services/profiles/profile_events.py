"""Writes audit events of connection profiles: details in full, keys only as "stored" or "none"."""

from collections.abc import Mapping
from typing import Any

from dashboard.events import emit_event
from registries.access import Access
from registries.events import ProfileEvent
from registries.models import ConnectionProfile, Membership
from registries.rancher.connection_check import ConnectionCheck
from registries.services.upstream.certificates import read_certificates
from registries.services.upstream.connection_check import ConnectionParams

PLAIN = ("name", "description", "tags", "label_colour", "protection", "keeps_copies")
CONNECTION = ("base_url", "api_version", "project_id")


def snapshot(profile: ConnectionProfile) -> dict[str, Any]:
    """Values that a form can change; keys as "stored" or "none", certificates by subject and expiry."""
    values = {name: getattr(profile, name) for name in (*PLAIN, *CONNECTION)}
    keys = "stored" if profile.has_keys else "none"
    return values | {"ca_certificate": _certificates(profile.ca_certificate), "keys": keys}


def record_created(access: Access, *, team: str) -> None:
    after = snapshot(access.profile) | ({"team": team} if team else {})
    _emit("profile.create", access, after=after)


def record_updated(access: Access, before: Mapping[str, Any], *, keys_typed: bool) -> None:
    """Writes the differences to `before`, a snapshot; keys as an event of their own, to be found by its action."""
    after = snapshot(access.profile)
    if keys_typed and before["keys"] == after["keys"] == "stored":
        after["keys"] = "replaced"
    changed = [name for name in after if after[name] != before[name]]
    for action, names in (
        ("profile.update", [name for name in changed if name != "keys"]),
        ("profile.keys", [name for name in changed if name == "keys"]),
    ):
        if names:
            _emit(
                action,
                access,
                before={name: before[name] for name in names},
                after={name: after[name] for name in names},
            )


def record_removed(access: Access, *, reason: str) -> None:
    """Writes the removal before the deletion, with the roles that end with it."""
    given = Membership.objects.filter(profile=access.profile).select_related("user", "team")
    members = sorted(f"{one.holder}: {one.role}" for one in given)
    _emit("profile.remove", access, before=snapshot(access.profile) | {"members": members}, reason=reason)


def record_check(access: Access, params: ConnectionParams | None, found: ConnectionCheck) -> None:
    """Writes that a key was used for a check, stored or typed, with the address and the last step."""
    failed = found.failed_step
    after = {"base_url": params.base.text if params else access.profile.base_url, "project_id": found.project_id or ""}
    if failed:
        after |= {"ended_at": failed.slug, "reason": found.error.reason if found.error else ""}
    _emit("profile.check", access, outcome="failed" if failed else "succeeded", after=after)


def _certificates(pem: str) -> list[str]:
    try:
        return [f"{one.subject}, until {one.expires_at:%Y-%m-%d}" for one in read_certificates(pem)]
    except ValueError:
        return ["unreadable"]


def _emit(action: str, access: Access, **details: Any) -> None:
    profile = access.profile
    emit_event(
        ProfileEvent(
            action=action,
            actor=access.user,
            role=access.role_name,
            profile=profile if profile.pk else None,
            target_type="profile",
            target_id=profile.slug,
            target_name=profile.name,
            **details,
        )
    )
