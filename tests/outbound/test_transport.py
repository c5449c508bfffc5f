"""One call: its deadline, caps, what it never sends, and what each fault means for a write."""

import base64
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registries.outbound.breaker import Upstream, upstream_of
from registries.outbound.call_limits import CallLimits
from registries.outbound.deadline import Guard, Watchdog
from registries.outbound.errors import BadAddress, BadResponse, Unreachable, UpstreamError
from registries.outbound.transport import Transport
from registries.rancher.client import Client
from registries.rancher.errors import ReadOnlyKey, ServerFault
from tests.upstream_stands import QUICK, Stand, answering, scripted

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"


def reason(call: Any) -> str:
    with pytest.raises(UpstreamError) as raised:
        call()
    return raised.value.reason


@pytest.mark.parametrize(
    ("fault", "options", "wanted"),
    [
        ("hang", {}, "timeout"),
        ("slow_headers", {"ms": 100}, "timeout"),
        ("slow_body", {"ms": 100}, "timeout"),
        ("endless_1xx", {}, "not_json"),
        ("endless_headers", {}, "headers"),
        ("endless_body", {}, "too_large"),
        ("gzip_bomb", {"mib": 64}, "too_large"),
        ("many_headers", {}, "headers"),
        ("truncated", {}, "truncated"),
        ("drop_before", {}, "reset"),
        ("reset", {}, "reset"),
        ("redirect", {"location": "http://127.0.0.1:9/"}, "redirect"),
        ("html", {}, "not_json"),
        ("wrong_types", {}, "wrong_shape"),
        ("deep_json", {}, "wrong_shape"),
        ("nan", {}, "wrong_shape"),
    ],
)
def test_ends_every_fault_of_a_read_in_its_error_and_frees_the_slot(
    stand: Stand, fault: str, options: dict[str, Any], wanted: str
) -> None:
    limits = QUICK if wanted == "timeout" else CallLimits()
    client = stand.client(limits=limits)
    stand.fail(fault, **options)
    with pytest.raises(UpstreamError) as raised:
        client.registries.list_all()
    assert raised.value.reason == wanted
    assert not raised.value.maybe_applied
    stand.faults.clear()
    for _ in range(limits.in_flight + 1):
        client.registries.list_all()


@pytest.mark.parametrize(
    ("fault", "options", "maybe"),
    [
        ("hang", {"apply": True}, True),
        ("drop_after", {}, True),
        ("drop_before", {}, True),
        ("reset", {"apply": True}, True),
        ("truncated", {}, True),
        ("html", {"apply": True}, True),
        ("gzip_bomb", {"mib": 64}, True),
        ("many_headers", {}, True),
        ("status", {"status": 500}, True),
        ("busy", {"status": 503, "retry_after": "5"}, True),
        ("busy", {"status": 429}, False),
        ("status", {"status": 409, "code": "Conflict"}, False),
        ("redirect", {"location": "http://127.0.0.1:9/"}, False),
    ],
)
def test_says_of_a_write_whether_it_may_have_been_applied_and_sends_it_once(
    stand: Stand, fault: str, options: dict[str, Any], maybe: bool
) -> None:
    client = stand.client(limits=QUICK if fault == "hang" else CallLimits())
    stand.fail(fault, match="POST ", **options)
    with pytest.raises(UpstreamError) as raised:
        client.registries.create(server_address="quay.io")
    assert raised.value.maybe_applied is maybe
    assert stand.calls("POST ") <= 1


def test_a_write_that_never_left_was_not_applied(stand: Stand) -> None:
    client = stand.client(allow=lambda *_: False)
    with pytest.raises(Unreachable) as raised:
        client.registries.create(server_address="quay.io")
    assert (raised.value.reason, raised.value.maybe_applied) == ("blocked", False)


@pytest.mark.parametrize("fault", [{"fault": "reset"}, {"fault": "status", "status": 502}, {"fault": "truncated"}])
def test_asks_once_more_when_a_read_broke_off(stand: Stand, client: Client, fault: dict[str, Any]) -> None:
    stand.fail(fault.pop("fault"), times=1, **fault)
    assert client.registries.list_all().items == ()


def test_asks_no_third_time(stand: Stand, client: Client) -> None:
    stand.fail("status", status=502, times=2)
    with pytest.raises(ServerFault):
        client.registries.list_all()
    assert client.registries.list_all().items == ()


