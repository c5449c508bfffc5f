"""What the overview and the profile pages tell of each profile, from the inventory: no upstream call."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Case, IntegerField, QuerySet, Value, When

from dashboard.people.models import User
from registries.access import operations_of
from registries.images.server_addresses import never_matches
from registries.models import ConnectionProfile, CredentialStatus, InventoryItem, Operation
from registries.oci.reasons import Reason
from registries.outbound.errors import UpstreamError
from registries.services.inventory.reading import read_registries
from registries.services.operations import lifecycle

RESTING = {"active", "inactive"}


@dataclass(frozen=True)
class Attention:
    """One thing that needs a person: what, why, and where to go for it."""

    profile: ConnectionProfile
    kind: str  # unreachable, keys, unchecked, credential, never_matches, twins
    subject: str = ""  # a server address; of a credential, its user with it
    target_id: str = ""
    detail: str = ""


@dataclass
class Summary:
    """A profile with its counts by state and what needs attention."""

    profile: ConnectionProfile
    counts: Counter[str] = field(default_factory=Counter)
    attention: list[Attention] = field(default_factory=list)

    @property
    def warnings(self) -> int:
        return len(self.attention)

    @property
    def health(self) -> str:
        """One of `unread`, `no_keys`, `no_project`, `keys`, `unreachable`, `answers`."""
        profile = self.profile
        if not profile.has_keys or profile.failure_reason == "keys_unreadable":
            return "no_keys"
        if not profile.project_id:
            return "no_project"
        if profile.failing_since:
            return "keys" if profile.failure_reason in {"unauthorized", "forbidden"} else "unreachable"
        return "answers" if profile.contact_at else "unread"


def summarise(profiles: Iterable[ConnectionProfile]) -> list[Summary]:
    """Counts and attention of each profile; two queries for all of them."""
    summaries = {profile.pk: Summary(profile) for profile in profiles}
    items = InventoryItem.objects.filter(profile__in=summaries, gone_at=None)
    addresses: dict[tuple[int, str], list[str]] = defaultdict(list)
    for pk, rancher_id, address, state in items.values_list("profile", "rancher_id", "server_address", "state"):
        summary = summaries[pk]
        summary.counts[state if state in RESTING else "error" if state == "error" else "changing"] += 1
        addresses[pk, address.casefold()].append(rancher_id)
        if reason := never_matches(address):
            summary.attention.append(Attention(summary.profile, "never_matches", address, rancher_id, reason))
    for (pk, address), ids in addresses.items():
        if len(ids) > 1:
            detail = f"{' and '.join(ids)} share it; Rancher takes one of them."
            summaries[pk].attention.append(Attention(summaries[pk].profile, "twins", address, ids[-1], detail))
    for watched in CredentialStatus.objects.filter(profile__in=summaries).exclude(notified_reason=""):
        summaries[watched.profile_id].attention.insert(
            0, _of_credential(summaries[watched.profile_id].profile, watched)
        )
    for summary in summaries.values():
        summary.attention[:0] = _of_connection(summary)
    return list(summaries.values())


def refresh(profile: ConnectionProfile) -> UpstreamError | None:
    """Reads the profile's registries (kept copy first) and settles what is open; the error when it can't be read."""
    try:
        reading = read_registries(profile)
    except UpstreamError as error:
        profile.refresh_from_db()
        return error
    lifecycle.settle_from_reading(lifecycle.open_operations(profile), reading)
    profile.refresh_from_db()
    return None


def recent_operations(user: User, *, limit: int = 8) -> QuerySet[Operation]:
    """The last operations that somebody may see, one's own first."""
    own_first = Case(When(actor=user, then=Value(0)), default=Value(1), output_field=IntegerField())
    return operations_of(user).order_by(own_first, "-pk")[:limit]


def _of_credential(profile: ConnectionProfile, watched: CredentialStatus) -> Attention:
    target = f"{watched.registry_id}/{watched.credential_id}"
    return Attention(profile, "credential", str(watched), target, Reason(watched.reason).sentence)


def _of_connection(summary: Summary) -> list[Attention]:
    profile, found = summary.profile, []
    if summary.health in {"no_keys", "keys"}:
        found.append(Attention(profile, "keys", detail=profile.failure_text))
    elif summary.health == "unreachable":
        found.append(Attention(profile, "unreachable", detail=profile.failure_text))
    elif summary.health == "no_project" or profile.check_passed is False:
        found.append(Attention(profile, "unchecked", detail=profile.failure_text))
    return found
