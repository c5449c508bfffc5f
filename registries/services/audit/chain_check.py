"""Checks the audit log, and names the first row at which it is broken."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone

from registries import chain
from registries.models import AuditEvent, AuditHead, Operation
from registries.services.audit.installation import CREATE, NAMING, UPGRADE, count_what_is_there, describe
from registries.services.audit.write import as_row, find_head_fault

BATCH = 2_000
A_DAY_S = 86_400
NEVER_WRITTEN = "it holds something that was never written"
HEAD = re.compile(r"(?:(?P<installation>[0-9a-f]{32}):)?(?P<event_id>[1-9][0-9]{0,17}):(?P<mac>[0-9a-f]{64})")
logger = logging.getLogger("corral.audit")


@dataclass(frozen=True)
class Finding:
    """What a check found: how many rows hold, and the first that doesn't (its id, 0 for the head).

    `installation_id` is the one that the audit log names, "" where it names none, and for files.
    """

    rows: int
    broken_id: int | None = None
    what: str = ""
    installation_id: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_id is None


@dataclass(frozen=True)
class KnownHead:
    """A head that was written down outside of the database. `installation_id` is "" where the line is an older one."""

    event_id: int
    mac: str
    installation_id: str = ""


@dataclass
class Walk:
    """Where a check stands: how many rows hold, what the next one must follow, which installation was named."""

    rows: int = 0
    mac: str = chain.GENESIS
    at: str = ""
    installation_id: str = ""

    def follow(self, event: AuditEvent) -> None:
        self.rows, self.mac, self.at = event.id, event.mac, chain.to_rfc3339(event.at)
        if event.action in NAMING:
            self.installation_id = event.target_id


def parse_head(text: str) -> KnownHead:
    """A head as `log_head_daily` writes it, or as older versions did, without the installation. Raises ValueError."""
    found = HEAD.fullmatch(text.strip())
    if found is None:
        raise ValueError("A head is INSTALLATION:ROW:MAC, or ROW:MAC, as a line of the log has it.")
    return KnownHead(int(found["event_id"]), found["mac"], found["installation"] or "")


def verify_audit_log(*, known_head: KnownHead | None = None) -> Finding:
    """Checks every row against its predecessor and the head.

    With `known_head`, a log that was rolled back or started anew as a whole, head included, is found as well. Rows that
    are added meanwhile are left for the next time.
    """
    head, walk = _head(), Walk()
    for row_id, event in _rows(up_to=head.event_id):
        if fault := _find_fault(walk, row_id, event):
            return Finding(walk.rows, walk.rows + 1, fault)
        assert event is not None  # noqa: S101 - _find_fault says so of what could not be read
        walk.follow(event)
        if known_head and (fault := _find_difference(walk, known_head)):
            return Finding(walk.rows - 1, walk.rows, fault)
    if not walk.rows and not head.event_id and not AuditEvent.objects.exists():
        return Finding(0, 1, f"it is missing: the audit log is empty beside {describe(count_what_is_there())}")
    if fault := _find_fault_at_the_end(head, walk):
        return Finding(walk.rows, walk.rows + 1 if walk.rows < head.event_id else 0, fault)
    if known_head and known_head.event_id > walk.rows:
        return Finding(walk.rows, walk.rows + 1, "the head of the log line is later: the audit log was rolled back")
    return Finding(walk.rows, installation_id=walk.installation_id)


def log_head_daily() -> None:
    """Writes the head to the log once a day, whichever process asks first."""
    if not cache.add(f"audit-head:{timezone.now():%Y-%m-%d}", True, timeout=2 * A_DAY_S):
        return
    head = _head()
    if head.event_id:
        text = f"{head.installation_id}:{head.event_id}:{head.mac}".removeprefix(":")
        logger.info("The audit log's head is %s", text, extra={"event": "audit-head"})
    else:
        logger.error("The audit log has no head: run `manage.py verify_audit`.", extra={"event": "audit-head"})


def _head() -> AuditHead:
    return AuditHead.objects.filter(pk=1).first() or AuditHead()


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


def _find_fault(walk: Walk, row_id: int, event: AuditEvent | None) -> str:
    if row_id != walk.rows + 1:
        return f"it is missing: row {row_id} follows its predecessor"
    if event is None:
        return NEVER_WRITTEN
    if event.previous != walk.mac:
        return "it does not follow its predecessor"
    try:
        fault = chain.find_fault(as_row(event))
    except (TypeError, ValueError, AttributeError):
        return NEVER_WRITTEN
    if not fault and chain.to_rfc3339(event.at) < walk.at:
        return "it is older than its predecessor"
    return fault or _find_naming_fault(walk, event)


def _find_naming_fault(walk: Walk, event: AuditEvent) -> str:
    """Row 1 names the installation; in a log from before format versions a later row does, before any of version 2."""
    if event.action in NAMING:
        fits = not walk.installation_id and event.action == (UPGRADE if walk.rows else CREATE)
        return "" if fits else "it names an installation where no row may"
    if event.format_version != 1 and not walk.installation_id:
        return "no row up to it names the installation"
    return ""


def _find_difference(walk: Walk, known: KnownHead) -> str:
    """How the newest row read differs from what a head says that was written down."""
    if known.installation_id and walk.installation_id not in {"", known.installation_id}:
        return f"it names the installation {walk.installation_id}, the log line another one: this log was started anew"
    if known.event_id == walk.rows and known.mac != walk.mac:
        return "it is not the row that the log line names"
    return ""


def _find_fault_at_the_end(head: AuditHead, walk: Walk) -> str:
    newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
    begun_at = Operation.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    head_now = _head()  # read after the rows and operations: never behind them
    if newest > head_now.event_id:
        return f"the head is row {head_now.event_id}, but there are rows up to {newest}"
    if walk.rows < head.event_id:
        return f"it is missing: the audit log was cut, its head is row {head.event_id}"
    if fault := find_head_fault(head):
        return fault
    if (head.mac, head.at and chain.to_rfc3339(head.at)) != (walk.mac, walk.at):
        return "the head is not the last row's"
    if head.installation_id != walk.installation_id:
        return "the head names another installation than the rows"
    if begun_at and head_now.at and begun_at > head_now.at:
        return "operations were begun after the last row: the audit log was rolled back"
    return ""
