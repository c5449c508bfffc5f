"""Columns that collections can be filtered and sorted by. `serverAddress` is none: Rancher keeps it elsewhere."""

from __future__ import annotations

from registries.sandbox.queries import Value
from registries.sandbox.state import AuditRow, ProcessRow, Row

_NUMERIC: tuple[str, ...] = ("eq", "ne", "lt", "lte", "gt", "gte", "null", "notnull")
_TEXT: tuple[str, ...] = ("eq", "ne", "prefix", "like", "notlike", "null", "notnull")
PROCESS_FILTERS: dict[str, tuple[str, ...]] = (
    dict.fromkeys(("exitReason", "phase", "processName", "resourceType", "result"), _TEXT)
    | dict.fromkeys(("endTime", "id", "priority", "resourceId", "startTime"), _NUMERIC)
    | dict.fromkeys(("runningProcessServerId", "startProcessServerId"), _TEXT)
)


def of_resource(row: Row, name: str) -> Value:
    """A column's value for a registry, credential or pull task; None where it is empty."""
    values: dict[str, Value] = {
        "name": row.name,
        "description": row.description,
        "state": row.state,
        "created": row.created // 1000 * 1000,
        "id": row.number,
        "kind": row.kind,
        "uuid": row.uuid,
        "accountId": row.account,
        "removed": row.removed,
    }
    if row.kind == "registryCredential":
        values |= {
            "registryId": row.fields["registry"],
            "publicValue": row.fields.get("publicValue"),
            "secretValue": row.fields.get("secretValue"),
        }
    return values.get(name)


def of_audit(row: AuditRow, name: str) -> Value:
    """A column's value for a row of the audit log."""
    values: dict[str, Value] = {
        "accountId": row.account,
        "authType": "BasicAuth",
        "authenticatedAsAccountId": row.actor,
        "authenticatedAsIdentityId": f"1i!rancher_id:{row.actor}",
        "clientIp": row.client,
        "created": row.created,
        "eventType": row.event,
        "id": row.number,
        "resourceId": row.resource,
        "resourceType": row.resource_kind,
    }
    return values.get(name)


def of_process(row: ProcessRow, name: str) -> Value:
    """A column's value for a process."""
    values: dict[str, Value] = {
        "id": row.number,
        "processName": row.name,
        "resourceId": row.resource,
        "resourceType": row.resource_kind,
        "phase": "DONE",
        "exitReason": "DONE",
        "result": "SUCCESS",
        "priority": 0,
        "startTime": row.started,
        "endTime": row.ended,
    }
    return values.get(name)
