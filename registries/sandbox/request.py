"""One request on its way through the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from registries.sandbox import inputs
from registries.sandbox.access import Caller
from registries.sandbox.answers import Document
from registries.sandbox.facts import Facts, Schema
from registries.sandbox.render import Renderer
from registries.sandbox.routes import Route
from registries.sandbox.state import Clockwork, State


@dataclass(slots=True)
class Request:
    """What the rules need to know about one request.

    They note for the audit log what it shows of the body (`audited`, without secrets; at first the body as it came)
    and which resource was meant (`kind`, `resource`).
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
        self.audited = inputs.without_secrets(self.body, size=len(self.body))

    @property
    def action(self) -> str | None:
        return self.params.get("action")

    def schema(self, kind: str) -> Schema:
        return self.facts.schemas[self.route.version][kind]
