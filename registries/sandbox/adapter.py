"""Adapter that puts the sandbox under `requests`, without a socket.

    session = requests.Session()
    session.mount("http://rancher.test", SandboxAdapter(sandbox))

Faults that need a socket become the exception that a client would get from them.
"""

from __future__ import annotations

import functools
import io
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

from registries.sandbox.answers import Answer
from registries.sandbox.faults import WIRE, Fault, FaultPlan, altered
from registries.sandbox.sandbox import Sandbox

_TIMEOUTS = frozenset({"hang", "slow_headers", "slow_body", "endless_headers", "endless_1xx", "endless_body"})


class SandboxAdapter(BaseAdapter):
    """Transport adapter over a sandbox. `clock` gives the time in seconds since 1970; a test can set it."""

    def __init__(
        self, sandbox: Sandbox, *, faults: FaultPlan | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.sandbox, self.clock = sandbox, clock
        self.faults = faults if faults is not None else FaultPlan()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answers at once. Raises requests.ConnectionError or ReadTimeout where a fault would make a client do so."""
        url, method = urlsplit(request.url or ""), request.method or "GET"
        path = f"{url.path}?{url.query}" if url.query else url.path
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if not isinstance(body, bytes):
            raise TypeError("a streamed body cannot be sent to the sandbox")
        headers = {"Host": url.netloc} | dict(request.headers)
        produce = functools.partial(self._produce, method, path, headers, body)
        fault = self.faults.take(method, path)
        if fault is None:
            return _response(request, produce())
        if fault.fault in WIRE:
            raise _failure(fault, produce, request)
        return _response(request, altered(fault, produce))

    def _produce(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return self.sandbox.handle(method, path, headers, body, self.clock())

    def close(self) -> None:
        """Does nothing: there is no connection to close."""


def _failure(fault: Fault, produce: Callable[[], Answer], request: Any) -> requests.RequestException:
    if fault.apply or fault.fault in ("drop_after", "truncated"):
        produce()
    if fault.fault in _TIMEOUTS:
        return requests.ReadTimeout(f"sandbox: {fault.fault}", request=request)
    if fault.fault == "truncated":
        return requests.exceptions.ChunkedEncodingError("sandbox: truncated", request=request)
    return requests.ConnectionError(f"sandbox: {fault.fault}", request=request)


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    raw = urllib3.HTTPResponse(
        body=io.BytesIO(answer.body), status=answer.status, headers=dict(answer.headers), preload_content=False
    )
    response = requests.Response()
    response.status_code, response.raw = answer.status, raw
    response.headers = requests.structures.CaseInsensitiveDict(answer.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.request, response.url = request, request.url or ""
    return response
