"""Reads a registry's history: audit events of Corral joined with rows of Rancher's audit log.

Corral's writes are in Rancher's log too, under the account of the profile's key. They are joined by verb and time; the
rows left over were done past Corral: in Rancher's UI, by a script, by another key.
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
SKEW = timedelta(seconds=5)  # clock skew; Rancher's log has whole seconds
IN_RANCHERS_LOG = {"remove": {"remove", "delete"}}  # Corral's verb -> verbs of Rancher's log, where they differ


@dataclass(frozen=True)
class HistoryRow:
    """One row of the history: an audit event, its row of Rancher's log if there is one, or that row alone."""

    at: datetime
    event: AuditEvent | None = None
    logged: AuditLogRow | None = None


@dataclass(frozen=True)
class History:
    """History rows, newest first. With `error`, Rancher's log couldn't be read and only Corral's events are here.

    `warnings` say which rows of Rancher's log couldn't be read.
    """

    rows: tuple[HistoryRow, ...]
    error: UpstreamError | None = None
    warnings: tuple[str, ...] = ()


def read_history(profile: ConnectionProfile, registry_id: str) -> History:
    """Reads the last hundred of each log; one upstream call. Raises nothing."""
    events = _events(profile, registry_id)
    try:
        with connection.contact(profile) as client:
            logged = client.audit_logs.of("registry", registry_id)
    except UpstreamError as error:
        return History(tuple(HistoryRow(event.at, event) for event in events), error)
    return History(_join(events, logged.items), warnings=logged.warnings)


def _events(profile: ConnectionProfile, registry_id: str) -> list[AuditEvent]:
    """Audit events of the registry and its credentials; of an operation that has ended, only its last event."""
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
