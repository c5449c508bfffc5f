"""What a project's own schema allows in a field, kept for some minutes."""

from dashboard.timed_cache import TimedCache
from registries.models import ConnectionProfile
from registries.outbound.errors import UpstreamError
from registries.rancher.quirks import usually_needs_email
from registries.services.upstream import connection

KEPT_S = 600.0
RECORDED = {"name": 255, "description": 1024}  # of every server seen (rancher.md), for when the schema can't be read

_emails: TimedCache[int, bool] = TimedCache(keyed_by="profile", max_age_s=KEPT_S, max_entries=1000)
_limits: TimedCache[int, dict[str, int]] = TimedCache(keyed_by="profile", max_age_s=KEPT_S, max_entries=1000)


def needs_email(profile: ConnectionProfile) -> bool:
    """Whether the project's schema requires an e-mail of a credential."""
    project = (profile.base_url, profile.project_id, profile.api_version)
    if (known := _emails.get(profile.pk, version=project)) is not None:
        return known
    try:
        with connection.contact(profile) as client:
            fields = client.schemas.get("registryCredential").fields
    except UpstreamError:
        return usually_needs_email(profile.api_version)
    is_needed = "email" in fields and fields["email"].required
    _emails.put(profile.pk, is_needed, version=project)
    return is_needed


def of_registries(profile: ConnectionProfile) -> dict[str, int]:
    """`maxLength` in characters of a registry's `name` and `description`."""
    project = (profile.base_url, profile.project_id)
    if limits := _limits.get(profile.pk, version=project):
        return limits
    try:
        with connection.contact(profile) as client:
            fields = client.schemas.get("registry").fields
    except UpstreamError:
        return RECORDED  # the write itself will be refused or not; the form must open all the same
    limits = {name: (fields[name].max_length if name in fields else None) or RECORDED[name] for name in RECORDED}
    _limits.put(profile.pk, limits, version=project)
    return limits
