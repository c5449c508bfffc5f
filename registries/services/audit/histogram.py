"""How the events of a filter spread over time, without counting them.

Ids have no gaps and times never go back, so between two moments there are as many events as their ids are apart. What
is filtered beyond its time is counted by reading ids, so many and no more.
"""

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from registries.models import AuditEvent
from registries.services.audit.query import MOST_READ, AuditQuery, find_events, ids_from

BARS = 48
SPAN = timedelta(days=30)  # where no time is chosen
MOST_COUNTED = 10_000  # events that match a filter


@dataclass(frozen=True)
class Bar:
    """One bar: a half-open range of time, in whole seconds, and the events in it; a change is two events."""

    since: datetime
    until: datetime
    count: int


@dataclass(frozen=True)
class Graph:
    """Bars over the chosen time. `is_whole`: all that match are counted, not only the newest."""

    bars: tuple[Bar, ...]
    is_whole: bool = True

    @property
    def since(self) -> datetime:
        return self.bars[0].since

    @property
    def until(self) -> datetime:
        return self.bars[-1].until


def draw_graph(query: AuditQuery) -> Graph:
    """The graph of the chosen time; without one, of the last thirty days or of the audit log's life if less."""
    borders = _borders(query)
    *ids, _ = ids_from(borders)
    if not query.is_narrow:
        counts = [after - before for before, after in pairwise(ids)]
        return Graph(_bars(borders, counts))
    lowest = max(ids[0], ids[-1] - MOST_READ) if query.q else ids[0]
    events = find_events(query, folded=False).filter(id__gte=lowest, id__lt=ids[-1])
    matching = list(events.order_by("-id").values_list("id", flat=True)[:MOST_COUNTED])
    found = Counter(bisect_right(ids, one) - 1 for one in matching)
    is_whole = lowest == ids[0] and len(matching) < MOST_COUNTED
    return Graph(_bars(borders, [found[place] for place in range(BARS)]), is_whole)


def _borders(query: AuditQuery) -> list[datetime]:
    until = query.until or timezone.now() + timedelta(seconds=1)  # with what happened in this second
    since = query.since or max(until - SPAN, min(_beginning() or until, until))
    since = since.replace(microsecond=0)
    step = max(math.ceil((until - since).total_seconds() / BARS), 1)
    return [since + timedelta(seconds=step * place) for place in range(BARS + 1)]


def _beginning() -> datetime | None:
    return AuditEvent.objects.filter(pk=1).values_list("at", flat=True).first()


def _bars(borders: list[datetime], counts: list[int]) -> tuple[Bar, ...]:
    return tuple(Bar(*border, count) for border, count in zip(pairwise(borders), counts, strict=True))
