"""Connections and passwords go to permitted targets and nowhere else."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registries.oci import ProbeResult, Reason, StepName
from tests.authority import Authority
from tests.oci.conftest import LOGIN, SECRET, Probe, states
from tests.oci.servers import VERSION, Asked, Reply, Server, challenging, issuing, serving
from tests.outbound.test_pinning import FORBIDDEN

BASIC = 'Basic realm="Registry"'
# Of 169.254.169.254, where clouds keep their keys; the system's resolver reads them without asking a name server
SPELLINGS = ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0xa9.254.0xa9fe"]


@pytest.fixture
def stranger(authority: Authority) -> Iterator[Server]:
    """A server that would take any password and issue any token, at a name that nobody listed."""
    with serving(issuing("stolen", login=LOGIN), certificate=authority.issue(host="stranger.example")) as server:
        yield server


@pytest.fixture
def plain_stranger() -> Iterator[Server]:
    with serving(issuing("stolen", login=LOGIN)) as server:
        yield server


@pytest.fixture
def no_connect(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Connections are noted instead of made: nothing leaves the machine, whatever a check misses."""
    asked: list[Any] = []

    def connect(address: Any, **_: Any) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return asked


def to_loopback(*_: object) -> list[str]:
    return ["127.0.0.1"]


def seen(result: ProbeResult) -> list[tuple[Any, ...]]:
    """All of the result that a person gets to read."""
    return [result.reason.sentence, result.reason.remedy, result.milliseconds, *result.steps]  # type: ignore[list-item]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "at", ["/v2/", "/v2/ with the password", "/token", "/v2/ with the token", "/v2/app/manifests/1"]
)
def test_follows_no_redirect(at: str, status: int, stranger: Server, ask: Probe, authority: Authority) -> None:
    by_token = "token" in at

    def answer(asked: Asked) -> Reply:
        if asked.path == at.partition(" ")[0] and (asked.login or at in {"/v2/", "/token"}):
            return Reply(status, {"Location": f"https://stranger.example:{stranger.port}/"})
        if asked.path == "/token":
            return issuing("good", login=LOGIN)(asked)
        realm = f'Bearer realm="https://registry.example:{registry.port}/token"'
        return challenging(realm if by_token else BASIC, login=LOGIN, token="good")(asked)

    with serving(answer, certificate=authority.issue(host="registry.example")) as registry:
        result = ask(f"registry.example:{registry.port}", image="app:1", resolve=to_loopback)
    assert result.reason == Reason.NOT_A_REGISTRY
    assert any("redirects" in step.cause for step in result.steps)
    assert stranger.asked == []


@pytest.mark.parametrize(
    ("realm", "listed", "reason"),
    [
        ("https://stranger.example:{port}/token", [], Reason.TOKEN_HOST),
        ("https://stranger.example:{port}/token", ["other.example", "stranger.example:1"], Reason.TOKEN_HOST),
        ("https://registry.example:{port}/token", ["stranger.example"], Reason.TOKEN_HOST),  # another port of its host
        ("http://stranger.example:{port}/token", ["stranger.example"], Reason.BLOCKED),
        ("http://registry.example:{port}/token", ["registry.example"], Reason.BLOCKED),
        ("https://registry.example@stranger.example:{port}/token", ["stranger.example"], Reason.NOT_A_REGISTRY),
        ("//stranger.example:{port}/token", ["stranger.example"], Reason.NOT_A_REGISTRY),
        ("/token", ["stranger.example"], Reason.NOT_A_REGISTRY),
        ("https://stranger.example:{port}\\@registry.example/token", [], Reason.NOT_A_REGISTRY),
        ("https://STRANGER.example:{port}/token", ["stranger.example:{port}"], Reason.OK),
        ("https://stranger.example:{port}/token", ["stranger.example"], Reason.OK),
    ],
)
def test_sends_the_password_to_no_realm_but_a_listed_one(
    realm: str, listed: list[str], reason: Reason, stranger: Server, ask: Probe, authority: Authority
) -> None:
    challenge = f'Bearer realm="{realm.format(port=stranger.port)}"'
    answer = challenging(challenge, token="stolen")
    with serving(answer, certificate=authority.issue(host="registry.example")) as registry:
        result = ask(
            f"registry.example:{registry.port}",
            resolve=to_loopback,
            realm_hosts=[one.format(port=stranger.port) for one in listed],
        )
    assert result.reason == reason
    assert stranger.logins == ([LOGIN] if reason == Reason.OK else [])
    assert set(registry.logins) <= {"stolen"}


