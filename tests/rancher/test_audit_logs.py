"""Rancher's own audit log: which rows are asked for, and what is read from each of them."""

import pytest

from registries.rancher.audit_logs import AuditLogRow
from registries.rancher.errors import NotFound
from tests.upstream_stands import Stand


def test_gives_the_newest_rows_of_one_resource_under_v2_beta(stand: Stand) -> None:
    client = stand.client(version="v1")
    first, other = (client.registries.create(server_address=address).id for address in ("quay.io", "ghcr.io"))
    client.registries.update(first, name="Quay", description="")
    client.registries.update(other, name="GitHub")
    rows = client.audit_logs.of("registry", first).items
    assert [row.event_type for row in rows] == ["api.registry.update", "api.registry.create"]
    assert [row.verb for row in rows] == ["update", "create"]
    assert rows[0].fields == {"name": "Quay", "description": ""}
    assert rows[0].created_at
    assert [row.id for row in client.audit_logs.of("registry", first, limit=1).items] == [rows[0].id]
    assert stand.calls(rf"GET /v2-beta/projects/1a5/auditlogs\?resourceType=registry&resourceId={first}&limit=100") == 1


def test_asks_for_no_resource_whose_id_is_none(stand: Stand) -> None:
    with pytest.raises(NotFound):
        stand.client().audit_logs.of("registry", "../1a5")
    assert stand.calls() == 0


@pytest.mark.parametrize(
    ("row", "actor"),
    [
        (AuditLogRow(id="1", authenticated_as_identity_id="1i1!rancher_id:5"), "rancher_id:5"),
        (AuditLogRow(id="1", authenticated_as_identity_id="odd", authenticated_as_account_id="1a7"), "1a7"),
        (AuditLogRow(id="1", authenticated_as_account_id="1a7"), "1a7"),
        (AuditLogRow(id="1"), "unknown"),
    ],
)
def test_names_the_actor_as_far_as_rancher_does(row: AuditLogRow, actor: str) -> None:
    assert row.actor == actor


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"name":"Quay","port":5,"description":null}', {"name": "Quay", "port": "5"}),
        ('{"publicValue":"robot","secretValue":"canary-5ecret","SECRET":"canary"}', {"publicValue": "robot"}),
        (None, {}),
        ("", {}),
        ("junk", {}),
        ('["a"]', {}),
        ("[" * 100_000, {}),
    ],
)
def test_reads_the_fields_of_a_request_and_never_a_secret(text: str | None, fields: dict[str, str]) -> None:
    assert AuditLogRow(id="1", request_object=text).fields == fields
