"""Decoding row by row: a bad field costs a field, a bad row costs a row, and nothing but our own errors comes out."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.outbound.answer import Answer
from registries.outbound.errors import BadResponse, UpstreamError
from registries.rancher import audit_logs, decode, decode_rows
from registries.rancher.audit_logs import AuditLogRow
from registries.rancher.types import Registry, from_document, to_document
from registries.sandbox.fault_values import ODD_VALUES
from tests.rancher.test_decode import BODIES, BYTES, answer
from tests.upstream_stands import Stand

GOOD = {"id": "1sp2", "state": "active", "name": "Quay", "serverAddress": "quay.io"}


def page_of(*rows: Any, **members: Any) -> decode_rows.Page[Registry]:
    body = json.dumps({"data": rows} | members)
    return decode_rows.decode_rows(answer(body=body), decode.REGISTRIES, Registry)


@pytest.mark.parametrize(
    ("fields", "unreadable", "expected"),
    [
        ({"name": 7}, ("name",), {"name": None, "state": "active"}),
        ({"created": "yesterday", "serverAddress": []}, ("created", "serverAddress"), {"created_at": None}),
        ({"created": "9999-12-31T23:59:59-23:59"}, ("created",), {"created_at": None}),
        ({"removed": "0001-01-01T00:00:00+23:59"}, ("removed",), {"removed_at": None}),
        ({"state": "s" * 33}, ("state",), {"state": "unknown"}),
        ({"state": None}, ("state",), {"state": "unknown"}),
        ({"transitioning": "maybe"}, ("transitioning",), {"transitioning": "no"}),
        ({"actions": "none"}, ("actions",), {"actions": frozenset()}),
        ({"credentials": "none"}, ("credentials",), {"credentials": None}),
        ({"unreadable": 7}, (), {"name": "Quay"}),
    ],
)
def test_leaves_out_the_fields_that_it_cannot_read_and_names_them(
    fields: dict[str, Any], unreadable: tuple[str, ...], expected: dict[str, Any]
) -> None:
    (row,) = page_of(GOOD | fields).rows
    assert (row.id, row.unreadable or (), row.is_unexpected) == ("1sp2", unreadable, bool(unreadable))
    assert {name: getattr(row, name) for name in expected} == expected
    alone = decode_rows.decode_resource(answer(body=json.dumps(GOOD | fields)), decode.REGISTRY)
    assert alone == row == from_document(to_document(row))


def test_keeps_the_credentials_that_it_can_read() -> None:
    credentials = [{"id": "1c1", "publicValue": "robot"}, {"id": "1c2", "publicValue": 7}, {"id": "../1c3"}, None]
    (row,) = page_of(GOOD | {"credentials": credentials}).rows
    assert row.credentials is not None
    assert [(one.id, one.public_value, one.unreadable or ()) for one in row.credentials] == [
        ("1c1", "robot", ()),
        ("1c2", None, ("publicValue",)),
    ]
    assert row.lacks("credentials")


def test_a_credential_that_is_odd_makes_its_registry_odd() -> None:
    (row,) = page_of(GOOD | {"credentials": [{"id": "1c1", "state": "Active"}]}).rows
    assert row.unreadable == ("credentials",)
    assert row.credentials
    assert row.credentials[0].unreadable == ("state",)


@pytest.mark.parametrize("rancher_id", ODD_VALUES["id"])
def test_counts_a_row_whose_id_it_cannot_read(rancher_id: object) -> None:
    page = page_of(GOOD, {"id": rancher_id}, None, GOOD | {"id": "1sp3"})
    assert ([row.id for row in page.rows], page.unreadable) == (["1sp2", "1sp3"], 2)


@pytest.mark.parametrize("rows", [[{"id": 7}], [None, 7]])
def test_takes_no_list_of_which_it_can_read_nothing(rows: list[Any]) -> None:
    with pytest.raises(BadResponse):
        page_of(*rows)


@pytest.mark.parametrize("pagination", [[], 7, {"next": 7}])
def test_shows_a_list_that_does_not_say_where_it_goes_on(pagination: Any) -> None:
    page = page_of(GOOD, pagination=pagination)
    assert (len(page.rows), page.next, page.warnings) == (1, None, (decode_rows.INCOMPLETE,))


def test_follows_the_pages_of_a_list_with_a_bad_row() -> None:
    page = page_of({"id": 7}, GOOD, pagination={"next": "http://rancher.test/v1?marker=m5"})
    assert page.next == "http://rancher.test/v1?marker=m5"


def test_gives_times_in_utc_and_progress_as_a_percentage() -> None:
    (row,) = page_of(GOOD | {"created": "2026-01-01T05:00:00+05:00", "transitioningProgress": 2**70}).rows
    assert (row.created_at, row.transitioning_progress) == (datetime(2026, 1, 1, tzinfo=UTC), 100)
    assert not row.is_unexpected
    assert page_of(GOOD | {"transitioningProgress": -1}).rows[0].transitioning_progress == 0


@pytest.mark.parametrize("created", [*ODD_VALUES["created"], None])
def test_leaves_out_rows_of_ranchers_log_without_a_time(created: object) -> None:
    rows = [{"id": "1al1", "created": "2026-01-01T00:00:00Z"}, {"id": "1al2", "created": created}]
    page = decode_rows.decode_rows(answer(body=json.dumps({"data": rows})), audit_logs.ROWS, AuditLogRow)
    assert [row.id for row in page.rows if row.created_at] == ["1al1"]


def test_says_how_many_rows_are_left_out(stand: Stand) -> None:
    client = stand.client()
    made = [client.registries.create(server_address=f"r{number}.example").id for number in range(3)]
    stand.fail("odd", "GET ", fields="^id$", rows=f"^({made[0]}|{made[1]})$")
    listing = client.registries.list_all()
    assert [row.id for row in listing.items] == [made[2]]
    assert listing.warnings == ("Unexpected answer: 2 rows of Rancher's list can't be read and are left out.",)
    stand.faults.clear()
    client.registries.update(made[0], name="Quay")
    newest, first = client.audit_logs.of("registry", made[0]).items
    stand.fail("odd", "GET .*/auditlogs", fields="^id$", rows=f"^{newest.id}$")
    rows_of_log = client.audit_logs.of("registry", made[0])
    assert (rows_of_log.items, rows_of_log.warnings) == ((first,), decode_rows.left_out(1))


def test_reads_every_recorded_list_as_a_whole() -> None:
    found = 0
    for body in BODIES:
        document = json.loads(body)
        if isinstance(document, dict) and document.get("resourceType") == "registry" and "data" in document:
            document["data"] = [row for row in document["data"] if isinstance(row, dict)]  # long ones are cut: "… more"
            page = decode_rows.decode_rows(answer(body=json.dumps(document)), decode.REGISTRIES, Registry)
            assert (len(page.rows), page.unreadable, page.warnings) == (len(document["data"]), 0, ())
            assert [row.unreadable for row in page.rows if row.is_unexpected] == []
            found += len(page.rows)
    assert found > 20


@given(BYTES | st.dictionaries(st.just("data"), st.lists(BYTES.map(repr))).map(msgspec.json.encode))
def test_lets_only_our_own_errors_out(body: bytes) -> None:
    raised = 0
    for read in (
        lambda: decode_rows.decode_rows(Answer(200, {}, body), decode.REGISTRIES, Registry),
        lambda: decode_rows.decode_rows(Answer(200, {}, body), audit_logs.ROWS, AuditLogRow),
        lambda: decode_rows.decode_resource(Answer(200, {}, body), decode.REGISTRY),
    ):
        try:
            read()
        except UpstreamError:  # any other exception fails the test by itself
            raised += 1
    assert raised <= 3
