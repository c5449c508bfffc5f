"""Which credential Rancher uses for an image in a profile's project, over what is there now."""

import time
from dataclasses import dataclass

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


_kept: dict[tuple[int, str], tuple[float, ServerSettings]] = {}


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
    key = (profile.pk, profile.base_url)
    read_at, settings = _kept.get(key, (0.0, ServerSettings()))
    if settings != ServerSettings() and time.monotonic() - read_at < KEPT_S:
        return settings
    try:
        # not as a `contact`: a key that may not read settings is no failure of the connection
        client = connection.client_for(profile)
        settings = ServerSettings(
            default_registry=client.settings.value("registry.default") or "",
            whitelist=split_whitelist(client.settings.value("registry.whitelist")),
        )
    except UpstreamError:
        return ServerSettings()  # unknown, and the page says so
    _kept[key] = (time.monotonic(), settings)
    return settings


def forget_kept() -> None:
    """Empties what this process keeps (for tests)."""
    _kept.clear()
