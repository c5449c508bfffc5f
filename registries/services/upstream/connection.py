"""The way from a profile to its Rancher: one transport per profile and process, and what every contact tells."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.utils import timezone

from dashboard.crypto import SecretUnreadable
from dashboard.timed_cache import TimedCache
from registries.models import AllowedTarget, ConnectionProfile
from registries.outbound.base_url import parse_base_url
from registries.outbound.blocked_addresses import Address
from registries.outbound.errors import UpstreamError
from registries.outbound.transport import Transport
from registries.rancher.client import Client
from registries.rancher.errors import PEER, ApiError, Unauthorized
from registries.rancher.quirks import ApiVersion

TARGETS_KEPT_S = 2.0
CLIENT_IDLES_S = 900.0  # a client that nobody used for so long is closed, and its keys leave the memory
CONTACT_NOTED_EVERY = timedelta(seconds=5)  # a live profile costs one update in so long, not one a page


class ProfileUnusable(UpstreamError):
    """The profile has no keys or no project, or its keys can't be decrypted any more; nothing was sent."""


NO_KEYS = "The profile has no keys; an admin has to enter them."
KEYS_UNREADABLE = "The stored keys cannot be read any more; an admin has to enter them again."
NO_PROJECT = "No project is chosen yet; an admin has to enter its id, or to choose it after a check."


@dataclass(frozen=True)
class _Connected:
    transport: Transport
    client: Client


_clients: TimedCache[int, _Connected] = TimedCache(
    keyed_by="profile",
    max_age_s=CLIENT_IDLES_S,
    max_entries=1000,
    on_drop=lambda connected: connected.transport.close(),
)
_targets: TimedCache[AllowedTarget.Kind, list[AllowedTarget]] = TimedCache(max_age_s=TARGETS_KEPT_S, max_entries=1)


def allow(scheme: str, host: str, address: Address, port: int) -> bool:
    """Whether the admin's list opens the target. The transport itself refuses blocked addresses."""
    return any(target.permits(scheme, host, address, port) for target in _allowed_targets())


def client_for(profile: ConnectionProfile) -> Client:
    """The profile's client, kept while its address, keys and rights stay. Raises ProfileUnusable, BadAddress."""
    fingerprint = (
        profile.base_url,
        profile.api_version,
        profile.project_id,
        profile.access_key.token,
        profile.secret_key.token,
        profile.ca_certificate,
        profile.is_read_only,
    )
    connected = _clients.get(profile.pk, version=fingerprint) or _connect(profile)
    _clients.put(profile.pk, connected, version=fingerprint)  # even if it was there: the age is since its last use
    return connected.client


@contextmanager
def contact(profile: ConnectionProfile) -> Iterator[Client]:
    """A client for one piece of work; what comes of it is noted on the profile. Raises UpstreamError."""
    started = time.monotonic()
    try:
        yield client_for(profile)
    except UpstreamError as error:
        if _is_of_the_connection(error):
            note_failure(profile, error)
        else:
            note_contact(profile, elapsed_ms=_ms_since(started))
        raise
    note_contact(profile, elapsed_ms=_ms_since(started))


def note_contact(profile: ConnectionProfile, *, elapsed_ms: int) -> None:
    """Rancher answered as it should."""
    now = timezone.now()
    if profile.contact_at and not profile.failing_since and now - profile.contact_at < CONTACT_NOTED_EVERY:
        return
    _note(profile, contact_at=now, contact_ms=elapsed_ms, failing_since=None, failure_reason="", failure_text="")


def note_failure(profile: ConnectionProfile, error: UpstreamError) -> None:
    """Rancher did not answer, or rejects the keys; since when is kept."""
    if profile.failing_since and profile.failure_reason == error.reason:
        return
    since = profile.failing_since or timezone.now()
    _note(profile, failing_since=since, failure_reason=error.reason, failure_text=str(error)[:300])


def forget_targets() -> None:
    """After a change of the list: this process looks at once, the others within two seconds."""
    _targets.clear()


def _connect(profile: ConnectionProfile) -> _Connected:
    if not profile.has_keys:
        raise ProfileUnusable("no_keys", NO_KEYS)
    if not profile.project_id:
        raise ProfileUnusable("no_project", NO_PROJECT)
    try:
        access_key, secret_key = profile.access_key.reveal(), profile.secret_key.reveal()
    except SecretUnreadable:
        raise ProfileUnusable("keys_unreadable", KEYS_UNREADABLE) from None
    transport = Transport(
        parse_base_url(profile.base_url),
        allow=allow,
        peer=PEER,
        ca_certificate=profile.ca_certificate or None,
        read_only=profile.is_read_only,
    )
    version = cast("ApiVersion", profile.api_version)
    client = Client(
        transport, access_key=access_key, secret_key=secret_key, project_id=profile.project_id, api_version=version
    )
    return _Connected(transport, client)


def _is_of_the_connection(error: UpstreamError) -> bool:
    """Whether the error speaks of the way to Rancher or of the keys, rather than of one request."""
    if isinstance(error, ApiError):
        return isinstance(error, Unauthorized) or error.status == 403 or error.status >= 500
    return error.reason not in {"busy", "read_only"}


def _allowed_targets() -> list[AllowedTarget]:
    kind = AllowedTarget.Kind.RANCHER
    targets = _targets.get(kind)
    if targets is None:
        targets = list(AllowedTarget.objects.filter(kind=kind))
        _targets.put(kind, targets)
    return targets


def _note(profile: ConnectionProfile, **changes: object) -> None:
    ConnectionProfile.objects.filter(pk=profile.pk).update(**changes)
    for name, value in changes.items():
        setattr(profile, name, value)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
