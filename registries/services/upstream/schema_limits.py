"""What a project's own schema allows in a field, kept for some minutes."""

import time

from registries.models import ConnectionProfile
from registries.outbound.errors import UpstreamError
from registries.services.upstream import connection

KEPT_S = 600.0
RECORDED = {"name": 255, "description": 1024}  # of every server seen (rancher.md), for when the schema can't be read

_kept: dict[int, tuple[float, dict[str, int]]] = {}


def of_registries(profile: ConnectionProfile) -> dict[str, int]:
    """`maxLength` in characters of a registry's `name` and `description`."""
    read_at, limits = _kept.get(profile.pk, (0.0, {}))
    if limits and time.monotonic() - read_at < KEPT_S:
        return limits
    try:
        with connection.contact(profile) as client:
            fields = client.schemas.get("registry").fields
    except UpstreamError:
        return RECORDED  # the write itself will be refused or not; the form must open all the same
    limits = {name: (fields[name].max_length if name in fields else None) or RECORDED[name] for name in RECORDED}
    _kept[profile.pk] = (time.monotonic(), limits)
    return limits


def forget_kept() -> None:
    """Empties what this process keeps (for tests)."""
    _kept.clear()
