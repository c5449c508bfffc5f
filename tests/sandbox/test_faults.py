"""Faults, each as a client on loopback sees it."""

import http.client
import socket
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests

from registries.sandbox import fault_sockets, faults
from registries.sandbox.fault_values import MARKUP, ODD_VALUES
from registries.sandbox.faults import KINDS, Fault, FaultPlan, altered
from registries.sandbox.server import CONTROL, HOST, SandboxServer

from .helpers import CREDENTIALS, REGISTRIES, Desk


def create(server: SandboxServer, session: requests.Session, address: str = "quay.io") -> requests.Response:
    body = {"serverAddress": address, "name": "n"}
    return session.post(server.base_url + REGISTRIES, json=body, timeout=(2, 5))


def addresses(server: SandboxServer, session: requests.Session) -> list[str]:
    rows = session.get(server.base_url + REGISTRIES, timeout=(2, 5)).json()["data"]
    return [row["serverAddress"] for row in rows]


def raw_answer(server: SandboxServer, *, at_most: int) -> bytes:
    """What comes over the wire for one GET, up to so many bytes."""
    with socket.create_connection((HOST, server.port), timeout=5) as connection:
        connection.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while len(received) < at_most and (block := connection.recv(65_536)):
            received += block
        return received


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ({"fault": "drop_before"}, False),
        ({"fault": "drop_after"}, True),
        ({"fault": "reset"}, False),
        ({"fault": "reset", "apply": True}, True),
        ({"fault": "truncated"}, True),
    ],
)
def test_connection_ends_early(
    server: SandboxServer, session: requests.Session, fault: dict[str, Any], applied: bool
) -> None:
    server.faults.add(**fault, match="POST", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        create(server, session)
    assert addresses(server, session) == (["quay.io"] if applied else [])


def test_reset_is_a_reset(server: SandboxServer) -> None:
    server.faults.add("reset")
    with pytest.raises(ConnectionResetError):
        raw_answer(server, at_most=1)


def test_hang_says_nothing_and_ends_when_the_client_leaves(server: SandboxServer, session: requests.Session) -> None:
    server.faults.add("hang", times=1)
    with pytest.raises(requests.ReadTimeout):
        session.get(server.base_url + "/v1", timeout=(2, 0.2))
    assert session.get(server.base_url + "/ping", timeout=5).text == "pong\n"


def test_hang_ends_by_itself(server: SandboxServer) -> None:
    server.faults.add("hang", seconds=0.2)
    assert raw_answer(server, at_most=1) == b""


def test_latency_delays_the_right_answer(server: SandboxServer, session: requests.Session) -> None:
    server.faults.add("latency", ms=5000, times=1)
    server.faults.add("latency", ms=1, times=1)
    with pytest.raises(requests.ReadTimeout):
        session.get(server.base_url + "/ping", timeout=(2, 0.2))
    assert session.get(server.base_url + "/ping", timeout=5).text == "pong\n"


@pytest.mark.parametrize("apply", [True, False])
def test_status_with_the_servers_own_error_body(server: SandboxServer, session: requests.Session, apply: bool) -> None:
    server.faults.add("status", status=409, code="Conflict", times=1, apply=apply)
    answer = create(server, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "Conflict")
    assert len(addresses(server, session)) == int(apply)


@pytest.mark.parametrize("retry_after", ["7", "86400", "Wed, 21 Oct 2099 07:28:00 GMT", "soon-ish"])
def test_busy_with_any_retry_after(server: SandboxServer, session: requests.Session, retry_after: str) -> None:
    server.faults.add("busy", status=429, retry_after=retry_after)
    answer = session.get(server.base_url + "/v1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, retry_after)


def test_other_bodies_with_status_200(server: SandboxServer, session: requests.Session) -> None:
    for fault in ("html", "wrong_types", "deep_json", "nan"):
        server.faults.add(fault, times=1)
    server.faults.add("body", body="\x00 nothing", content_type="text/plain", times=1)
    html, wrong, deep, nan, own = (session.get(server.base_url + REGISTRIES) for _ in range(5))
    assert {one.status_code for one in (html, wrong, deep, nan, own)} == {200}
    assert html.headers["Content-Type"].startswith("text/html")
    assert not isinstance(wrong.json()["data"], list)
    with pytest.raises(RecursionError):
        deep.json()
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(nan.content)
    assert own.text == "\x00 nothing"


def test_redirect_elsewhere(server: SandboxServer, session: requests.Session) -> None:
    server.faults.add("redirect", status=307, location="http://192.0.2.1/v1")
    answer = session.get(server.base_url + REGISTRIES, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://192.0.2.1/v1")


UNDAMAGED = {"id", "registryId", "created", "removed"}
WORDS = {"collectionMethods", "resourceMethods", "options", "includeableLinks", "modifiers", MARKUP}


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document with the name of its field; the words of lists and the names in maps count as theirs."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from texts(one, key)


@pytest.fixture
def resources(server: SandboxServer, session: requests.Session) -> list[str]:
    """A path of each type of resource, each with a state, a user and whatever else it can have."""
    registry = create(server, session).json()["id"]
    body = {"registryId": registry, "publicValue": "u", "secretValue": "s", "email": "a@example.com", "name": "n"}
    credential = session.post(server.base_url + CREDENTIALS, json=body).json()["id"]
    server.sandbox.state.hosts[5] = ["one"]
    task = session.post(f"{server.base_url}/v2-beta/projects/1a5/pulltasks", json={"image": "nginx"}).json()["id"]
    server.sandbox.state.settings["registry.default"] = "quay.io"
    return [
        f"{REGISTRIES}/{registry}?include=credentials",
        f"{CREDENTIALS}/{credential}",
        f"/v2-beta/projects/1a5/pulltasks/{task}",
        "/v2-beta/projects/1a5/auditlogs",
        "/v1/projects/1a5",
        "/v1/projects/1a5/schemas/registry",
        "/v1/settings/registry.default",
        f"{REGISTRIES}/1sp99",
    ]


def test_markup_in_every_text(server: SandboxServer, session: requests.Session, resources: list[str]) -> None:
    server.faults.add("markup")
    for path in resources:
        shown = session.get(server.base_url + path).json()
        clean = {name for name, text in texts(shown) if text != MARKUP}
        assert clean <= UNDAMAGED | WORDS, path
    assert session.get(server.base_url + "/ping").text == "pong\n"


def test_markup_fills_texts_that_are_null(server: SandboxServer, session: requests.Session) -> None:
    create(server, session)
    server.faults.add("markup")
    (row,) = session.get(server.base_url + REGISTRIES).json()["data"]
    assert {row[name] for name in ("state", "transitioning", "transitioningMessage", "description")} == {MARKUP}
    assert row["removed"] is None


def test_markup_adds_a_word_to_maps_and_lists(
    server: SandboxServer, session: requests.Session, resources: list[str]
) -> None:
    registry, _, task, _, _, schema, *_ = resources
    server.faults.add("markup")
    assert {*session.get(server.base_url + registry).json()["actions"]} == {"update", "deactivate", MARKUP}
    assert {*session.get(server.base_url + task).json()["status"]} == {"one", MARKUP}
    shown = session.get(server.base_url + schema).json()
    assert {"GET", MARKUP} < {*shown["collectionMethods"]}
    assert shown["resourceFields"][MARKUP].keys() == shown["resourceFields"]["name"].keys()


def test_markup_where_it_is_asked_for(server: SandboxServer, session: requests.Session) -> None:
    first, second = (create(server, session, address).json()["id"] for address in ("quay.io", "ghcr.io"))
    server.faults.add("markup", fields="^(id|created)$", rows=f"^{second}$")
    one, other = session.get(server.base_url + REGISTRIES).json()["data"]
    assert (one["id"], MARKUP in str(one)) == (first, False)
    assert (other["id"], other["created"], other["serverAddress"]) == (MARKUP, MARKUP, "ghcr.io")


@pytest.mark.parametrize(("field", "pick"), [(name, n) for name in ODD_VALUES for n in range(len(ODD_VALUES[name]))])
def test_odd_values_in_one_field_of_one_row(field: str, pick: int) -> None:
    desk = Desk()
    first, second = desk.create("quay.io"), desk.create("ghcr.io")
    for registry in (first, second):
        desk.create_credential(registry, publicValue="u")
    plan = FaultPlan()
    fault = plan.add("odd", fields=f"^{field}$", rows=f"^{second}$", pick=pick)
    right = desk.ask("GET", f"{REGISTRIES}?include=credentials")
    one, other = right.json()["data"]
    damaged = altered(fault, lambda: right).json()["data"]
    assert damaged == [one, other | ({field: ODD_VALUES[field][pick]} if field in other else {})]


def test_odd_values_in_every_type_of_resource(
    server: SandboxServer, session: requests.Session, resources: list[str]
) -> None:
    server.faults.add("odd")
    seen: set[str] = set()
    for path in resources:
        shown = session.get(server.base_url + path).json()
        for row in shown.get("data", [shown]):
            odd = row.keys() & ODD_VALUES.keys()
            assert {name: row[name] for name in odd} == {name: ODD_VALUES[name][0] for name in odd}, path
            seen |= odd
    assert seen == ODD_VALUES.keys()


def test_next_page_leads_in_circles_or_away(server: SandboxServer, session: requests.Session) -> None:
    server.faults.add("next", times=1)
    server.faults.add("next", times=1, location="http://192.0.2.1/v1?marker=m1")
    circle, away = (session.get(server.base_url + REGISTRIES).json() for _ in range(2))
    assert circle["pagination"]["next"] == circle["links"]["self"]
    assert away["pagination"]["next"] == "http://192.0.2.1/v1?marker=m1"


def test_more_headers_than_a_client_takes(server: SandboxServer) -> None:
    server.faults.add("many_headers", count=150)
    connection = http.client.HTTPConnection(HOST, server.port, timeout=5)
    connection.request("GET", "/ping")
    with pytest.raises(http.client.HTTPException, match="more than 100 headers"):
        connection.getresponse()
    connection.close()


def test_gzip_bomb_is_small_on_the_wire(server: SandboxServer, session: requests.Session) -> None:
    server.faults.add("gzip_bomb", mib=4)
    with session.get(server.base_url + REGISTRIES, stream=True) as answer:
        packed = answer.raw.read(decode_content=False)
    assert len(packed) < 10_000
    assert len(session.get(server.base_url + REGISTRIES).content) > 4 << 20


@pytest.mark.parametrize("fault", ["slow_headers", "slow_body"])
def test_slow_answers_come_byte_by_byte_until_their_time_is_up(server: SandboxServer, fault: str) -> None:
    server.faults.add(fault, ms=20, seconds=0.3)
    received = raw_answer(server, at_most=1 << 20)
    assert received.startswith(b"HTTP/1.1 ")
    assert len(received.partition(b"\r\n\r\n")[2]) < 20


@pytest.mark.parametrize(
    ("fault", "start"),
    [
        ("endless_headers", b"HTTP/1.1 200 OK\r\nX-Endless-0: x\r\n"),
        ("endless_1xx", b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"),
        (
            "endless_body",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\naa",
        ),
    ],
)
def test_endless_answers_go_on_until_the_client_leaves(server: SandboxServer, fault: str, start: bytes) -> None:
    server.faults.add(fault)
    received = raw_answer(server, at_most=200_000)
    assert received.startswith(start)
    assert len(received) >= 200_000


def test_endless_answers_end_by_themselves(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_sockets, "MAX_BYTES", 1 << 20)
    server.faults.add("endless_body")
    assert 1 << 20 < len(raw_answer(server, at_most=1 << 30)) < 2 << 20


def test_nothing_endless_outlasts_the_server(server: SandboxServer) -> None:
    server.faults.add("hang", times=1)
    with socket.create_connection((HOST, server.port), timeout=5) as connection:
        connection.sendall(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n")
        while server.faults.waiting():
            time.sleep(0.01)
        server.stop.set()
        assert connection.recv(1) == b""


def test_control_path_sets_lists_and_takes_away(server: SandboxServer, session: requests.Session) -> None:
    url = server.base_url + CONTROL
    asked = {"fault": "status", "status": 500, "match": r"GET /v1/projects/1a5/registries$", "times": 2}
    assert session.post(url, json=asked).status_code == 200
    assert session.get(server.base_url + "/v1").status_code == 200
    assert session.get(server.base_url + REGISTRIES).status_code == 500
    assert [one["times"] for one in session.get(url).json()] == [1]
    assert session.delete(url).json() == []
    assert session.get(server.base_url + REGISTRIES).status_code == 200


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/plain"}, b'{"fault":"hang"}', 415),
        ({"Content-Type": "application/json"}, b'{"fault":"nonsense"}', 400),
        ({"Content-Type": "application/json"}, b'{"fault":"hang","match":"("}', 400),
        ({"Content-Type": "application/json"}, b'{"fault":"markup","fields":"("}', 400),
        ({"Content-Type": "application/json"}, b'{"fault":"odd","rows":"["}', 400),
        ({"Content-Type": "application/json"}, b'{"fault":"hang","colour":1}', 400),
        ({"Content-Type": "application/json"}, b"{", 400),
    ],
)
def test_control_path_refuses(server: SandboxServer, headers: dict[str, str], body: bytes, status: int) -> None:
    assert requests.post(server.base_url + CONTROL, headers=headers, data=body, timeout=5).status_code == status
    assert server.faults.waiting() == []


def test_control_path_knows_three_methods(server: SandboxServer) -> None:
    assert requests.put(server.base_url + CONTROL, timeout=5).status_code == 405


def test_faults_are_taken_in_turn_and_counted_down() -> None:
    plan = FaultPlan()
    plan.add("hang", match="POST", times=1)
    plan.add(Fault(fault="reset"))
    assert [getattr(plan.take("GET", "/a"), "fault", None), getattr(plan.take("POST", "/a"), "fault", None)] == [
        "reset",
        "hang",
    ]
    assert [one.fault for one in plan.waiting()] == ["reset"]
    plan.clear()
    assert plan.take("GET", "/a") is None


def test_every_kind_of_fault_is_explained() -> None:
    assert {kind for kind in KINDS if kind not in str(faults.__doc__)} == set()
