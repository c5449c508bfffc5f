"""The arithmetic of the audit record's chain. Pure: rows in, HMACs out.

A row's `mac` is HMAC-SHA256, under a key that serves nothing else, over its fields and its predecessor's mac in one
canonical form; so an altered, moved, swapped or missing row shows wherever it stands. The same form is what an exported
file carries, which can be checked without the database.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings

from dashboard.crypto import parse_key_ring

FIELDS = (
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
GENESIS = "0" * 64  # the first row's predecessor

Value = str | int | None


@lru_cache(maxsize=4)
def _ring(text: str) -> Mapping[str, bytes]:
    return parse_key_ring(text)


def keys() -> Mapping[str, bytes]:
    """The keys of the record, the current one first; old ones prove old rows."""
    return _ring(settings.AUDIT_KEYS)


def key_ids() -> list[str]:
    return list(keys())


def to_rfc3339(at: datetime) -> str:
    """A time as the chain and the exports write it: UTC, microseconds always."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def mac_of(row: Mapping[str, Value]) -> str:
    """The mac of a row whose `at` is written by `to_rfc3339`. Raises KeyError when its key is not in the ring."""
    body = json.dumps([row[name] for name in FIELDS], ensure_ascii=True, separators=(",", ":"))
    return sign("event", body, key_id=str(row["key_id"]))


def sign(purpose: str, text: str, *, key_id: str) -> str:
    """HMAC-SHA256 in hexadecimal; `purpose` keeps one kind of signature from passing for another."""
    return hmac.new(keys()[key_id], f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()


def seal_of_head(*, event_id: int, at: str, mac: str, key_id: str) -> str:
    return sign("head", f"{event_id}|{at}|{mac}", key_id=key_id)
