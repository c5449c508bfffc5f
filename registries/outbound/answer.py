"""Answers of outbound calls, and the Retry-After header that any of them may carry."""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

LONGEST_WAIT_S = 86_400


@dataclass(frozen=True)
class Answer:
    """An answer as it came. Header names in small letters, `elapsed_ms` from sending to the body's last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)  # may hold secrets
    elapsed_ms: int = 0


def retry_after(value: str | None, *, now: datetime) -> int | None:
    """Seconds from a Retry-After header (RFC 9110, 10.2.3): a number or a date; None for junk, a day at most."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(int(text.lstrip("0")[:9] or "0"), LONGEST_WAIT_S)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # the last from a year of twenty digits
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0, min(int((at - now).total_seconds()), LONGEST_WAIT_S))