def test_follows_no_realm_from_https_to_http_even_at_a_listed_host(
    plain_stranger: Server, ask: Probe, authority: Authority
) -> None:
    challenge = f'Bearer realm="{plain_stranger.origin}/token"'
    with serving(challenging(challenge, token="stolen"), certificate=authority.issue()) as registry:
        result = ask(registry.address, realm_hosts=["127.0.0.1"])
    assert result.reason == Reason.BLOCKED
    assert plain_stranger.asked == []


def test_sends_a_password_to_docker_hub_and_its_token_host_alone(ask: Probe, no_connect: list[Any]) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["203.0.113.7"]

    result = ask("index.docker.io", resolve=resolve, allow=lambda scheme, *_: scheme == "https")
    assert result.reason == Reason.UNREACHABLE
    assert no_connect == [("203.0.113.7", 443)]
    assert asked[0] == ("registry-1.docker.io", 443)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_connects_to_no_blocked_address(address: str, ask: Probe, no_connect: list[Any]) -> None:
    bare = address.partition("%")[0]
    literal = f"[{bare}]" if ":" in bare else bare
    for typed in (literal, f"{literal}:5000", f"https://{literal}/v2/", f"http://{literal}"):
        assert ask(typed).reason == Reason.BLOCKED
    assert ask("metadata.example", resolve=lambda *_: [address]).reason == Reason.BLOCKED
    assert ask("metadata.example", resolve=lambda *_: ["203.0.113.7", address]).reason == Reason.BLOCKED
    assert no_connect == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_connects_to_no_spelling_of_such_an_address(spelling: str, ask: Probe, no_connect: list[Any]) -> None:
    assert ask(spelling).reason == Reason.BLOCKED
    assert ask(f"{spelling}:80").reason == Reason.BLOCKED
    assert no_connect == []


