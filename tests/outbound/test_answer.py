"""Answers, and the Retry-After header in every form."""

from datetime import UTC, datetime

import pytest

from registries.outbound.answer import Answer, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("86400000", 86400),
        ("0000000000000030", 30),
        ("9" * 5000, 86400),
        ("Mon, 23 Nov 99999999999999999999 12:00:30 GMT", None),
        ("junk", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:30", 30),
        ("Fri, 99 Foo 2026 99:99:99 GMT", None),
        ("Tue, 01 Jan 2030 00:00:00 GMT", 86400),
    ],
)
def test_reads_retry_after_in_every_form(value: str | None, seconds: int | None) -> None:
    assert retry_after(value, now=datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


def test_an_answer_shows_its_body_to_no_log() -> None:
    assert "canary" not in repr(Answer(201, {}, b'{"secretValue":"canary-5ecret"}'))
