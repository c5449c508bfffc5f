"""One call over HTTP, and the only importer of requests.

What it promises is in faults.md: one address, resolved once and checked; no redirects, cookies, proxies, `.netrc`; a
wall deadline over all of a call; a cap on the decoded body; one retry of a GET, none of a write; few calls in flight
for each upstream and process. It never raises anything but UpstreamError.
"""

import base64
import http.client
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool

from registries.outbound.answer import Answer
from registries.outbound.base_url import BaseURL
from registries.outbound.breaker import CallLimits, upstream_of
from registries.outbound.byte_cap import ResponseTooLarge
from registries.outbound.deadline import Guard, watchdog
from registries.outbound.dns import Resolve, resolve_with_system
from registries.outbound.errors import DEFAULT_PEER, BadAddress, BadResponse, ReadOnly, Unreachable, UpstreamError
from registries.outbound.pinning import AllowTarget, Pin, guarded, new_pool

READING = frozenset({"GET", "HEAD"})
CHUNK = 64 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Corral"}

# OpenSSL's words for what is wrong with a certificate (x509_vfy.h)
EXPIRED, NOT_YET_VALID, HOSTNAME_MISMATCH, IP_MISMATCH = 10, 9, 62, 64
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class _Session(requests.Session):
    """Sees no redirect in any answer.

    With `allow_redirects=False` requests prepares the next request all the same, and for that reads the whole body of
    the redirect, whatever its size, and parses its Location, whatever it holds.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Adapter(HTTPAdapter):
    """Hands requests our own pools: one kept for reads, a fresh connection for each write.

    A kept connection may have been closed by the other side at that very moment; a read can be sent again, a write
    would have to be called unknown for nothing.
    """

    def __init__(self, pin: Pin, *, limits: CallLimits, context: ssl.SSLContext | None) -> None:
        super().__init__(max_retries=0)
        self._pin, self._limits, self._context = pin, limits, context
        self._kept = self._new_pool(limits.in_flight)

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        if request.method in READING:
            return self._kept
        return self._new_pool(1)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to add: the context verifies, always."""

    def renew(self) -> None:
        """Gives up kept connections: what an interim answer left on one would be read as the next call's answer."""
        stale, self._kept = self._kept, self._new_pool(self._limits.in_flight)
        stale.close()

    def close(self) -> None:
        self.renew()  # a call that another thread is about to make finds a pool that is open
        super().close()

    def _new_pool(self, size: int) -> HTTPConnectionPool:
        return new_pool(self._pin, size=size, body_bytes=self._limits.body_bytes, context=self._context)


class Transport:
    """Calls to one origin. One per profile; the bulkhead and the breaker are shared by all of one origin and process.

    `allow` is the admin's list; `blocked_addresses` holds whatever it says. `peer` names the other side in sentences of
    errors ("the registry"). `ca_certificate` is PEM text that is trusted beside the system's authorities.

    Raises BadAddress when `ca_certificate` isn't a certificate.
    """

    def __init__(
        self,
        base: BaseURL,
        *,
        allow: AllowTarget,
        peer: str = DEFAULT_PEER,
        ca_certificate: str | None = None,
        read_only: bool = False,
        limits: CallLimits | None = None,
        resolve: Resolve = resolve_with_system,
    ) -> None:
        self.base, self.peer, self.read_only, self.limits = base, peer, read_only, limits or CallLimits()
        self._upstream = upstream_of(base.origin, self.limits)
        context = _verifying_context(ca_certificate) if base.scheme == "https" else None
        pin = Pin(
            scheme=base.scheme,
            host=base.host,
            port=base.port,
            allow=allow,
            connect_s=self.limits.connect_s,
            resolve=resolve,
        )
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.clear()
        self._adapter = _Adapter(pin, limits=self.limits, context=context)
        self._session.mount(f"{base.scheme}://", self._adapter)

    def close(self) -> None:
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        payload: bytes | None = None,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        guard: Guard | None = None,
    ) -> Answer:
        """One call; `path` is below the base URL's own path. `guard` tells the caller how far it got.

        Raises ReadOnly, Unreachable or BadResponse. Statuses are `decode`'s business, but a 3xx is refused here.
        """
        if method not in READING and self.read_only:
            raise ReadOnly
        guard = guard or Guard(self.limits.wall_s)
        request = self._prepare(method, path, query, payload, auth, headers or {})
        try:
            with self._upstream.slot():
                watchdog.start(guard)
                return self._counted(request, guard)
        except UpstreamError as error:
            error.peer = self.peer
            raise

    def _counted(self, request: requests.PreparedRequest, guard: Guard) -> Answer:
        """The call, counted by the upstream's breaker: transport errors against it, answers and our refusals for it."""
        try:
            answer = self._try(request, guard, writes=request.method not in READING)
        except UpstreamError as error:
            if isinstance(error, Unreachable) and error.reason != "blocked":
                self._upstream.failed()
            else:
                self._upstream.answered()
            raise
        self._upstream.answered()
        return answer

    def _try(self, request: requests.PreparedRequest, guard: Guard, *, writes: bool) -> Answer:
        """The call, and for a read one more after a reset or a fault of the server, inside the same wall."""
        with guarded(guard):
            try:
                answer = self._once(request, guard, writes=writes)
            except UpstreamError as error:
                if writes or guard.expired or error.reason not in {"reset", "truncated"}:
                    raise
            else:
                if writes or answer.status < 500 or "retry-after" in answer.headers:
                    return answer
            return self._once(request, guard, writes=writes)

    def _once(self, request: requests.PreparedRequest, guard: Guard, *, writes: bool) -> Answer:
        started = time.monotonic()
        timeout = (self.limits.connect_s, self.limits.read_s)
        try:
            response = self._session.send(request, timeout=timeout, stream=True, allow_redirects=False, verify=True)
            try:
                if response.status_code < 200:
                    self._adapter.renew()
                    raise BadResponse("not_json", maybe_applied=writes)
                if 300 <= response.status_code < 400:
                    raise BadResponse("redirect", maybe_applied=False)
                body = self._read(response, writes=writes)
            finally:
                response.close()
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            http.client.HTTPException,
            ValueError,  # of parsers underneath that didn't foresee these bytes
        ) as problem:
            raise _explain(problem, guard, writes=writes) from None
        if guard.expired:
            raise Unreachable("timeout", maybe_applied=writes)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body, round((time.monotonic() - started) * 1000))

    def _read(self, response: requests.Response, *, writes: bool) -> bytes:
        """The decoded body, as far as the cap; a connection that was cut off is given up, not kept."""
        parts, size = [], 0
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            size += len(chunk)
            if size > self.limits.body_bytes:
                raise BadResponse("too_large", maybe_applied=writes)
            parts.append(chunk)
        return b"".join(parts)

    def _prepare(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        payload: bytes | None,
        auth: tuple[str, str] | None,
        more_headers: Mapping[str, str],
    ) -> requests.PreparedRequest:
        url = f"{self.base.text}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = HEADERS | ({"Content-Type": "application/json"} if payload is not None else {}) | dict(more_headers)
        if method not in READING:
            headers["Connection"] = "close"
        if auth is not None:  # UTF-8 as RFC 7617 has it: requests would fail on a key outside Latin-1
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        return requests.Request(method, url, headers=headers, data=payload).prepare()


