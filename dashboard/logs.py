"""Log lines as JSON, one per event, with the id of their request.

A line holds a closed list of fields: the message and the log record's fields that are named here. Headers, bodies,
settings and local variables are left out, so that no secret gets in; `REDACTED` replaces a secret in a message.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from dashboard.current import current_request_id

# Fields that our own code passes by `extra=`. Other attributes that libraries add to a log record (`request`, `sql`,
# `params`, `response`…) are left out.
FIELDS = ("event", "method", "path", "status", "milliseconds", "profile", "operation", "reason", "task")

REDACTED = "[redacted]"
SECRETS = (
    re.compile(r"(?i)(\b(?:basic|bearer)\s+)[^\s\"',;]+"),  # Authorization
    re.compile(r"(://[^\s/@:]*:)[^\s/@]+(?=@)"),  # userinfo of a URL
    re.compile(  # name: value, name=value, "name": "value"
        r"(?i)((?:secret|passw(?:or)?d|token|api[_-]?key|access[_-]?key|session_?id|cookie)[\w-]*[\"']?\s*[:=]\s*[\"']?)"
        r"[^\s\"'&,;}\]]+"
    ),
)


def redact(text: str) -> str:
    """Replaces what looks like a secret: Authorization values, userinfo of URLs, values after names like `password`."""
    for secret in SECRETS:
        text = secret.sub(rf"\g<1>{REDACTED}", text)
    return text


class RequestId(logging.Filter):
    """Adds the current request's id to the log record; `-` outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get() or "-"
        return True


class JSONLines(logging.Formatter):
    """Formats a log record as one line: ``at level logger message request_id``, our own fields, an exception's trace.

    A trace holds files, lines, names of functions and the exception's type; its text goes through `redact`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
            "request_id": getattr(record, "request_id", "-"),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            line["trace"] = redact("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False, default=lambda value: redact(str(value)))
