"""The audit log's chain: which columns a row's HMAC covers, and the HMACs. Pure: rows in, HMACs out.

A row's `mac` is HMAC-SHA256, under a key that serves nothing else, over its columns and its predecessor's mac in one
canonical form; so an altered, moved, swapped or missing row shows wherever it stands. Exported files carry the same
columns, so they are checked without the database.

Each row has a format version, which says which columns its mac covers. The version is part of what is signed (as the
purpose, and from version 2 on as a column), so that nobody without the key can relabel a row. Old versions stay here:
they prove old rows. CONTRIBUTING says how to add a column.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings

from dashboard.crypto import parse_key_ring

COLUMNS_V1 = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "role",
    "address",
    "action",
    "profile_id",
    "profile_name",
    "target_type",
    "target_id",
    "target_name",
    "outcome",
    "reason",
    "before",
    "after",
    "request_id",
    "operation_id",
    "key_id",
    "previous",
)
# version -> what its mac covers; each begins with the columns of the version before, none is ever changed or removed
FORMATS: dict[int, tuple[str, ...]] = {
    1: COLUMNS_V1,
    2: (*COLUMNS_V1, "format_version"),
}
INTEGERS = frozenset({"id", "actor_id", "profile_id", "operation_id", "format_version"})  # or null; the rest is text
GENESIS = "0" * 64  # the first row's predecessor

Value = str | int | None


@lru_cache(maxsize=4)
def _ring(text: str) -> Mapping[str, bytes]:
    return parse_key_ring(text)


def keys() -> Mapping[str, bytes]:
    """The keys of the audit log, the current one first; old ones prove old rows."""
    return _ring(settings.AUDIT_KEYS)


def key_ids() -> list[str]:
    return list(keys())


def latest_version() -> int:
    """The format version of new rows and new exports."""
    return max(FORMATS)


def covered_columns() -> tuple[str, ...]:
    """Every column that the mac of a new row covers, oldest first; older rows have null in those added since."""
    return FORMATS[latest_version()]


def to_rfc3339(at: datetime) -> str:
    """A time as the chain and the exports write it: UTC, microseconds always."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def mac_of(row: Mapping[str, Value]) -> str:
    """The mac of a row whose `at` is written by `to_rfc3339`, over the columns of its `format_version`.

    Raises KeyError when its key is not in the ring, or its version not in `FORMATS`.
    """
    version = int(row["format_version"] or 0)
    body = json.dumps([row[name] for name in FORMATS[version]], ensure_ascii=True, separators=(",", ":"))
    return sign(purpose_of("event", version), body, key_id=str(row["key_id"]))


def find_fault(row: Mapping[str, Value]) -> str:
    """What is wrong with a row by itself, as the end of a sentence such as "it was altered"; "" when its mac holds.

    `row` has its mac, and every column of its version. A value in a column that its version doesn't cover is a fault as
    well: nothing would prove it. Raises TypeError or ValueError for values that the chain never writes.
    """
    covered = FORMATS.get(row["format_version"])  # type: ignore[arg-type]  # what isn't a number is not found
    if covered is None:
        return f"its format version {row['format_version']!r} is unknown to this version of Corral"
    for name in covered_columns()[len(covered) :]:
        if name != "format_version" and row.get(name) is not None:
            return f"it has a value in {name}, which its format version {row['format_version']} does not cover"
    if row["key_id"] not in keys():
        return f"its key {row['key_id']!r} is not in CORRAL_AUDIT_KEYS"
    return "" if mac_of(row) == row["mac"] else "it was altered"


def purpose_of(kind: str, version: int) -> str:
    """What a signature is for, with its format version: one of version 1 never passes for one of version 2."""
    return kind if version == 1 else f"{kind}/{version}"


def sign(purpose: str, text: str, *, key_id: str) -> str:
    """HMAC-SHA256 in hexadecimal; `purpose` keeps one kind of signature from passing for another."""
    return hmac.new(keys()[key_id], f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()


def seal_of_head(*, event_id: int, at: str, mac: str, key_id: str) -> str:
    return sign("head", f"{event_id}|{at}|{mac}", key_id=key_id)
