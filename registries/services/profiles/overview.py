"""Summaries of profiles for the overview and the profile pages, from the inventory: no upstream call."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from msgspec import UNSET

from dashboard.people.models import User
from registries.access import operations_of
from registries.models import ConnectionProfile, CredentialStatus, InventoryItem, Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import Registry
from registries.services.inventory import store
from registries.services.inventory.attention import GRAVITY, Attention, Cause, find_attention
from registries.services.inventory.listing import facet_of
from registries.services.inventory.reading import read_registries
from registries.services.operations import lifecycle


@dataclass(frozen=True)
class AttentionItem:
    """One line under "Needs attention": a profile's connection, or one registry with all its causes.

    `kind` is `unreachable`, `keys` or `unchecked` for a connection, else the registry's gravest cause.
    """

    profile: ConnectionProfile
    kind: str
    detail: str = ""
    address: str = ""
    registry_id: str = ""
    user: str = ""  # of a failing credential
    credential_id: str = ""


@dataclass
class Summary:
    """Counts by state and attention of one profile; `warnings` counts registries, as the list's facet does."""

    profile: ConnectionProfile
    counts: Counter[str] = field(default_factory=Counter)
    attention: list[AttentionItem] = field(default_factory=list)
    warnings: int = 0

    @property
    def health(self) -> str:
        """Health of the connection: `unread`, `no_keys`, `no_project`, `keys`, `unreachable` or `answers`."""
        profile = self.profile
        if not profile.has_keys or profile.failure_reason == "keys_unreadable":
            return "no_keys"
        if not profile.project_id:
            return "no_project"
        if profile.failing_since:
            return "keys" if profile.failure_reason in {"unauthorized", "forbidden"} else "unreachable"
        return "answers" if profile.contact_at else "unread"


def summarise(profiles: Iterable[ConnectionProfile]) -> list[Summary]:
    """Summarises profiles; two queries for all of them, three if credentials fail."""
    summaries = {profile.pk: Summary(profile) for profile in profiles}
    statuses: dict[int, list[CredentialStatus]] = defaultdict(list)
    for status in CredentialStatus.objects.filter(profile__in=summaries).exclude(notified_reason=""):
        statuses[status.profile_id].append(status)
    registries = _known_registries(summaries, {one.registry_id for some in statuses.values() for one in some})
    for pk, summary in summaries.items():
        summary.counts.update(map(facet_of, registries[pk]))
        causes = find_attention(registries[pk], statuses[pk])
        summary.warnings = len(causes)
        summary.attention = _of_connection(summary)
        addresses = {registry.id: registry.server_address or "" for registry in registries[pk]}
        items = [_of_registry(summary.profile, one, addresses[one], found) for one, found in causes.items()]
        summary.attention += sorted(items, key=lambda item: GRAVITY[Cause(item.kind)])
    return list(summaries.values())


def _known_registries(profiles: Mapping[int, object], whole: Iterable[str]) -> Mapping[int, list[Registry]]:
    """Last known registries by profile, without credentials except for the ids in `whole`.

    Decoding every document would take most of the page's time.
    """
    items = InventoryItem.objects.filter(profile__in=profiles, gone_at=None)
    documents = items.filter(rancher_id__in=whole) if whole else ()
    decoded = {(item.profile_id, item.rancher_id): store.as_registry(item) for item in documents}
    registries: dict[int, list[Registry]] = defaultdict(list)
    columns = items.annotate(
        moves=KeyTextTransform("transitioning", "document"), odd=KeyTransform("unreadable", "document")
    ).order_by("id")
    for pk, rancher_id, address, state, moves, odd in columns.values_list(
        "profile", "rancher_id", "server_address", "state", "moves", "odd"
    ):
        light = Registry(
            id=rancher_id,
            server_address=address,
            state=state,
            transitioning=moves or "no",
            unreadable=tuple(odd) if odd else UNSET,
        )
        registries[pk].append(decoded.get((pk, rancher_id), light))
    return registries


def refresh(profile: ConnectionProfile) -> UpstreamError | None:
    """Reads the profile's registries (kept reading first) and settles open operations; returns the error, if any."""
    try:
        reading = read_registries(profile)
    except UpstreamError as error:
        profile.refresh_from_db()
        return error
    lifecycle.settle_from_reading(lifecycle.open_operations(profile), reading)
    profile.refresh_from_db()
    return None


def recent_operations(user: User, *, limit: int = 8) -> QuerySet[Operation]:
    """Recent operations that the person may see, their own first."""
    own_first = Case(When(actor=user, then=Value(0)), default=Value(1), output_field=IntegerField())
    return operations_of(user).order_by(own_first, "-pk")[:limit]


def _of_registry(
    profile: ConnectionProfile, registry_id: str, address: str, found: tuple[Attention, ...]
) -> AttentionItem:
    """One line a registry: its gravest cause, and the sentences of the others."""
    first, *others = found
    detail = " ".join([first.detail, *(other.sentence for other in others)])
    return AttentionItem(profile, first.cause.value, detail, address, registry_id, first.user, first.credential_id)


def _of_connection(summary: Summary) -> list[AttentionItem]:
    """Problem of the profile's connection, as a list of one at most."""
    profile = summary.profile
    if summary.health in {"no_keys", "keys"}:
        kind = "keys"
    elif summary.health == "unreachable":
        kind = "unreachable"
    elif summary.health == "no_project" or profile.check_passed is False:
        kind = "unchecked"
    else:
        return []
    return [AttentionItem(profile, kind, profile.failure_text)]