def _verifying_context(ca_certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_certificate:
        try:  # files of certificates often carry words around them, in any language
            context.load_verify_locations(cadata="\n".join(CERTIFICATE.findall(ca_certificate)))
        except (ssl.SSLError, ValueError):
            raise BadAddress("ca_certificate", "The CA certificate is not one in PEM form.") from None
    return context


def _explain(problem: BaseException, guard: Guard, *, writes: bool) -> UpstreamError:
    """Which of our errors a library's exception is, from its chain of causes."""
    maybe = writes and guard.sent
    if guard.expired:
        return Unreachable("timeout", maybe_applied=maybe)
    chain = _causes(problem)
    for cause in chain:
        if isinstance(cause, ResponseTooLarge):
            return BadResponse("too_large", maybe_applied=maybe)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(_certificate_reason(cause.verify_code))
        if isinstance(cause, ssl.SSLError) and cause.reason in NOT_TLS and not guard.sent:
            return Unreachable("not_tls")
        if isinstance(cause, http.client.LineTooLong) or ("headers" in str(cause) and _is_header_problem(cause)):
            return BadResponse("headers", maybe_applied=maybe)
        if isinstance(cause, urllib3.exceptions.DecodeError):
            return BadResponse("not_json", maybe_applied=maybe)
        if isinstance(cause, urllib3.exceptions.IncompleteRead | http.client.IncompleteRead):
            return BadResponse("truncated", maybe_applied=maybe)
        if isinstance(cause, http.client.BadStatusLine) and not isinstance(cause, http.client.RemoteDisconnected):
            return BadResponse("not_json", maybe_applied=maybe)
    if any(isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError | requests.Timeout) for cause in chain):
        return Unreachable("timeout", maybe_applied=maybe)
    if any(isinstance(cause, ssl.SSLError) for cause in chain) and not guard.sent:
        return Unreachable("tls")
    if any(type(cause) in (ValueError, UnicodeDecodeError) for cause in chain):
        return BadResponse("not_json", maybe_applied=maybe)
    return Unreachable("reset", maybe_applied=maybe)


def _is_header_problem(cause: BaseException) -> bool:
    return isinstance(cause, http.client.HTTPException) and "got more than" in str(cause)


def _certificate_reason(code: int) -> str:
    if code in (EXPIRED, NOT_YET_VALID):
        return "tls_expired"
    return "tls_name" if code in (HOSTNAME_MISMATCH, IP_MISMATCH) else "tls_unknown_ca"


def _causes(problem: BaseException) -> list[BaseException]:
    """The exception, what it was raised from, and what libraries carry as arguments instead."""
    found: list[BaseException] = []
    waiting: list[object] = [problem]
    while waiting and len(found) < 20:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
