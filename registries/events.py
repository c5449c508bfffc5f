"""Events in a profile, for the audit log (`registries.services.audit.write`)."""

from dataclasses import dataclass

from dashboard.events import Event
from registries.models import ConnectionProfile


@dataclass(frozen=True, kw_only=True)
class ProfileEvent(Event):
    """Something that somebody did, or tried, in a profile. `role` is what they had in it, the site's before its own."""

    profile: ConnectionProfile | None = None
    role: str = ""
    operation_id: int | None = None
