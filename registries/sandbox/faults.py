"""Faults on demand: kinds of failure, the requests that get them, and how many times.

A fault is set as JSON, over the loopback control path or in a test:

    {"fault": "status", "status": 503, "match": "POST .*/registries$", "times": 1}

| fault | what happens | members |
|---|---|---|
| latency | the answer comes late | `ms` |
| drop_before, drop_after | the connection ends without an answer, the request not applied, or applied | |
| reset | the same with a TCP reset | `apply` |
| hang | nothing comes at all | `apply` |
| status | a status with Rancher's error body | `status`, `code`, `apply` |
| busy | the same with Retry-After: a number, a date, junk | `status`, `retry_after`, `apply` |
| truncated | the body ends early | |
| html, wrong_types, deep_json, nan, body | another body with status 200 | `status`, `body`, `content_type`, `apply` |
| redirect | 3xx | `status`, `location`, `apply` |
| markup | markup and `hx-` attributes in every text of the answer | `fields`, `rows` |
| odd | impossible values: a time at the end of the calendar, a progress of 2**70 | `fields`, `rows`, `pick` |
| next | `pagination.next` leads to itself, or to `location` | `location` |
| many_headers | more than 100 headers | `count` |
| gzip_bomb | a small body that unpacks to `mib` MiB | `mib` |
| slow_headers, slow_body | one byte each `ms` | `ms` |
| endless_headers, endless_1xx, endless_body | what never ends, as fast as it goes | |

`fields` is searched in the names of a resource's fields, `rows` in its id. Left out, both match everything, except that
markup keeps the few fields without which a client shows no row. `pick` chooses among a field's odd values
(`fault_values.ODD_VALUES`).

`match` is searched in `METHOD /path?query`. `apply`: whether the request takes effect before it fails. Slow and
endless answers end after `seconds` (30 at most) or 64 MiB, when the client leaves, and when the server stops.
"""

from __future__ import annotations

import functools
import gzip
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from registries.sandbox.answers import JSON_TYPE, Answer, RefusedError, error_document
from registries.sandbox.fault_values import SPARING, Damage

# These need a socket (`fault_sockets`). The others are another answer or a pause.
WIRE = frozenset(
    {"drop_before", "drop_after", "reset", "hang", "truncated"}
    | {"slow_headers", "slow_body", "endless_headers", "endless_1xx", "endless_body"}
)
DEEP_JSON = "[" * 200_000 + "]" * 200_000
NAN_JSON = '{"type":"collection","data":[{"id":"1sp1","createdTS":NaN}],"pagination":{"limit":Infinity}}'
WRONG_TYPES = '{"type":"collection","data":{"id":["1sp1"]},"links":7,"actions":"none","pagination":[],"filters":null}'
HTML_PAGE = "<!doctype html><title>Sign in</title><h1>Corporate proxy</h1><form><input name=password></form>"


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault; the module's docstring says which members count for which. `times` None: until it is cleared."""

    fault: str
    match: str = ""
    times: int | None = None
    apply: bool = False
    ms: int = 1000
    status: int | None = None
    code: str | None = None
    retry_after: str = "30"
    body: str = ""
    content_type: str = JSON_TYPE
    location: str = ""
    count: int = 150
    mib: int = 64
    seconds: float = 30.0
    fields: str = ""
    rows: str = ""
    pick: int = 0

    def __post_init__(self) -> None:
        if self.fault not in KINDS:
            raise ValueError(f"there is no fault {self.fault!r}, only {', '.join(sorted(KINDS))}")
        for name in ("match", "fields", "rows"):
            try:
                re.compile(getattr(self, name))
            except re.error as problem:
                raise ValueError(f"{name} is no regular expression: {problem}") from problem

    def damage(self, *, fields: str) -> Damage:
        """The fields and rows to damage; `fields` is the default for a fault that names none."""
        return Damage(re.compile(self.fields or fields), re.compile(self.rows), self.pick)