def test_would_connect_there_if_nothing_were_blocked(
    ask: Probe, no_connect: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.outbound.pinning.is_blocked", lambda _: False)
    assert ask(SPELLINGS[0]).reason == Reason.UNREACHABLE
    assert no_connect == [("169.254.169.254", 443), ("169.254.169.254", 80)]


@pytest.mark.parametrize("address", ["169.254.169.254", "[::ffff:169.254.169.254]", "metadata.example"])
def test_follows_no_realm_at_a_blocked_address_though_it_is_listed(
    address: str, ask: Probe, authority: Authority
) -> None:
    def resolve(host: str, _: int) -> list[str]:
        return ["169.254.169.254"] if host == "metadata.example" else ["127.0.0.1"]

    challenge = f'Bearer realm="https://{address}/token"'
    listed = ["169.254.169.254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "metadata.example"]
    with serving(challenging(challenge), certificate=authority.issue()) as registry:
        result = ask(registry.address, realm_hosts=listed, resolve=resolve)
    assert result.reason == Reason.BLOCKED
    assert states(result)["token"] == "failed"
    assert registry.logins == []


def test_sends_no_password_after_a_name_has_come_to_lead_elsewhere(
    ask: Probe, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name leads to the registry at first, and to a blocked address as soon as a password is due."""
    connected: list[Any] = []
    connect = socket.create_connection

    def note(address: Any, **options: Any) -> socket.socket:
        connected.append(address[0])
        return connect(address, **options)

    monkeypatch.setattr(socket, "create_connection", note)
    answers = iter([["127.0.0.1"]])

    def answer(asked: Asked) -> Reply:
        reply = challenging(BASIC, login=LOGIN)(asked)
        return Reply(reply.status, dict(reply.headers) | {"Connection": "close"}, reply.body)

    with serving(answer, certificate=authority.issue(host="registry.example")) as registry:
        result = ask(f"registry.example:{registry.port}", resolve=lambda *_: next(answers, ["169.254.169.254"]))
    assert result.reason == Reason.BLOCKED
    assert states(result)["login"] == "failed"
    assert connected == ["127.0.0.1"]
    assert registry.logins == []


def test_connects_to_the_address_that_was_checked(ask: Probe, authority: Authority) -> None:
    answers = iter([["127.0.0.1"]])
    with serving(challenging(BASIC, login=LOGIN), certificate=authority.issue(host="registry.example")) as registry:
        result = ask(f"registry.example:{registry.port}", resolve=lambda *_: next(answers, ["169.254.169.254"]))
    assert result.reason == Reason.OK


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_blocked_closed_and_filtered_read_the_same(ask: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    closed = ask(f"127.0.0.1:{port}")
    blocked = ask(f"127.0.0.1:{port}", allow=lambda *_: False)

    def filtered(*_: object, **__: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", filtered)
    silent = ask(f"127.0.0.1:{port}")
    assert (blocked.reason, closed.reason, silent.reason) == (Reason.BLOCKED, Reason.UNREACHABLE, Reason.UNREACHABLE)
    assert seen(blocked) == seen(closed) == seen(silent)


def test_they_read_the_same_where_they_issue_tokens(
    ask: Probe, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = closed_port()

    def steps_seen(allow: Callable[..., bool]) -> list[Any]:
        return [
            step
            for step in seen(ask(registry.address, realm_hosts=["127.0.0.1"], allow=allow))
            if getattr(step, "name", "") in {StepName.TOKEN, StepName.LOGIN} or isinstance(step, str)
        ]

    with serving(challenging(f'Bearer realm="https://127.0.0.1:{port}/t"'), certificate=authority.issue()) as registry:
        assert steps_seen(lambda *_: True) == steps_seen(lambda *target: target[3] != port)


@pytest.mark.parametrize("status", [200, 401, 404])
def test_keeps_the_password_out_of_all_that_it_returns(status: int, ask: Probe, authority: Authority) -> None:
    answer = Reply(status, VERSION | {"WWW-Authenticate": BASIC})
    with serving(lambda _: answer, certificate=authority.issue()) as registry:
        assert SECRET not in repr(ask(registry.address))


def test_repeats_nothing_that_a_registry_wrote(ask: Probe, authority: Authority) -> None:
    told = "TOLD-BY-THE-REGISTRY"
    headers = VERSION | {"WWW-Authenticate": f'Basic realm="{told}"', "Server": told, "X-Told": told}
    replies: list[Reply] = []
    for status in (401, 403, 404, 418, 429, 500):
        replies.append(Reply(status, headers, told.encode()))
        with serving(lambda _: replies[-1], certificate=authority.issue()) as registry:
            assert told not in repr(ask(registry.address, image="app"))


def test_verifications_at_the_same_time_keep_apart(ask: Probe, authority: Authority) -> None:
    reasons: dict[str, Reason] = {}

    def verify(secret: str) -> None:
        reasons[secret] = ask(registry.address, secret=secret).reason

    with serving(challenging(BASIC, login=LOGIN), certificate=authority.issue()) as registry:
        threads = [threading.Thread(target=verify, args=(secret,)) for secret in (SECRET, "one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert reasons == {SECRET: Reason.OK, "one": Reason.BAD_CREDENTIALS, "two": Reason.BAD_CREDENTIALS}
