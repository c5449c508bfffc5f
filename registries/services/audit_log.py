"""Reading the record: what matches a filter, page by page, and how it spreads over time.

Ids count without gaps and times never go back, so a moment is an id: every page is a range of the primary key, whether
it is the first or the last of a million, and nothing is ever counted whole.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from dashboard.people.models import User
from registries.models import AuditEvent, AuditHead, ConnectionProfile

PAGE_SIZE = 50
MOST_READ = 20_000  # rows that a search for free text looks at before it asks whether to go on
MOST_DRAWN = 5_000  # matching rows that the graph of a filtered list counts
BARS = 48
SPAN = timedelta(days=30)  # of the graph, where no time is chosen


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


@dataclass(frozen=True)
class AuditPage:
    """Newest first. `older_than` and `newer_than` are ids for the neighbouring pages, None where there is none.

    `searched_to` is the id down to which a search for free text has looked, None when it has seen everything.
    """

    events: tuple[AuditEvent, ...]
    older_than: int | None
    newer_than: int | None
    searched_to: int | None = None


@dataclass(frozen=True)
class Bar:
    """One bar of the graph: a half-open range of time and its events."""

    since: datetime
    until: datetime
    count: int


def find_events(query: AuditQuery, *, folded: bool = True) -> QuerySet[AuditEvent]:
    """All that matches, in no order yet; `folded`: what has begun and ended since is one row, its end."""
    events = AuditEvent.objects.all()
    if folded:
        ended = AuditEvent.objects.filter(operation_id=OuterRef("operation_id"), id__gt=OuterRef("id"))
        events = events.exclude(Q(outcome="begun") & Exists(ended))
    first, end = _ids_between(query.since, query.until)
    if first is not None:
        events = events.filter(id__gte=first)
    if end is not None:
        events = events.filter(id__lt=end)
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
    events, searched_to = find_events(query), None
    if after is not None:
        upwards = events.filter(id__gt=after)
        if query.q:
            upwards = upwards.filter(id__lte=after + MOST_READ)
        found = list(upwards.order_by("id")[: PAGE_SIZE + 1])
        has_newer, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        oldest = shown[-1].pk if shown else after + 1
        return AuditPage(tuple(shown), oldest, shown[0].pk if has_newer else None)
    if before is not None:
        events = events.filter(id__lt=before)
    if query.q:
        start = before or last_id() + 1
        searched_to = max(start - MOST_READ, 1)
        events = events.filter(id__gte=searched_to)
    found = list(events.order_by("-id")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    older = shown[-1].pk if len(found) > PAGE_SIZE else None
    is_cut = older is None and searched_to is not None and searched_to > 1
    newer = (shown[0].pk if shown else before - 1) if before is not None else None
    return AuditPage(tuple(shown), older, newer, searched_to if is_cut else None)


def draw_bars(query: AuditQuery) -> tuple[list[Bar], bool]:
    """How what matches spreads over the chosen time, or over the last thirty days; and whether all of it was counted.

    Unfiltered, each bar is the difference of two ids; filtered, the newest `MOST_DRAWN` matches are counted.
    """
    borders = _borders(query)
    since, step = borders[0], borders[1] - borders[0]
    if not query.is_narrow:
        ids = _first_ids(borders)
        counts = [after - before for before, after in pairwise(ids)]
        return _bars(borders, counts), True
    newest = find_events(query).order_by("-id")
    if query.q:
        newest = newest.filter(id__gt=last_id() - MOST_READ)
    moments = list(newest.filter(at__gte=since, at__lt=borders[-1]).values_list("at", flat=True)[:MOST_DRAWN])
    counts = [0] * BARS
    for at in moments:
        counts[min(int((at - since) / step), BARS - 1)] += 1
    return _bars(borders, counts), len(moments) < MOST_DRAWN


def last_id() -> int:
    """The newest event's id, from the head of the chain."""
    return AuditHead.objects.filter(pk=1).values_list("event_id", flat=True).first() or 0


def _borders(query: AuditQuery) -> list[datetime]:
    """On whole seconds, which is what a link to a bar can say."""
    until = query.until or timezone.now() + timedelta(seconds=1)
    until = until.replace(microsecond=0)
    span = until - query.since if query.since else SPAN
    step = timedelta(seconds=max(math.ceil(span.total_seconds() / BARS), 1))
    return [until - step * number for number in range(BARS, -1, -1)]


def _bars(borders: list[datetime], counts: list[int]) -> list[Bar]:
    return [Bar(*border, count) for border, count in zip(pairwise(borders), counts, strict=True)]


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


def _ids_between(since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    borders = [border for border in (since, until) if border]
    ids = iter(_first_ids(borders) if borders else [])
    return (next(ids) if since else None), (next(ids) if until else None)


def _first_ids(borders: list[datetime]) -> list[int]:
    """For each moment the id of the first event from then on, in one query; past the end the id that comes next."""
    first = {
        f"b{number}": Subquery(AuditEvent.objects.filter(at__gte=border).order_by("at", "id").values("id")[:1])
        for number, border in enumerate(borders)
    }
    row = AuditHead.objects.filter(pk=1).values_list("event_id").annotate(**first).first()
    if row is None:
        return [1] * len(borders)
    return [found if found is not None else row[0] + 1 for found in row[1:]]