class FaultPlan:
    """The faults that are set, oldest first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: str | Fault, **members: Any) -> Fault:
        """Sets a fault by name and members; raises ValueError for an unknown name or a bad member."""
        one = fault if isinstance(fault, Fault) else Fault(fault=fault, **members)
        with self._lock:
            self._faults.append(one)
        return one

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def waiting(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, counted down; None to answer as usual."""
        with self._lock:
            for fault in self._faults:
                if fault.times != 0 and re.search(fault.match, f"{method} {path}"):
                    if fault.times is not None:
                        fault.times -= 1
                        self._faults = [one for one in self._faults if one.times != 0]
                    return fault
        return None


Produce = Callable[[], Answer]


def altered(fault: Fault, produce: Produce) -> Answer:
    """The answer of a fault that needs no socket. `produce` applies the request and gives the right answer."""
    if fault.fault in _CHANGES:
        return _CHANGES[fault.fault](fault, produce())
    if fault.apply:
        produce()
    return _REPLACEMENTS[fault.fault](fault)


def _error(fault: Fault, headers: Mapping[str, str], *, status: int) -> Answer:
    status = fault.status or status
    document = error_document(RefusedError(status, fault.code or f"Fault {status}"), error_id=str(uuid.uuid4()))
    return Answer(status, {**headers, "Content-Type": JSON_TYPE}, msgspec.json.encode(document))


def _text(body: str, content_type: str = JSON_TYPE) -> Callable[[Fault], Answer]:
    return lambda fault: Answer(fault.status or 200, {"Content-Type": content_type}, body.encode())


def _own_body(fault: Fault) -> Answer:
    return Answer(fault.status or 200, {"Content-Type": fault.content_type}, fault.body.encode())


def _redirect(fault: Fault) -> Answer:
    return Answer(fault.status or 302, {"Location": fault.location or "/elsewhere", "Content-Type": "text/html"})


def _bomb(fault: Fault) -> Answer:
    return Answer(200, {"Content-Type": JSON_TYPE, "Content-Encoding": "gzip"}, _packed(fault.mib))


@functools.lru_cache(maxsize=2)
def _packed(mib: int) -> bytes:
    return gzip.compress(b'{"type":"collection","data":"' + b"a" * (mib << 20) + b'"}', compresslevel=9)


_REPLACEMENTS: dict[str, Callable[[Fault], Answer]] = {
    "status": lambda fault: _error(fault, {}, status=500),
    "busy": lambda fault: _error(fault, {"Retry-After": fault.retry_after}, status=503),
    "html": _text(HTML_PAGE, "text/html; charset=utf-8"),
    "wrong_types": _text(WRONG_TYPES),
    "deep_json": _text(DEEP_JSON),
    "nan": _text(NAN_JSON),
    "body": _own_body,
    "redirect": _redirect,
    "gzip_bomb": _bomb,
}


def _marked(fault: Fault, answer: Answer) -> Answer:
    return _rewritten(answer, fault.damage(fields=SPARING).with_markup)


def _made_odd(fault: Fault, answer: Answer) -> Answer:
    return _rewritten(answer, fault.damage(fields="").with_odd_values)


def _misled(fault: Fault, answer: Answer) -> Answer:
    def mislead(document: Any) -> Any:
        paging = document.get("pagination") if isinstance(document, dict) else None
        if paging:
            paging |= {"next": fault.location or document["links"]["self"], "partial": True}
        return document

    return _rewritten(answer, mislead)


def _rewritten(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    if not answer.headers.get("Content-Type", "").startswith("application/json") or not answer.body:
        return answer
    return replace(answer, body=msgspec.json.encode(change(answer.json())))


def _many_headers(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, **{f"X-Filler-{n}": "x" for n in range(fault.count)}})


_CHANGES: dict[str, Callable[[Fault, Answer], Answer]] = {
    "markup": _marked,
    "odd": _made_odd,
    "next": _misled,
    "many_headers": _many_headers,
    "latency": lambda fault, answer: answer,
}
KINDS = WIRE | _REPLACEMENTS.keys() | _CHANGES.keys()
