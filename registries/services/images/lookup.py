"""Looks up the credential that Rancher uses for an image in a profile's project."""

from dataclasses import dataclass

from dashboard.timed_cache import TimedCache
from registries.images.credential_lookup import Resolution, resolve, split_whitelist
from registries.models import ConnectionProfile
from registries.outbound.errors import UpstreamError
from registries.services.inventory.reading import Reading, read_or_recall
from registries.services.upstream import connection

KEPT_S = 60.0  # settings change seldom; each costs a call


@dataclass(frozen=True)
class ServerSettings:
    """Server settings for images; None if one couldn't be read, "" and () if unset."""

    default_registry: str | None = None
    whitelist: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Resolved:
    """Resolution of one image, with the reading that it was made from."""

    resolution: Resolution
    reading: Reading


_settings: TimedCache[int, ServerSettings] = TimedCache(keyed_by="profile", max_age_s=KEPT_S, max_entries=1000)


def resolve_image(profile: ConnectionProfile, image: str) -> Resolved:
    """Resolves an image by the live registries or, with Rancher unreachable, the last known ones. Raises nothing."""
    reading = read_or_recall(profile)
    settings = read_settings(profile) if reading.is_live else ServerSettings()
    resolution = resolve(
        image,
        registries=reading.registries,
        default_registry=settings.default_registry,
        whitelist=settings.whitelist,
    )
    return Resolved(resolution, reading)


def read_settings(profile: ConnectionProfile) -> ServerSettings:
    """Reads the settings; kept for a minute once both could be read. Raises nothing."""
    if kept := _settings.get(profile.pk, version=profile.base_url):
        return kept
    try:
        # not by `contact`: a key without access to settings is no failure of the connection
        client = connection.client_for(profile)
        settings = ServerSettings(
            default_registry=client.settings.value("registry.default") or "",
            whitelist=split_whitelist(client.settings.value("registry.whitelist")),
        )
    except UpstreamError:
        return ServerSettings()  # unknown; the page says so
    _settings.put(profile.pk, settings, version=profile.base_url)
    return settings
