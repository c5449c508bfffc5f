"""Run inside `manage.py shell`: an audit log of a million events, chained as Corral chains them, and an auditor."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dashboard.people.models import User
from registries import chain
from registries.models import AuditHead
from tests import audit_table
from tests.bench.signing_in import sign_in

EVENTS = 1_000_000
APART = timedelta(seconds=30)
BATCH = 20_000
PEOPLE, PROFILES = 100, 40
COLUMNS = (*chain.covered_columns(), "mac")


def fill(count: int) -> None:
    """Writes the events straight into the table after row 1; the head as it would stand after the last of them."""
    marks = ", ".join(["%s"] * len(COLUMNS))
    statement = f"INSERT INTO registries_auditevent ({', '.join(COLUMNS)}) VALUES ({marks})"
    audit_table.restart(timezone.now() - APART * count)
    head = AuditHead.objects.get(pk=1)
    rows, last = events(head, count), {}
    with transaction.atomic(), connection.cursor() as cursor:
        while batch := list(islice(rows, BATCH)):
            last = batch[-1]
            cursor.executemany(statement, [[_stored(row[name]) for name in COLUMNS] for row in batch])
    at = chain.to_rfc3339(last["at"])
    seal = chain.seal_of_head(event_id=count, at=at, mac=last["mac"], key_id=last["key_id"])
    AuditHead.objects.update(event_id=count, at=last["at"], mac=last["mac"], key_id=last["key_id"], seal=seal)


def events(head: AuditHead, count: int) -> Iterator[dict[str, Any]]:
    """Changes with their two rows each, one in nine of them failed, by people in profiles; up to the row `count`."""
    assert head.at
    at, previous, key_id = head.at, head.mac, chain.key_ids()[0]
    for number in range(head.event_id + 1, count + 1):
        operation = (number + 1) // 2
        person, profile = operation * 7 % PEOPLE + 1, operation * 11 % PROFILES + 1
        at += APART
        row: dict[str, Any] = {
            "id": number,
            "actor_id": person,
            "actor_name": f"person{person}",
            "role": "operator",
            "address": "192.0.2.7",
            "action": ("registry.update", "registry.deactivate", "credential.update")[operation % 3],
            "profile_id": profile,
            "profile_name": f"Project {profile}",
            "target_type": "registry",
            "target_id": f"1sp{operation % 500}",
            "target_name": f"r{operation % 500}.example:5000",
            "outcome": "begun" if number % 2 else ("succeeded" if operation % 9 else "failed"),
            "reason": f"OPS-{operation}",
            "before": '{"description": "Images of a team", "name": "Registry"}',
            "after": f'{{"description": "Images of a team", "name": "Registry {operation}"}}',
            "request_id": f"{operation:032x}",
            "operation_id": operation,
            "key_id": key_id,
            "previous": previous,
            "format_version": chain.latest_version(),
        }
        row["mac"] = previous = chain.mac_of(row | {"at": chain.to_rfc3339(at)})
        yield row | {"at": at}


def _stored(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if hasattr(value, "astimezone") else value


fill(EVENTS)
auditor = User.objects.create_user("auditor", site_role="auditor")
print("session", sign_in(auditor, settings.AUTHENTICATION_BACKENDS[0]))  # noqa: T201 - the bench reads it
