"""Rancher's own audit log: a row for every request that writes, or tries to."""

from __future__ import annotations

from typing import Any

import msgspec

from registries.sandbox.answers import Document, not_found
from registries.sandbox.request import Request
from registries.sandbox.state import AUDIT_KEPT, AuditRow, number_in

_VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete"}


def record(request: Request, *, status: int, document: Document) -> bool:
    """Adds a row about a write that got past the keys; True when it did. Secrets stay out of it."""
    if request.method not in _VERBS or not request.kind:
        return False
    audited = request.audited
    if request.action is not None:
        audited = audited or {"action": request.action}
    state = request.state
    row = AuditRow(
        number=state.next_number("auditLog"),
        account=request.caller.acting_as,
        actor=request.caller.account.number,
        client="127.0.0.1",
        created=request.now,
        event=f"api.{request.kind}.{request.action or _VERBS[request.method]}",
        resource_kind=request.kind,
        resource=request.resource,
        status=status,
        request_object=_text(audited),
        response_object=_text({name: value for name, value in document.items() if name != "secretValue"}),
    )
    state.audit.append(row)
    del state.audit[:-AUDIT_KEPT]
    return True


def _text(document: Any) -> str:
    """JSON with escaped slashes, as Rancher writes it into a column."""
    return msgspec.json.encode(document).decode().replace("/", "\\/")


def visible(request: Request) -> list[AuditRow]:
    """The rows about the caller's project; an admin at the root sees all."""
    if request.caller.sees_all_accounts():
        return request.state.audit
    return [row for row in request.state.audit if row.account == request.caller.acting_as]


def find(request: Request, public: str) -> AuditRow:
    """One row by its id; raises RefusedError 404 for what the caller may not see."""
    number = number_in(public)
    for row in visible(request):
        if row.number == number:
            return row
    raise not_found()
