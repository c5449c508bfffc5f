"""`dashboard.logs`: lines as JSON that carry the request and never a secret."""

import io
import json
import logging
from typing import Any

import pytest

from dashboard.current import current_request_id
from dashboard.logs import JSONLines, RequestId, redact

CANARY = "k4n4ry-5ecr3t"


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(lines: io.StringIO) -> logging.Logger:
    logger = logging.Logger("corral.tests")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JSONLines())
    handler.addFilter(RequestId())
    logger.addHandler(handler)
    return logger


def written(lines: io.StringIO) -> dict[str, Any]:
    [line] = lines.getvalue().splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_line_has_when_what_and_in_which_request(logger: logging.Logger, lines: io.StringIO) -> None:
    token = current_request_id.set("request-7")
    try:
        logger.warning("Rancher answered %s", 503, extra={"profile": "staging", "milliseconds": 12})
    finally:
        current_request_id.reset(token)
    line = written(lines)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "corral.tests",
        "message": "Rancher answered 503",
        "request_id": "request-7",
        "profile": "staging",
        "milliseconds": 12,
    }


def test_a_line_outside_of_requests_says_so(logger: logging.Logger, lines: io.StringIO) -> None:
    logger.info("worker started")
    assert written(lines)["request_id"] == "-"


def test_a_message_of_several_lines_stays_one(logger: logging.Logger, lines: io.StringIO) -> None:
    logger.info('first\nsecond {"level": "forged"}\r\nthird')
    assert written(lines)["message"].startswith("first\nsecond")


@pytest.mark.parametrize("field", ["request", "headers", "body", "sql", "params", "response"])
def test_what_libraries_hang_on_a_record_stays_out(logger: logging.Logger, lines: io.StringIO, field: str) -> None:
    logger.error("failed", extra={field: {"Authorization": CANARY}})
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Basic {CANARY}",
        f"sent with bearer {CANARY}",
        f"http://ACCESS:{CANARY}@rancher.test/v1",
        f'{{"publicValue": "robot", "secretValue": "{CANARY}"}}',
        f"{{'secretValue': '{CANARY}'}}",
        f"secret_key={CANARY}&name=x",
        f"password: {CANARY}",
        f"CORRAL_METRICS_TOKEN={CANARY}",
        f"Cookie: sessionid={CANARY}; theme=dark",
    ],
)
def test_what_reads_like_a_secret_is_redacted(logger: logging.Logger, lines: io.StringIO, text: str) -> None:
    logger.error("upstream said %s", text)
    assert CANARY not in lines.getvalue()
    assert "[redacted]" in lines.getvalue()


def test_an_exception_keeps_its_trace_and_loses_its_secrets(logger: logging.Logger, lines: io.StringIO) -> None:
    try:
        int(f"secretValue={CANARY}")
    except ValueError:
        logger.exception("decoding failed")
    assert "test_logs.py" in written(lines)["trace"]
    assert "ValueError" in written(lines)["trace"]
    assert CANARY not in lines.getvalue()


def test_ordinary_text_is_left_as_it_is() -> None:
    text = "Rancher at http://10.1.2.3:8080/v1/projects/1a5 took 12 ms; the password field was empty"
    assert redact(text) == text
