"""The audit log as a file that proves itself.

Each row carries the mac that it has in the database and a link, an HMAC over the link before and that mac: so what is
altered, removed, added or moved shows where it happened, although a filtered log has gaps. The last line seals the
whole: how many rows, under which filter, when, in which format version, and the SHA-256 of all lines before it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from dashboard.events import Event, emit_event
from dashboard.people.models import User
from registries import chain
from registries.services.audit.export_formats import (
    SEAL,
    Kind,
    Row,
    columns_of,
    seal_columns_of,
    write_head,
    write_rows,
)
from registries.services.audit.query import AuditQuery, find_events, id_range

WINDOW = 1_000  # ids that are read at a time, whether they match or not: no query takes long, and none holds much


@dataclass
class Tally:
    """What the seal says of the lines before it; `first_id` and `last_id` are 0 before the first row."""

    rows: int = 0
    first_id: int = 0
    last_id: int = 0
    link: str = chain.GENESIS
    digest: Any = field(default_factory=hashlib.sha256)

    def count(self, row: Row) -> None:
        self.rows, self.first_id, self.last_id = self.rows + 1, self.first_id or row["id"], row["id"]
        self.link = row["link"]

    def as_seal(self) -> Row:
        return {name: getattr(self, name) for name in ("rows", "first_id", "last_id", "link")} | {
            "sha256": self.digest.hexdigest()
        }


def export_audit_log(query: AuditQuery, *, kind: Kind, actor: User) -> Iterator[bytes]:
    """The file in pieces, oldest event first, up to the newest one now. An event says first that it is taken.

    Raises what `services.audit.write.write_audit_event` raises; then there is no file.
    """
    first, end = id_range(query)
    after = {"format": kind, "filter": query.text}
    emit_event(Event(action="audit.export", actor=actor, target_type="audit", target_name=kind, after=after))
    return _write(query, kind, first, end)


def _write(query: AuditQuery, kind: Kind, first: int, end: int) -> Iterator[bytes]:
    tally, key_id = Tally(), chain.key_ids()[0]
    head = write_head(kind)
    tally.digest.update(head)
    yield head
    for rows in _windows(query, first, end):
        for row in rows:
            row["link"] = link_of(tally.link, row["mac"], key_id=key_id)
            tally.count(row)
        piece = write_rows(kind, rows)
        tally.digest.update(piece)
        yield piece
    version = chain.latest_version()
    seal = {"kind": SEAL, "gapless": int(not query.is_narrow), "filter": query.text, "key_id": key_id}
    seal |= tally.as_seal() | {"at": chain.to_rfc3339(timezone.now()), "format_version": version}
    full = seal | {"signature": signature_of(seal)}
    yield write_rows(kind, [{name: full[name] for name in seal_columns_of(version)}])


def _windows(query: AuditQuery, first: int, end: int) -> Iterator[list[Row]]:
    events = find_events(query, folded=False).order_by("id").values(*columns_of(chain.latest_version())[:-1])
    for start in range(first, end, WINDOW):
        rows = list(events.filter(id__gte=start, id__lt=min(start + WINDOW, end)))
        for row in rows:
            row["at"] = chain.to_rfc3339(row["at"]) if row["at"] else None  # None: damaged, as the file will show
        if rows:
            yield rows


def link_of(before: str, mac: str, *, key_id: str) -> str:
    """What ties a row to the rows before it in the file. Raises KeyError when the key is not in the ring."""
    return chain.sign("export-row", f"{before}|{mac}", key_id=key_id)


def signature_of(seal: Row) -> str:
    """Raises KeyError when the seal's key is not in the ring."""
    version = seal["format_version"]
    text = json.dumps([seal[name] for name in seal_columns_of(version)[:-1]], separators=(",", ":"))
    return chain.sign(chain.purpose_of("export", version), text, key_id=seal["key_id"])
