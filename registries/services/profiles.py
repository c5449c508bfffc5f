"""Connection profiles: checked before they are saved, their keys sealed and bound to their origin."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast

from cryptography import x509
from django.utils import timezone
from django.utils.text import slugify

from registries.crypto import SecretUnreadable
from registries.models import ConnectionProfile
from registries.rancher.address import BaseURL, parse_base_url
from registries.rancher.errors import RancherError
from registries.rancher.handshake import Handshake, Step, shake_hands
from registries.services import connection, inventory

RESERVED_SLUGS = {"new", "address"}
LONGEST_SLUG = 60
STEP_NAMES = {
    "resolve": "Name resolved",
    "connect": "Connected",
    "tls": "TLS",
    "answer": "Rancher answers",
    "key": "Key accepted",
    "key_kind": "Kind of key",
    "projects": "Project",
    "rights": "Rights",
    "version": "Server version",
}
FAILURE_REASON = re.compile(r"[a-z_]{1,32}")


@dataclass(frozen=True)
class Way:
    """How to reach a project: everything that a check needs. Not printable: it carries the keys."""

    base: BaseURL
    api_version: Literal["v1", "v2-beta"]
    project_id: str
    access_key: str
    secret_key: str
    ca_certificate: str

    def __repr__(self) -> str:
        return f"<Way to {self.base.text}>"

    @property
    def has_keys(self) -> bool:
        return bool(self.access_key and self.secret_key)


@dataclass(frozen=True)
class Certificate:
    """A CA certificate as people know it."""

    subject: str
    expires_at: datetime

    @property
    def is_expired(self) -> bool:
        return self.expires_at < timezone.now()


def check(way: Way) -> Handshake:
    """Runs the steps of `rancher.handshake` with the admin's list of targets. Raises nothing."""
    return shake_hands(
        way.base,
        allow=connection.allow,
        access_key=way.access_key,
        secret_key=way.secret_key,
        project_id=way.project_id or None,
        api_version=way.api_version,
        ca_certificate=way.ca_certificate or None,
    )


def way_of(profile: ConnectionProfile) -> Way:
    """The stored way. Raises SecretUnreadable when the keys don't open."""
    return Way(
        base=parse_base_url(profile.base_url).base,
        api_version=cast("Literal['v1', 'v2-beta']", profile.api_version),
        project_id=profile.project_id,
        access_key=profile.access_key.reveal() if profile.access_key else "",
        secret_key=profile.secret_key.reveal() if profile.secret_key else "",
        ca_certificate=profile.ca_certificate,
    )


def create_profiles(
    values: Mapping[str, Any], way: Way, found: Handshake, *, project_ids: Sequence[str]
) -> list[ConnectionProfile]:
    """A profile for each project (one without a project when none is known), as the check found them."""
    made = []
    several = len(project_ids) > 1
    for project_id in project_ids or [way.project_id]:
        name = str(values["name"])
        one = found
        if several:
            project = next((project for project in found.projects if project.id == project_id), None)
            name = unique_name(f"{name} – {(project and project.name) or project_id}")
        if project_id and project_id != found.project_id:
            one = check(replace(way, project_id=project_id))  # rights are the project's own
        profile = ConnectionProfile(slug=unique_slug(name))
        _assign(profile, dict(values) | {"name": name}, replace(way, project_id=project_id))
        _note_check(profile, one)
        profile.save()
        made.append(profile)
    return made


def update_profile(profile: ConnectionProfile, values: Mapping[str, Any], way: Way, found: Handshake) -> None:
    """Saves the form; keys that were left blank stay, unless the origin changed (`keys_survive`)."""
    if not keys_survive(profile, way.base):
        profile.access_key = profile.secret_key = ""
    _assign(profile, values, replace(way, project_id=way.project_id or found.project_id or ""))
    _note_check(profile, found)
    profile.inventory_fingerprint = ""
    profile.save()
    inventory.note_write(profile)


def keys_survive(profile: ConnectionProfile, base: BaseURL) -> bool:
    """Whether stored keys may be used for an address: only for the scheme, host and port that they were given for."""
    try:
        return parse_base_url(profile.base_url).base.origin == base.origin
    except RancherError:
        return False


def check_again(profile: ConnectionProfile) -> Handshake:
    """The check with what is stored; its result is kept on the profile."""
    try:
        way = way_of(profile)
    except SecretUnreadable:
        found = Handshake([Step("key", "failed", connection.KEYS_UNREADABLE, "Edit the profile and enter the keys.")])
    else:
        if way.has_keys:
            found = check(way)
        else:
            found = Handshake([Step("key", "failed", connection.NO_KEYS, "Edit the profile and enter the keys.")])
    _note_check(profile, found)
    profile.save()
    return found


def remove_profile(profile: ConnectionProfile) -> None:
    """Forgets the profile, its keys and its inventory; its operations stay, and nothing changes in Rancher."""
    profile.delete()


def present_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as they are stored and shown; no step ever holds a key."""
    return [
        {
            "slug": step.slug,
            "name": STEP_NAMES[step.slug],
            "outcome": step.outcome,
            "detail": step.detail,
            "remedy": step.remedy,
            "ms": step.elapsed_ms,
        }
        for step in steps
    ]


def read_certificate(pem: str) -> Certificate:
    """The first certificate of a PEM text. Raises ValueError when there is none."""
    certificate = x509.load_pem_x509_certificates(pem.encode())[0]
    return Certificate(certificate.subject.rfc4514_string(), certificate.not_valid_after_utc)


def unique_slug(name: str) -> str:
    """From the name, never a reserved word nor another profile's; it stays when the profile is renamed."""
    wanted = slugify(name)[:LONGEST_SLUG] or "profile"
    return _first_free(wanted, "slug", separator="-", taken=RESERVED_SLUGS)


def unique_name(name: str) -> str:
    return _first_free(name[:95], "name", separator=" ", taken=set())


def _first_free(wanted: str, field: str, *, separator: str, taken: set[str]) -> str:
    used = set(ConnectionProfile.objects.filter(**{f"{field}__startswith": wanted}).values_list(field, flat=True))
    number, candidate = 1, wanted
    while candidate in used | taken:
        number += 1
        candidate = f"{wanted}{separator}{number}"
    return candidate


def _assign(profile: ConnectionProfile, values: Mapping[str, Any], way: Way) -> None:
    for name in ("name", "description", "tags", "label_colour", "protection"):
        setattr(profile, name, values[name])
    profile.base_url, profile.api_version, profile.project_id = way.base.text, way.api_version, way.project_id
    profile.ca_certificate = way.ca_certificate
    if way.has_keys:
        profile.access_key, profile.secret_key = way.access_key, way.secret_key


def _note_check(profile: ConnectionProfile, found: Handshake) -> None:
    now = timezone.now()
    profile.checked_at, profile.check_passed = now, found.ok
    profile.check_steps = present_steps(found.steps)
    profile.key_kind = found.key_kind or profile.key_kind
    profile.rights = found.rights or profile.rights
    profile.server_version = found.server_version or profile.server_version
    profile.project_name = found.project_name or profile.project_name
    if found.ok:
        profile.contact_at, profile.contact_ms = now, found.elapsed_ms
        profile.failing_since, profile.failure_reason, profile.failure_text = None, "", ""
        return
    failed = found.failed_step
    assert failed is not None  # noqa: S101 - not ok means that a step failed
    profile.failing_since = profile.failing_since or now
    profile.failure_reason = "unauthorized" if failed.slug == "key" else failed.slug
    profile.failure_text = failed.detail[:300]