def test_reads_on_though_the_kept_connection_was_closed_meanwhile() -> None:
    with scripted(answering(OK), answering(OK)) as base:  # each connection answers once and closes
        transport = Transport(base, allow=lambda *_: True, limits=QUICK)
        assert [transport.send("GET", "/ping").body for _ in range(2)] == [b"pong", b"pong"]
        transport.close()


def test_sends_a_write_over_a_connection_of_its_own(stand: Stand, client: Client) -> None:
    client.registries.list_all()
    guard = Guard(1)
    client.transport.send("POST", "/v1/projects/1a5/registries", payload=b"{}", auth=client.endpoint.auth, guard=guard)
    assert guard.connect_ms is not None


def test_sends_no_write_with_a_key_that_may_only_read(stand: Stand) -> None:
    client = stand.client(read_only=True)
    writes: tuple[Callable[[], object], ...] = (
        lambda: client.registries.create(server_address="quay.io"),
        lambda: client.registries.update("1sp1", name="x"),
        lambda: client.registries.act("1sp1", "activate"),
        lambda: client.registries.remove("1sp1"),
    )
    for write in writes:
        with pytest.raises(ReadOnlyKey):
            write()
    assert stand.calls() == 0


def test_takes_nothing_from_the_environment(
    stand: Stand, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client.registries.list_all().items == ()
    assert os.environ["HTTP_PROXY"]


def test_keeps_no_cookies_and_follows_no_redirect(stand: Stand, client: Client) -> None:
    client.registries.list_all()
    assert list(client.transport._session.cookies) == []
    asked: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))

    with scripted(listen) as other:
        stand.fail("redirect", location=f"{other.text}/stolen")
        assert reason(client.registries.list_all) == "redirect"
    assert asked == []


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"not http at all\r\n\r\n", "not_json"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "headers"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "not_json"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc", "not_json"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{", "truncated"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "not_json"),
    ],
)
def test_tells_what_is_wrong_with_an_answer_that_is_none(raw: bytes, wanted: str) -> None:
    with scripted(answering(raw)) as base:
        transport = Transport(base, allow=lambda *_: True, limits=QUICK)
        assert reason(lambda: transport.send("GET", "/ping")) == wanted
        transport.close()


def test_reads_a_chunk_of_negative_size_no_further_than_the_cap() -> None:
    sent = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
        for _ in range(1000):
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    with scripted(flood) as base:
        transport = Transport(base, allow=lambda *_: True, limits=CallLimits(body_bytes=2**20))
        assert reason(lambda: transport.send("GET", "/ping")) == "too_large"
        transport.close()
    assert sum(sent) < 20 * 2**20


def test_reads_nothing_of_a_redirect_but_its_status() -> None:
    sent = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    with scripted(flood) as base:
        transport = Transport(base, allow=lambda *_: True)
        assert reason(lambda: transport.send("GET", "/ping")) == "redirect"
        transport.close()
    assert sum(sent) < 8 * 2**20


@pytest.mark.parametrize("location", ["http://[::1", "http://[junk]/", "\xff\xfe", "http://a:b:c", "", "x" * 60_000])
def test_calls_a_redirect_to_nowhere_a_redirect(location: str) -> None:
    with scripted(answering(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode("latin-1"))) as base:
        transport = Transport(base, allow=lambda *_: True, limits=QUICK)
        assert reason(lambda: transport.send("GET", "/ping")) == "redirect"
        transport.close()


