"""Stand-in server: state and rules behind one method, `Sandbox.handle`, without sockets, threads or clocks.

sandbox = Sandbox(new_state("demo", generation="1.6", now=time.time()))
answer = sandbox.handle("GET", "/v1/projects/1a5/registries", headers, b"", now=time.time())
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from datetime import datetime

import msgspec

from registries.sandbox import access, audit, facts, request_body
from registries.sandbox.answers import JSON_TYPE, Answer, RefusedError, error_document, html_not_found
from registries.sandbox.dispatch import dispatch
from registries.sandbox.render import Renderer
from registries.sandbox.request import Request
from registries.sandbox.routes import route
from registries.sandbox.state import Clockwork, State

GENERATIONS = ("1.4", "1.6")
EPOCH_COOKIE_DATE = "Thu, 01 Jan 1970 00:00:00 GMT"


class Sandbox:
    """One stand-in server.

    `state` comes from `seed`; its `generation` (`1.4` or `1.6`) decides about `restore` and a few headers. Safe to use
    from several threads: one request is handled at a time.
    """

    def __init__(self, state: State, *, transition_ms: int = 400, purge_after_ms: int = 600_000) -> None:
        if state.generation not in GENERATIONS:
            raise ValueError(f"there is no generation {state.generation!r}, only {' and '.join(GENERATIONS)}")
        self.state = state
        self.facts = facts.load(generation=state.generation)
        self.clockwork = Clockwork(state, transition_ms=transition_ms, purge_after_ms=purge_after_ms)
        self.changes = 0
        self._lock = threading.Lock()

    @property
    def keys(self) -> dict[str, tuple[str, str]]:
        """Role -> access key and secret key."""
        return {key.role: (key.access, key.secret) for key in self.state.keys}

    def switch_key(self, role: str, *, active: bool) -> None:
        """Deactivates or activates a key, as an admin would in Rancher."""
        with self._lock:
            for key in self.state.keys:
                if key.role == role:
                    key.active = active
            self.changes += 1

    def snapshot(self) -> bytes:
        """The whole state as JSON."""
        with self._lock:
            return msgspec.json.encode(self.state)

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", now: float | datetime = 0.0
    ) -> Answer:
        """Answers one request. `path` includes the query; `now` is a time, or seconds since 1970."""
        seconds = now.timestamp() if isinstance(now, datetime) else now
        with self._lock:
            return self._handle(method, path, {name.lower(): value for name, value in headers.items()}, body, seconds)

    def _handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes, seconds: float) -> Answer:
        now = round(seconds * 1000)
        if self.clockwork.advance(now):
            self.changes += 1
        path, _, query = path.partition("?")
        if path == "/ping":
            return Answer(200, {"Content-Type": "text/plain"}, b"pong\n")
        where = route(path)
        if where is None:
            return html_not_found(path)
        base = f"http://{headers.get('host', 'localhost')}"
        sent = {
            "Set-Cookie": "PL=rancher;Path=/",
            "Expires": EPOCH_COOKIE_DATE,
            "X-API-Schemas": f"{base}{where.prefix.lower()}/schemas",
        }
        request = None
        try:
            fields = request_body.read_body(body, headers.get("content-type", "")) if method in ("POST", "PUT") else {}
            account = access.authenticate(self.state, headers.get("authorization", ""))
            caller = access.enter(self.state, account, where.project)
            sent |= caller.headers(generation=self.state.generation)
            sent["X-API-Client-IP"] = "127.0.0.1"
            render = Renderer(self.state, self.facts, base=base, route=where, caller=caller)
            request = Request(
                method=method,
                route=where,
                query=query,
                body=fields,
                now=now,
                caller=caller,
                state=self.state,
                clockwork=self.clockwork,
                facts=self.facts,
                render=render,
            )
            status, document = dispatch(request)
        except RefusedError as refused:
            status, document = refused.status, error_document(refused, error_id=str(uuid.uuid4()))
            if refused.status == 401:
                sent["WWW-Authenticate"] = access.CHALLENGE
        if request is not None and audit.record(request, status=status, document=document):
            self.changes += 1
        sent["Content-Type"] = JSON_TYPE
        return Answer(status, sent, b"" if method == "HEAD" else msgspec.json.encode(document))
