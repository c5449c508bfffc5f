"""A registry's history: what was done through Corral, and what Rancher's own log has beyond that.

What Corral did is in Rancher's log as well, as the account of the profile's key; those rows are joined to Corral's by
verb and time, so that what is left was done past Corral: in Rancher's pages, by a script, by another key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from registries.models import AuditEvent, ConnectionProfile, Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.audit_logs import AuditLogRow
from registries.services.upstream import connection

MAX_EVENTS = 100
SKEW = timedelta(seconds=5)  # between two clocks, and Rancher's log has whole seconds
IN_RANCHERS_LOG = {"remove": {"remove", "delete"}}  # Corral's verb -> how Rancher's log calls it, where it differs


@dataclass(frozen=True)
class HistoryRow:
    """One thing that happened: an event of Corral's record, with Rancher's row of it if there is one, or that alone."""

    at: datetime
    event: AuditEvent | None = None
    logged: AuditLogRow | None = None


@dataclass(frozen=True)
class History:
    """Newest first. `error` is what kept Rancher's log from being read; then only Corral's part is here."""

    rows: tuple[HistoryRow, ...]
    error: UpstreamError | None = None


def read_history(profile: ConnectionProfile, registry_id: str) -> History:
    """The last hundred of each; one call to Rancher. Raises nothing."""
    events = _events(profile, registry_id)
    try:
        with connection.contact(profile) as client:
            logged = client.audit_logs.of("registry", registry_id)
    except UpstreamError as error:
        return History(tuple(HistoryRow(event.at, event) for event in events), error)
    return History(_join(events, [row for row in logged if row.created_at]))


def _events(profile: ConnectionProfile, registry_id: str) -> list[AuditEvent]:
    """Of the registry and its credentials; what has begun and ended since is one row."""
    of_it = Q(target_id=registry_id, target_type="registry")
    operations = Operation.objects.filter(of_it | Q(registry_id=registry_id), profile=profile).values("pk")
    ended = AuditEvent.objects.filter(operation_id=OuterRef("operation_id"), id__gt=OuterRef("id"))
    events = AuditEvent.objects.filter(profile_id=profile.pk).filter(of_it | Q(operation_id__in=operations))
    return list(events.exclude(Q(outcome="begun") & Exists(ended)).order_by("-id")[:MAX_EVENTS])


def _join(events: Sequence[AuditEvent], logged: Sequence[AuditLogRow]) -> tuple[HistoryRow, ...]:
    left, rows = list(logged), []
    began = _began_at([event.operation_id for event in events if event.operation_id])
    for event in events:
        since = began.get(event.operation_id or 0, event.at)
        twin = next((row for row in left if _is_the_same(event, since, row)), None)
        if twin:
            left.remove(twin)
        rows.append(HistoryRow(event.at, event, twin))
    rows += [HistoryRow(row.created_at, None, row) for row in left if row.created_at]
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def _began_at(operation_ids: Sequence[int]) -> dict[int, datetime]:
    return dict(Operation.objects.filter(pk__in=operation_ids).values_list("pk", "started_at"))


def _is_the_same(event: AuditEvent, since: datetime, row: AuditLogRow) -> bool:
    noun, _, verb = event.action.partition(".")
    is_named = noun == "registry" and row.verb in IN_RANCHERS_LOG.get(verb, {verb})
    return bool(is_named and row.created_at and since - SKEW <= row.created_at <= event.at + SKEW)
