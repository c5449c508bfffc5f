"""Checks of a connection: what they need, what they find, and how it is kept on the profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.utils import timezone

from dashboard.crypto import SecretUnreadable
from registries.models import ConnectionProfile
from registries.outbound.base_url import BaseURL, parse_base_url
from registries.outbound.errors import UpstreamError
from registries.rancher.connection_check import SLUGS, ConnectionCheck, Step, check_connection
from registries.rancher.quirks import ApiVersion
from registries.services.upstream import connection

STEP_NAMES = {
    "resolve": "Host name",
    "connect": "Connection",
    "tls": "TLS",
    "answer": "Rancher",
    "key": "Key",
    "key_kind": "Kind of key",
    "projects": "Project",
    "rights": "Rights",
    "version": "Server version",
}
UNNOTED_REASONS = {"no_keys", "busy"}  # of Rancher: the profile itself shows the one, our own calls make the other
ENTER_KEYS = "Edit the profile and enter both parts of a key."


@dataclass(frozen=True)
class ConnectionParams:
    """How to reach a project: everything that a check needs. Its keys are never printed."""

    base: BaseURL
    api_version: ApiVersion
    project_id: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    ca_certificate: str = field(repr=False)

    @property
    def has_keys(self) -> bool:
        return bool(self.access_key and self.secret_key)


def stored_params(profile: ConnectionProfile) -> ConnectionParams:
    """The stored way. Raises SecretUnreadable when the keys don't open, BadAddress for an unusable address."""
    return ConnectionParams(
        base=parse_base_url(profile.base_url),
        api_version=cast("ApiVersion", profile.api_version),
        project_id=profile.project_id,
        access_key=profile.access_key.reveal() if profile.access_key else "",
        secret_key=profile.secret_key.reveal() if profile.secret_key else "",
        ca_certificate=profile.ca_certificate,
    )


def check(way: ConnectionParams) -> ConnectionCheck:
    """Runs `rancher.connection_check` with the admin's list of targets; nothing without keys. Raises nothing."""
    if not way.has_keys:
        return _unusable(connection.ProfileUnusable("no_keys", connection.NO_KEYS))
    return check_connection(
        way.base,
        allow=connection.allow,
        access_key=way.access_key,
        secret_key=way.secret_key,
        project_id=way.project_id or None,
        api_version=way.api_version,
        ca_certificate=way.ca_certificate or None,
    )


def check_stored(profile: ConnectionProfile) -> ConnectionCheck:
    """The check with what is stored. Raises nothing."""
    try:
        return check(stored_params(profile))
    except SecretUnreadable:
        return _unusable(connection.ProfileUnusable("keys_unreadable", connection.KEYS_UNREADABLE))
    except UpstreamError as error:
        return ConnectionCheck(
            [Step("resolve", "failed", str(error), "Edit the profile and correct its address.")], error
        )


def columns_of(found: ConnectionCheck, profile: ConnectionProfile, *, is_another: bool = False) -> dict[str, Any]:
    """What a check changes on a profile. Of another connection than the stored one nothing that was known stays."""
    now = timezone.now()
    known = ConnectionProfile() if is_another else profile
    columns: dict[str, Any] = {
        "checked_at": now,
        "check_passed": found.ok,
        "check_steps": present_steps(found.steps),
        "key_kind": found.key_kind or known.key_kind,
        "rights": found.rights or known.rights,
        "server_version": found.server_version or known.server_version,
        "project_name": found.project_name[:255] or known.project_name,
        "contact_at": known.contact_at,
        "contact_ms": known.contact_ms,
    }
    failing: dict[str, Any] = {"failing_since": None, "failure_reason": "", "failure_text": ""}
    if found.ok:
        columns |= {"contact_at": now, "contact_ms": found.elapsed_ms}
    elif found.error and found.error.reason not in UNNOTED_REASONS:
        since = known.failing_since or now
        failing = {
            "failing_since": since,
            "failure_reason": found.error.reason,
            "failure_text": str(found.error)[:300],
        }
    return columns | failing


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


def steps_to_come() -> list[dict[str, Any]]:
    """The steps of a check that was not made yet."""
    return present_steps([Step(slug, "skipped", "") for slug in SLUGS])


def _unusable(error: connection.ProfileUnusable) -> ConnectionCheck:
    return ConnectionCheck([Step("key", "failed", str(error), ENTER_KEYS)], error)
