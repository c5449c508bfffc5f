"""Transport: one HTTP call to one origin, safely.

Guarantees (faults.md): one address, resolved once and checked; no redirects, cookies, proxies, `.netrc`; a wall
deadline over the whole call; a cap on the decoded body; one retry of a GET, none of a write; few calls in flight
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
from registries.outbound.breaker import upstream_of
from registries.outbound.call_limits import CallLimits
from registries.outbound.deadline import Guard, watchdog
from registries.outbound.dns import Resolve, resolve_with_system
from registries.outbound.errors import DEFAULT_PEER, BadAddress, BadResponse, ReadOnly, Unreachable, UpstreamError
from registries.outbound.library_errors import explain
from registries.outbound.pinning import AllowTarget, Pin, guarded, new_pool

READING = frozenset({"GET", "HEAD"})
CHUNK = 64 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Corral"}

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class _Session(requests.Session):
    """A session that follows and parses no redirect.

    With `allow_redirects=False` requests still prepares the next request: it reads the whole body of the redirect,
    whatever its size, and parses its Location, whatever it holds.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Adapter(HTTPAdapter):
    """Adapter with our own pools: one kept for reads, a fresh connection for each write.

    The other side may close a kept connection at the moment of a call. A read can be sent again then; a write would
    have to be reported as possibly applied.
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
        """Does nothing: the TLS context always verifies."""

    def renew(self) -> None:
        """Closes kept connections: bytes left on one by an interim answer would be read as the next call's answer."""
        stale, self._kept = self._kept, self._new_pool(self._limits.in_flight)
        stale.close()

    def close(self) -> None:
        self.renew()  # a call that another thread is about to make finds a pool that is open
        super().close()

    def _new_pool(self, size: int) -> HTTPConnectionPool:
        return new_pool(self._pin, size=size, body_bytes=self._limits.body_bytes, context=self._context)


class Transport:
    """HTTP calls to one origin. The bulkhead and the breaker are shared by all transports of an origin and process.

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
        """Sends one call; `path` is below the base URL's own path. `guard` tells the caller how far the call got.

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
        """Makes the call and reports its outcome to the breaker: only transport errors count as failures."""
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
        """Makes the call; repeats a read once after a reset or a 5xx, inside the same wall deadline."""
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
                    raise BadResponse("redirect", location=response.headers.get("Location", ""))
                body = self._read(response, writes=writes)
            finally:
                response.close()
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            http.client.HTTPException,
            ValueError,  # raised by the libraries' parsers for unforeseen bytes
        ) as problem:
            raise explain(problem, guard, writes=writes) from None
        if guard.expired:
            raise Unreachable("timeout", maybe_applied=writes)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body, round((time.monotonic() - started) * 1000))

    def _read(self, response: requests.Response, *, writes: bool) -> bytes:
        """Reads the decoded body. Raises BadResponse past the cap; the connection is then closed, not kept."""
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
        if auth is not None:  # UTF-8 (RFC 7617); requests would fail on a key outside Latin-1
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        return requests.Request(method, url, headers=headers, data=payload).prepare()


def _verifying_context(ca_certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_certificate:
        try:  # certificate files often carry text around them, in any language
            context.load_verify_locations(cadata="\n".join(CERTIFICATE.findall(ca_certificate)))
        except (ssl.SSLError, ValueError):
            raise BadAddress("ca_certificate", "The CA certificate is not one in PEM form.") from None
    return context
