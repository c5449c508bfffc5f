"""Reads the audit log: what matches a filter, page by page.

Ids count without gaps and times never go back, so a moment is an id: every page is a range of the primary key, whether
it is the first or the last of a million, and nothing is ever counted whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboard.people.models import User
from registries import chain
from registries.models import AuditEvent, ConnectionProfile

PAGE_SIZE = 50
MOST_READ = 20_000  # rows that a search for free text looks at before it asks whether to go on

FIRST_FROM = "(SELECT id FROM registries_auditevent WHERE at >= %s ORDER BY at, id LIMIT 1), "
NEXT = "(SELECT event_id + 1 FROM registries_audithead WHERE id = 1)"


@dataclass(frozen=True, kw_only=True)
class AuditQuery:
    """What is looked for; None and "" filter nothing. Times are a half-open range."""

    q: str = ""
    person: User | None = None
    team: Group | None = None
    profile: ConnectionProfile | None = None
    action: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the time is filtered."""
        return any((self.q, self.person, self.team, self.profile, self.action, self.outcome))

    @property
    def text(self) -> str:
        """As an export and its event say what was asked for: "outcome=failed&since=2026-11-24T00:00:00.000000Z"."""
        named = {
            "q": self.q,
            "person": self.person.get_username() if self.person else "",
            "team": self.team.name if self.team else "",
            "profile": self.profile.slug if self.profile else "",
            "action": self.action,
            "outcome": self.outcome,
            "since": chain.to_rfc3339(self.since) if self.since else "",
            "until": chain.to_rfc3339(self.until) if self.until else "",
        }
        return urlencode({name: value for name, value in named.items() if value}, safe=":")


@dataclass(frozen=True)
class AuditPage:
    """Newest first. `older_than` and `newer_than` are ids for the neighbouring pages, None where there is none.

    `searched_to` is the id down to which a search for free text has looked, None when it has seen everything.
    """

    events: tuple[AuditEvent, ...]
    older_than: int | None
    newer_than: int | None
    searched_to: int | None = None


def find_events(query: AuditQuery, *, folded: bool = True) -> QuerySet[AuditEvent]:
    """What matches whenever it was, in no order yet; `folded`: what has begun and ended since is one row, its end."""
    events = AuditEvent.objects.all()
    if folded:
        ended = AuditEvent.objects.filter(operation_id=OuterRef("operation_id"), id__gt=OuterRef("id"))
        events = events.exclude(Q(outcome="begun") & Exists(ended))
    if query.person:
        events = events.filter(actor_id=query.person.pk)
    if query.team:
        events = events.filter(actor_id__in=list(query.team.user_set.values_list("pk", flat=True)))
    if query.profile:
        events = events.filter(profile_id=query.profile.pk)
    if query.action:
        events = events.filter(action=query.action)
    if query.outcome:
        events = events.filter(outcome=query.outcome)
    return events.filter(_holding(query.q)) if query.q else events


def find_page(query: AuditQuery, *, before: int | None = None, after: int | None = None) -> AuditPage:
    """The page just older than the event `before`, or just newer than `after`; the newest without either."""
    return _older_page(query, before) if after is None else _newer_page(query, after)


def _older_page(query: AuditQuery, before: int | None) -> AuditPage:
    first, end = id_range(query)
    start = end if before is None else min(before, end)
    lowest = max(start - MOST_READ, first) if query.q else first
    found = list(find_events(query).filter(id__gte=lowest, id__lt=start).order_by("-id")[: PAGE_SIZE + 1])
    shown, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    newer = None if before is None else shown[0].pk if shown else before - 1
    return AuditPage(
        events=tuple(shown),
        older_than=shown[-1].pk if has_more else None,
        newer_than=newer,
        searched_to=lowest if lowest > first and not has_more else None,
    )


def _newer_page(query: AuditQuery, after: int) -> AuditPage:
    """A page that reaches the newest event is the newest page, and full."""
    first, end = id_range(query)
    start = max(after + 1, first)
    reach = min(start + MOST_READ, end) if query.q else end
    found = list(find_events(query).filter(id__gte=start, id__lt=reach).order_by("id")[: PAGE_SIZE + 1])
    has_more = len(found) > PAGE_SIZE
    if not has_more and reach == end:
        return _older_page(query, None)
    shown = found[:PAGE_SIZE][::-1]
    return AuditPage(
        events=tuple(shown),
        older_than=shown[-1].pk if shown else start,
        newer_than=shown[0].pk if has_more else reach - 1,
    )


def id_range(query: AuditQuery) -> tuple[int, int]:
    """The chosen time as a half-open range of ids, of the whole audit log where none is chosen."""
    *ids, end = ids_from([one for one in (query.since, query.until) if one])
    return ids[0] if query.since else 1, ids[-1] if query.until else end


def ids_from(moments: Sequence[datetime]) -> list[int]:
    """For each moment the id of the first event from then on, and at last the id that comes next; in one query.

    In SQL by hand: Django takes longer to put fifty subqueries together than the database to answer them.
    """
    values = [connection.ops.adapt_datetimefield_value(moment) for moment in moments]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + FIRST_FROM * len(values) + NEXT, values)
        *ids, end = cursor.fetchone()
    return [end or 1 if one is None else one for one in (*ids, end)]


def _holding(text: str) -> Q:
    """Who, what, to what and why, and the ids that people copy; never what was before and after."""
    return (
        Q(actor_name__icontains=text)
        | Q(target_name__icontains=text)
        | Q(profile_name__icontains=text)
        | Q(reason__icontains=text)
        | Q(action__icontains=text)
        | Q(target_id=text)
        | Q(request_id=text)
        | Q(address=text)
    )