def test_sends_a_key_in_utf_8_whatever_its_letters(stand: Stand) -> None:
    seen: list[bytes] = []

    def look(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(OK)

    with scripted(look) as base:
        transport = Transport(base, allow=lambda *_: True, limits=QUICK)
        assert transport.send("GET", "/ping", auth=("ключ", "パス")).body == b"pong"
        transport.close()
    assert b"Authorization: Basic " + base64.b64encode("ключ:パス".encode()) + b"\r\n" in seen[0]


def test_an_end_that_the_wall_made_is_no_end_of_the_body() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{")
        connection.recv(1)  # until the other side hangs up

    with scripted(drip) as base:
        limits = CallLimits(connect_s=0.4, read_s=5, wall_s=0.3)
        transport = Transport(base, allow=lambda *_: True, limits=limits)
        assert reason(lambda: transport.send("GET", "/ping")) == "timeout"
        transport.close()


def test_a_refused_connection_is_called_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with scripted(answering(OK)) as base:
        transport = Transport(type(base)("http", "127.0.0.1", port), allow=lambda *_: True, limits=QUICK)
        assert reason(lambda: transport.send("GET", "/ping")) == "refused"
        transport.close()


def test_lets_three_calls_wait_for_one_upstream_and_no_more(stand: Stand) -> None:
    stand.fail("hang")
    clients = [stand.client(limits=QUICK) for _ in range(4)]
    reasons: list[str] = []
    threads = [
        threading.Thread(target=lambda one=one: reasons.append(reason(one.registries.list_all))) for one in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reasons) == ["busy", "timeout", "timeout", "timeout"]


def test_rests_after_five_failures_and_lets_one_call_probe(stand: Stand) -> None:
    client = stand.client(limits=QUICK)
    stand.fail("drop_before", times=10)
    for _ in range(5):
        assert reason(client.registries.list_all) == "reset"
    calls = stand.calls()
    with pytest.raises(Unreachable) as raised:
        client.registries.list_all()
    assert (raised.value.reason, stand.calls()) == ("resting", calls)
    assert raised.value.retry_after is not None
    time.sleep(QUICK.breaker_open_s)
    assert client.registries.list_all().items == ()
    assert client.registries.list_all().items == ()


def test_goes_on_resting_while_a_probe_is_out_and_after_one_that_failed() -> None:
    upstream = Upstream(CallLimits(breaker_errors=1, breaker_open_s=0.01, in_flight=1, slot_wait_s=0))
    upstream.failed()
    time.sleep(0.02)
    with upstream.slot():
        assert reason(lambda: upstream.slot().__enter__()) == "resting"
        upstream.failed()
    assert reason(lambda: upstream.slot().__enter__()) == "resting"
    time.sleep(0.02)
    with contextlib.ExitStack() as held:
        held.enter_context(upstream.slot())
        upstream._probing = False
        assert reason(lambda: upstream.slot().__enter__()) == "busy"
    with upstream.slot():
        upstream.answered()
    with upstream.slot():
        pass


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, SystemExit, MemoryError])
def test_lets_another_call_probe_however_the_first_probe_ended(ended_by: type[BaseException]) -> None:
    upstream = Upstream(CallLimits(breaker_errors=1, breaker_open_s=0.01))
    upstream.failed()
    time.sleep(0.02)
    with pytest.raises(ended_by), upstream.slot():
        raise ended_by
    with upstream.slot():
        upstream.answered()


def test_never_counts_a_refusal_against_the_upstream(stand: Stand, client: Client) -> None:
    for _ in range(8):
        assert reason(lambda: client.registries.get("1sp99999")) == "not_found"
    assert client.registries.list_all().items == ()


def test_knows_one_upstream_for_an_origin(stand: Stand) -> None:
    assert upstream_of(stand.base.origin, QUICK) is upstream_of(stand.base.origin, QUICK)


def test_a_guard_that_expired_closes_what_it_is_given_later() -> None:
    one, other = socket.socketpair()
    with one, other:
        guard = Guard(10)
        guard.expire()
        guard.watch(one)
        assert other.recv(1) == b""
        guard.watch(one)  # already closed: nothing to do
    finished = Guard(10)
    finished.finish()
    finished.expire()
    assert not finished.expired


def test_the_watchdog_expires_guards_in_their_order() -> None:
    watchdog = Watchdog()
    late, early = Guard(0.15), Guard(0.05)
    for guard in (late, early):
        watchdog.start(guard)
    give_up_at = time.monotonic() + 5
    while not late.expired and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert early.expired
    assert late.expired


def test_refuses_a_ca_certificate_that_is_none(stand: Stand) -> None:
    base = type(stand.base)("https", "127.0.0.1", 443)
    with pytest.raises(BadAddress):
        Transport(base, allow=lambda *_: True, ca_certificate="hello")


def test_an_answer_that_came_after_the_wall_does_not_count(stand: Stand) -> None:
    guard = Guard(5)
    guard.expired = True
    with pytest.raises(Unreachable) as raised:
        stand.transport().send("GET", "/ping", guard=guard)
    assert raised.value.reason == "timeout"


def test_is_an_error_of_ours_even_for_a_stranger_of_an_exception(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = stand.transport()

    def break_down(*_: object, **__: object) -> None:
        raise OSError("something else")

    monkeypatch.setattr(transport._session, "send", break_down)
    assert reason(lambda: transport.send("GET", "/ping")) == "reset"
    assert issubclass(BadResponse, UpstreamError)
