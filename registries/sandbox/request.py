"""A request as the rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from registries.sandbox import request_body
from registries.sandbox.access import Caller
from registries.sandbox.answers import Document
from registries.sandbox.facts import Facts, Schema
from registries.sandbox.render import Renderer
from registries.sandbox.routes import Route
from registries.sandbox.state import Clockwork, State


@dataclass(slots=True)
class Request:
    """A request with its caller and the server's state.

    The rules set what the audit log shows: `audited` (fields of the body, without secrets), `kind` and `resource`.
    """

    method: str
    route: Route
    query: str
    body: Document
    now: int
    caller: Caller
    state: State
    clockwork: Clockwork
    facts: Facts
    render: Renderer
    params: Mapping[str, str] = field(init=False)
    audited: Document = field(init=False)
    kind: str = ""
    resource: int | None = None

    def __post_init__(self) -> None:
        self.params = dict(parse_qsl(self.query, keep_blank_values=True))
        self.audited = request_body.without_secrets(self.body, size=len(self.body))

    @property
    def action(self) -> str | None:
        return self.params.get("action")

    def schema(self, kind: str) -> Schema:
        return self.facts.schemas[self.route.version][kind]
