"""Exports the list of registries as CSV, safe for spreadsheets, or as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from registries.rancher.types import Registry
from registries.services.csv_cells import write_csv
from registries.services.inventory.listing import users_of

FIELDS = ("id", "server_address", "state", "name", "description", "credentials", "users", "created_at")


def export_registries(registries: Iterable[Registry], *, kind: Literal["csv", "json"]) -> tuple[bytes, str]:
    """Returns the file and its content type. Registries carry no secrets."""
    records = [_record(registry) for registry in registries]
    if kind == "json":
        return msgspec.json.format(msgspec.json.encode(records), indent=2) + b"\n", "application/json"
    rows = ([_cell(record[field]) for field in FIELDS] for record in records)
    return write_csv([FIELDS, *rows]).encode("utf-8-sig"), "text/csv; charset=utf-8"


def _record(registry: Registry) -> dict[str, object]:
    return {
        "id": registry.id,
        "server_address": registry.server_address,
        "state": registry.state,
        "name": registry.name,
        "description": registry.description,
        "credentials": len(registry.credentials or ()),
        "users": users_of(registry),
        "created_at": registry.created_at,
    }


def _cell(value: object) -> object:
    if isinstance(value, list):
        return "; ".join(value)
    return value.isoformat() if isinstance(value, datetime) else value
