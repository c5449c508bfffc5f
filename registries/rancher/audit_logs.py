"""Rancher's own audit log, which also holds changes made outside Corral (rancher.md, "Rancher's own audit log").

The response body of a row is never decoded: for a POST on a credential it holds the secret.
"""

from typing import Any

import msgspec

from registries.rancher import decode_rows, quirks
from registries.rancher.errors import NotFound
from registries.rancher.resources import ID, Endpoint
from registries.rancher.types import Collection, Id, Listing, Moment, to_utc

MAX_ROWS = 100
RENAMED = {
    "event_type": "eventType",
    "created_at": "created",
    "client_ip": "clientIp",
    "authenticated_as_account_id": "authenticatedAsAccountId",
    "authenticated_as_identity_id": "authenticatedAsIdentityId",
    "request_object": "requestObject",
    "response_code": "responseCode",
}


class AuditLogRow(msgspec.Struct, frozen=True, kw_only=True, rename=RENAMED):
    """One write request, successful or not. `event_type` reads ``api.registry.update``."""

    id: Id
    event_type: str = ""
    created_at: Moment | None = None
    client_ip: str | None = None
    authenticated_as_account_id: str | None = None
    authenticated_as_identity_id: str | None = None
    request_object: str | None = None
    response_code: int | None = None

    def __post_init__(self) -> None:
        if self.created_at:
            msgspec.structs.force_setattr(self, "created_at", to_utc(self.created_at))

    @property
    def verb(self) -> str:
        """The verb alone, such as "update"."""
        return self.event_type.rpartition(".")[2]

    @property
    def actor(self) -> str:
        """Actor in Rancher's notation: an identity such as ``rancher_id:5``, or the account's id."""
        identity = (self.authenticated_as_identity_id or "").partition("!")[2]
        return identity or self.authenticated_as_account_id or "unknown"

    @property
    def fields(self) -> dict[str, str]:
        """Fields of the request, as text. Rancher leaves secrets out, and so does this."""
        try:
            found: Any = msgspec.json.decode(self.request_object or "{}")
        except (msgspec.DecodeError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {name: str(value) for name, value in found.items() if "secret" not in name.lower() and value is not None}


ROWS = msgspec.json.Decoder(Collection[AuditLogRow])


class AuditLogResource:
    """Rancher's audit log of one project."""

    def __init__(self, endpoint: Endpoint, project_id: str) -> None:
        self.endpoint, self.project_id = endpoint, project_id

    def of(self, resource_type: str, resource_id: str, *, limit: int = MAX_ROWS) -> Listing[AuditLogRow]:
        """The newest rows of one resource, without those that can't be read (`warnings`). Raises UpstreamError."""
        if not ID.fullmatch(resource_id):
            raise NotFound(404)
        query = [("resourceType", resource_type), ("resourceId", resource_id), ("limit", str(limit))]
        query += [("sort", "id"), ("order", "desc")]
        answer = self.endpoint.get(f"/{quirks.AUDIT_LOG_VERSION}/projects/{self.project_id}/auditlogs", query)
        page = decode_rows.decode_rows(answer, ROWS, AuditLogRow)
        rows = tuple(row for row in page.rows if row.created_at)
        return Listing(rows, decode_rows.left_out(page.unreadable + len(page.rows) - len(rows)))
