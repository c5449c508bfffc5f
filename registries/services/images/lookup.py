"""Which credential Rancher uses for an image in a profile's project, over what is there now."""

from dataclasses import dataclass

from dashboard.timed_cache import TimedCache
from registries.images.credential_lookup import Resolution, resolve, split_whitelist
from registries.models import ConnectionProfile
from registries.outbound.errors import UpstreamError
from registries.services.inventory.reading import Reading, read_or_recall
from registries.services.upstream import connection

KEPT_S = 60.0  # settings change seldom, and each is a call


@dataclass(frozen=True)
class ServerSettings:
    """The server's settings about images; None where one couldn't be read, "" and () where it isn't set."""

    default_registry: str | None = None
    whitelist: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Resolved:
    """The resolution of one image, and how fresh the registries are that it was made from."""

    resolution: Resolution
    reading: Reading


_settings: TimedCache[int, ServerSettings] = TimedCache(keyed_by="profile", max_age_s=KEPT_S, max_entries=1000)


def resolve_image(profile: ConnectionProfile, image: str) -> Resolved:
    """Reads the registries as their list does; with Rancher out of reach, the last known ones. Raises nothing."""
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
    """The settings, kept for a minute once both could be read. Raises nothing."""
    if kept := _settings.get(profile.pk, version=profile.base_url):
        return kept
    try:
        # not as a `contact`: a key that may not read settings is no failure of the connection
        client = connection.client_for(profile)
        settings = ServerSettings(
            default_registry=client.settings.value("registry.default") or "",
            whitelist=split_whitelist(client.settings.value("registry.whitelist")),
        )
    except UpstreamError:
        return ServerSettings()  # unknown, and the page says so
    _settings.put(profile.pk, settings, version=profile.base_url)
    return settings
