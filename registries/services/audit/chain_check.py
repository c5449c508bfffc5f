"""Proves the audit record, or names the first row at which it was broken."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone

from registries import chain
from registries.models import AuditEvent, AuditHead
from registries.services.audit.write import as_row

BATCH = 2_000
A_DAY_S = 86_400
logger = logging.getLogger("corral.audit")


@dataclass(frozen=True)
class Finding:
    """What a check of the record found: how many rows hold, and the first that doesn't (its id, 0 for the head)."""

    rows: int
    broken_id: int | None = None
    what: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_id is None


def verify_record(*, known_head: str = "") -> Finding:
    """Checks every row against its predecessor and the head.

    `known_head` is a head that was written down elsewhere (``id:mac``, from the log): with it, a record that was
    rolled back as a whole, head included, is found as well. Rows that are added meanwhile are left for the next time.
    """
    head = AuditHead.objects.filter(pk=1).first() or AuditHead()
    known_id, _, known_mac = known_head.partition(":")
    count, previous, last = 0, chain.GENESIS, ""
    for expected, (row_id, event) in enumerate(_rows(up_to=head.event_id), start=1):
        if what := _what_is_wrong(expected, row_id, event, previous, last):
            return Finding(count, expected, what)
        assert event is not None  # noqa: S101 - _what_is_wrong says so of what could not be read
        count, previous, last = expected, event.mac, chain.to_rfc3339(event.at)
        if known_id == str(expected) and known_mac != previous:
            return Finding(count, expected, "it is not the row that the log names")
    if what := _what_is_wrong_with_head(head, count, previous, last):
        return Finding(count, count + 1 if count < head.event_id else 0, what)
    if known_id.isdecimal() and int(known_id) > count:
        return Finding(count, count + 1, "the log names later rows: the record was rolled back")
    return Finding(count)


def log_head_daily() -> None:
    """Writes the head to the log once a day, whichever process asks first."""
    if cache.add(f"audit-head:{timezone.now():%Y-%m-%d}", True, timeout=2 * A_DAY_S):
        head = AuditHead.objects.filter(pk=1).first() or AuditHead()
        logger.info("The audit record's head is %s:%s", head.event_id, head.mac, extra={"event": "audit-head"})


def _rows(*, up_to: int) -> Iterator[tuple[int, AuditEvent | None]]:
    """The rows in order, each with its id; None for one that can't even be read. First of all ids that can't be."""
    for row_id in AuditEvent.objects.filter(id__lt=1).values_list("id", flat=True):
        yield row_id, None
    at = 0
    while at < up_to:
        ids = list(
            AuditEvent.objects.filter(id__gt=at, id__lte=up_to).order_by("id").values_list("id", flat=True)[:BATCH]
        )
        if not ids:
            return
        yield from _read(ids)
        at = ids[-1]


def _read(ids: list[int]) -> Iterator[tuple[int, AuditEvent | None]]:
    try:
        yield from [
            (event.id, event) for event in AuditEvent.objects.filter(id__gte=ids[0], id__lte=ids[-1]).order_by("id")
        ]
    except (TypeError, ValueError, AttributeError):  # a value that its column's type can't hold
        for row_id in ids:
            try:
                yield row_id, AuditEvent.objects.get(pk=row_id)
            except (TypeError, ValueError, AttributeError):
                yield row_id, None


def _what_is_wrong(expected: int, row_id: int, event: AuditEvent | None, previous: str, last: str) -> str:
    if row_id != expected:
        return f"it is missing: row {row_id} follows its predecessor"
    if event is None:
        return "it holds something that was never written"
    if event.previous != previous:
        return "it does not follow its predecessor"
    try:
        holds = chain.mac_of(as_row(event)) == event.mac
    except KeyError:
        return f"its key {event.key_id!r} is not in CORRAL_AUDIT_KEYS"
    except (TypeError, ValueError):
        return "it holds something that was never written"
    if not holds:
        return "it was altered"
    return "it is older than its predecessor" if chain.to_rfc3339(event.at) < last else ""


def _what_is_wrong_with_head(head: AuditHead, count: int, previous: str, last: str) -> str:
    newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    head_now = AuditHead.objects.filter(pk=1).first() or AuditHead()  # read after the rows: never behind them
    if newest > head_now.event_id:
        return f"the head is row {head_now.event_id}, but there are rows up to {newest}"
    if not head.event_id:
        return ""
    if count < head.event_id:
        return f"it is missing: the record was cut, its head is row {head.event_id}"
    at = chain.to_rfc3339(head.at) if head.at else ""
    if head.key_id not in chain.key_ids():
        return f"the head's key {head.key_id!r} is not in CORRAL_AUDIT_KEYS"
    if head.seal != chain.seal_of_head(event_id=head.event_id, at=at, mac=head.mac, key_id=head.key_id):
        return "the head was altered"
    return "" if (head.mac, at) == (previous, last) else "the head is not the last row's"
