"""Where connections may lead: the floor in every spelling, the admin's list, and no second thoughts of a resolver."""

import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from registries.outbound import blocked_addresses, pinning
from registries.outbound.base_url import BaseURL, parse_base_url
from registries.outbound.dns import look_up, resolve_with_system
from registries.outbound.errors import Unreachable
from registries.outbound.transport import Transport
from tests.upstream_stands import QUICK, Stand, answering, scripted

FORBIDDEN = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "::169.254.169.254",
    "0.0.0.0",  # noqa: S104 - refused
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "fe80::1%eth0",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "2001:0:a9fe:a9fe::1",
]


@pytest.fixture
def no_connect(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Connections are noted instead of made: nothing leaves the machine, whatever a check misses."""
    asked: list[Any] = []

    def connect(address: Any, **_: Any) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return asked


def reason_of(host: str, *, resolve: Any = None, allow: Any = lambda *_: True) -> str:
    options = {"resolve": resolve} if resolve else {}
    transport = Transport(BaseURL("http", host, 80), allow=allow, limits=QUICK, **options)
    try:
        with pytest.raises(Unreachable) as raised:
            transport.send("GET", "/ping")
    finally:
        transport.close()
    return raised.value.reason


@pytest.mark.parametrize("address", FORBIDDEN)
def test_connects_to_no_address_below_the_floor(address: str, no_connect: list[Any]) -> None:
    bare = address.partition("%")[0]
    assert reason_of(bare) == "blocked"
    assert reason_of("metadata.example", resolve=lambda *_: [address]) == "blocked"
    assert no_connect == []


def test_would_connect_there_if_the_floor_were_gone(no_connect: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinning, "is_blocked", lambda _: False)
    assert reason_of("169.254.169.254") == "refused"
    assert no_connect == [("169.254.169.254", 80)]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "2001:db8::1", "203.0.113.7"])
def test_the_floor_holds_nothing_back_that_an_admin_may_allow(address: str) -> None:
    assert not blocked_addresses.is_blocked(ip_address(address))


def test_unwraps_ipv4_in_every_disguise() -> None:
    assert {str(blocked_addresses.unwrap(ip_address(text))) for text in FORBIDDEN[:6]} == {"169.254.169.254"}
    assert blocked_addresses.unwrap(ip_address("::1")) == ip_address("::1")


def test_refuses_a_name_of_which_one_answer_is_forbidden(no_connect: list[Any]) -> None:
    assert reason_of("mixed.example", resolve=lambda *_: ["127.0.0.1", "169.254.169.254"]) == "blocked"
    assert no_connect == []


def test_asks_the_admins_list_with_the_unwrapped_address(no_connect: list[Any]) -> None:
    asked: list[Any] = []

    def allow(*target: Any) -> bool:
        asked.append(target)
        return False

    assert reason_of("a.example", resolve=lambda *_: ["::ffff:10.0.0.1"], allow=allow) == "blocked"
    assert asked == [("http", "a.example", ip_address("10.0.0.1"), 80)]
    assert no_connect == []


def test_resolves_once_and_connects_to_what_was_checked(stand: Stand) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    base = BaseURL("http", "rancher.example", stand.base.port)
    transport = Transport(base, allow=lambda *_: True, limits=QUICK, resolve=lambda *_: next(answers))
    assert transport.send("GET", "/ping").status == 200
    transport.close()
    with pytest.raises(Unreachable) as raised:
        Transport(base, allow=lambda *_: True, limits=QUICK, resolve=lambda *_: next(answers)).send("GET", "/ping")
    assert raised.value.reason == "blocked"


@pytest.mark.parametrize(
    "resolve", [lambda *_: [], lambda *_: ["no address"], lambda *_: (_ for _ in ()).throw(OSError("no such host"))]
)
def test_says_that_a_name_does_not_resolve(resolve: Callable[..., list[str]], no_connect: list[Any]) -> None:
    assert reason_of("nowhere.example", resolve=resolve) == "dns"
    assert no_connect == []


def test_waits_for_a_slow_resolver_no_longer_than_for_a_connection(no_connect: list[Any]) -> None:
    release = threading.Event()

    def resolve(*_: object) -> list[str]:
        release.wait(5)
        return ["127.0.0.1"]

    assert reason_of("slow.example", resolve=resolve) == "dns"
    release.set()
    assert no_connect == []


def test_tries_every_address_of_a_name() -> None:
    with scripted(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong")) as base:
        named = BaseURL("http", "two.example", base.port)
        transport = Transport(named, allow=lambda *_: True, limits=QUICK, resolve=lambda *_: ["::1", "127.0.0.1"])
        assert transport.send("GET", "/ping").body == b"pong"
        transport.close()


def test_says_that_nobody_answers_the_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert reason_of("10.0.0.1") == "timeout"


def test_stops_trying_addresses_when_the_wall_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registries.outbound.deadline.Guard.remaining_s", lambda _: 0.0)
    assert reason_of("127.0.0.1") == "timeout"


def test_asks_the_list_again_before_a_kept_connection_is_used(stand: Stand) -> None:
    allowed = [True]
    transport = stand.transport(allow=lambda *_: allowed[0])
    assert transport.send("GET", "/ping").status == 200
    allowed[0] = False
    with pytest.raises(Unreachable) as raised:
        transport.send("GET", "/ping")
    assert raised.value.reason == "blocked"
    assert stand.base == parse_base_url(stand.base.text)


def test_resolves_with_the_system() -> None:
    assert "127.0.0.1" in resolve_with_system("127.0.0.1", 80)


def test_asks_a_name_server_that_hangs_once_for_all_who_wait(no_connect: list[Any]) -> None:
    release, asked = threading.Event(), []

    def resolve(*question: object) -> list[str]:
        asked.append(question)
        release.wait(5)
        return ["127.0.0.1"]

    for _ in range(3):
        assert reason_of("hanging.example", resolve=resolve) == "dns"
    assert asked == [("hanging.example", 80)]
    release.set()
    assert no_connect == []


def test_names_that_hang_hold_up_no_other_name(no_connect: list[Any]) -> None:
    release = threading.Event()

    def resolve(*_: object) -> list[str]:
        release.wait(5)
        return []

    for number in range(12):
        with pytest.raises(TimeoutError):
            look_up(f"hanging{number}.example", 80, resolve=resolve, wait_s=0.01)
    assert look_up("healthy.example", 80, resolve=lambda *_: ["127.0.0.1"], wait_s=5) == ["127.0.0.1"]
    release.set()


def test_asks_again_once_a_name_was_answered() -> None:
    answers: Iterator[list[str] | OSError] = iter([["127.0.0.1"], OSError("gone"), ["127.0.0.2"]])

    def resolve(*_: object) -> list[str]:
        found = next(answers)
        if isinstance(found, OSError):
            raise found
        return found

    assert look_up("a.example", 80, resolve=resolve, wait_s=5) == ["127.0.0.1"]
    with pytest.raises(OSError, match="gone"):
        look_up("a.example", 80, resolve=resolve, wait_s=5)
    assert look_up("a.example", 80, resolve=resolve, wait_s=5) == ["127.0.0.2"]


def test_a_thread_that_cannot_start_spoils_no_later_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", lambda _: (_ for _ in ()).throw(RuntimeError("no more threads")))
        with pytest.raises(RuntimeError):
            look_up("b.example", 80, resolve=resolve_with_system, wait_s=5)
    assert look_up("b.example", 80, resolve=lambda *_: ["127.0.0.1"], wait_s=5) == ["127.0.0.1"]
