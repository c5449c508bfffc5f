"""Log lines as JSON, one an event, with the request they belong to.

What may be in a line is a closed list: the message, and those fields of the record that are named here. Headers,
bodies, settings and local variables never get in, so a secret can't either; where a message would have shown one
all the same, `REDACTED` stands.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from dashboard.current import current_request_id

# What our own code hands over by `extra=`; everything else that libraries hang on a record (`request`, `sql`, `params`,
# `response`…) stays out.
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
    """The text without what reads like a secret: Authorization values, userinfo of URLs, values of telling names."""
    for secret in SECRETS:
        text = secret.sub(rf"\g<1>{REDACTED}", text)
    return text


class RequestId(logging.Filter):
    """Puts the id of the request in whose course a line is written on the record; `-` outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get() or "-"
        return True


class JSONLines(logging.Formatter):
    """A record as one line: ``at level logger message request_id``, our own fields, and the trace of an exception.

    A trace has files, lines and names of functions and the exception's type; its text goes through `redact`.
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
