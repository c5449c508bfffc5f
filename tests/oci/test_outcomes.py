"""Results of a verification for every way in which a registry answers."""

import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from registries.oci import ProbeResult, Reason, StepName
from registries.outbound.breaker import upstream_of
from registries.outbound.call_limits import CallLimits
from tests.authority import DAY, NOW, Authority
from tests.oci.conftest import LOGIN, QUICK, SECRET, USER, Probe, states
from tests.oci.servers import VERSION, Answering, Asked, Reply, challenging, issuing, serving
from tests.upstream_stands import scripted

HTML = Reply(headers={"Content-Type": "text/html"}, body=b"<html>It works!</html>")
BASIC = 'Basic realm="Registry"'


def failed(result: ProbeResult) -> str:
    """The step that failed, and its cause."""
    return next(f"{step.name}: {step.cause}" for step in result.steps if step.state == "failed")


def test_passes_every_layer_when_the_password_is_right(ask: Probe, authority: Authority) -> None:
    with serving(challenging(BASIC, login=LOGIN), certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert result.reason == Reason.OK
    assert states(result) == {
        "resolve": "ok",
        "connect": "ok",
        "tls": "ok",
        "api": "ok",
        "challenge": "ok",
        "token": "skipped",
        "login": "ok",
    }
    assert registry.logins == [LOGIN]
    assert result.certificate_expires_at is not None
    assert abs(result.certificate_expires_at - (NOW + DAY)) < timedelta(seconds=2)
    assert {step.name for step in result.steps if step.milliseconds is None} == {StepName.RESOLVE, StepName.TOKEN}


def test_tells_days_that_the_certificate_has_left(ask: Probe, authority: Authority) -> None:
    with serving(challenging(BASIC), certificate=authority.issue(until=NOW + 40 * DAY)) as registry:
        result = ask(registry.address)
    assert "valid for 39 more days" in next(step.cause for step in result.steps if step.name == StepName.TLS)


def test_tells_a_wrong_password_with_all_below_it_in_order(ask: Probe, authority: Authority) -> None:
    with serving(challenging(BASIC, login=LOGIN), certificate=authority.issue()) as registry:
        result = ask(registry.address, secret="wrong")
    assert result.reason == Reason.BAD_CREDENTIALS
    assert failed(result) == f"Login: {Reason.BAD_CREDENTIALS.sentence}"
    assert registry.logins == [f"{USER}:wrong"]  # once: accounts are locked after a few


def test_gets_a_token_from_its_own_origin(ask: Probe, authority: Authority) -> None:
    def registry_and_tokens(asked: Asked) -> Reply:
        if asked.path == "/service/token":
            return issuing("abc.def-1", login=LOGIN)(asked)
        realm = f'Bearer realm="{registry.origin}/service/token?more=1",service="here"'
        return challenging(realm, token="abc.def-1")(asked)

    with serving(registry_and_tokens, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == Reason.OK
        assert [(one.path, dict(one.query), one.login) for one in registry.asked] == [
            ("/v2/", {}, ""),
            ("/service/token", {"more": "1", "account": USER, "service": "here"}, LOGIN),
            ("/v2/", {}, "abc.def-1"),
        ]
        result = ask(registry.address, secret="wrong")
    assert result.reason == Reason.BAD_CREDENTIALS
    assert states(result)["token"] == "ok"
    assert states(result)["login"] == "failed"


@pytest.mark.parametrize("reply", [Reply(headers=VERSION, body=b""), Reply(body=b"{}"), Reply(body=b"true")])
def test_says_of_an_open_registry_that_nothing_was_proven(reply: Reply, ask: Probe, authority: Authority) -> None:
    with serving(lambda _: reply, certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert result.reason == Reason.NOT_PROVEN
    assert states(result)["login"] == states(result)["challenge"] == "warning"
    assert registry.logins == [LOGIN]  # once: some refuse a wrong one without asking for any


@pytest.mark.parametrize(
    ("answer", "reason", "step"),
    [
        (lambda _: Reply(404), Reason.NOT_A_REGISTRY, "Registry API: At /v2/ it answers with status 404."),
        (
            lambda _: HTML,
            Reason.NOT_A_REGISTRY,
            "Registry API: At /v2/ it answers with a page that is not a registry's.",
        ),
        (lambda _: Reply(401), Reason.NOT_A_REGISTRY, "Challenge: It wants a login"),
        (lambda _: Reply(401, {"WWW-Authenticate": "Negotiate"}), Reason.NOT_A_REGISTRY, "Challenge: It wants a login"),
        (lambda _: Reply(500), Reason.NOT_A_REGISTRY, "Registry API: It reports a fault of its own (500)."),
        (lambda _: Reply(403), Reason.NOT_A_REGISTRY, "Registry API: At /v2/ it answers with status 403."),
        (lambda _: Reply(429), Reason.RATE_LIMITED, "Registry API: It takes no more questions for now (429)."),
        (
            lambda asked: HTML if asked.login else Reply(401, {"WWW-Authenticate": BASIC}),
            Reason.NOT_A_REGISTRY,
            "Login: After the login",
        ),
        (
            lambda asked: Reply(403) if asked.login else Reply(401, {"WWW-Authenticate": BASIC}),
            Reason.BAD_CREDENTIALS,
            "Login: ",
        ),
        (
            lambda asked: Reply(429) if asked.login else Reply(401, {"WWW-Authenticate": BASIC}),
            Reason.RATE_LIMITED,
            "Login: It takes no more questions",
        ),
        (
            lambda _: Reply(headers=VERSION, body=b"x" * 5_000_000),
            Reason.NOT_A_REGISTRY,
            "Registry API: The answer is larger",
        ),
    ],
)
def test_tells_what_answers_there(
    answer: Answering, reason: Reason, step: str, ask: Probe, authority: Authority
) -> None:
    with serving(answer, certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert result.reason == reason
    assert failed(result).startswith(step)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(401), Reason.BAD_CREDENTIALS),
        (Reply(403), Reason.BAD_CREDENTIALS),
        (Reply(404), Reason.NOT_A_REGISTRY),
        (Reply(418), Reason.NOT_A_REGISTRY),
        (Reply(429), Reason.RATE_LIMITED),
        (Reply(body=b"not json"), Reason.NOT_A_REGISTRY),
        (Reply(body=b'{"token":17}'), Reason.NOT_A_REGISTRY),
        (Reply(body=b'{"token":"with blanks\\r\\nX: y"}'), Reason.NOT_A_REGISTRY),
        (Reply(body=b"{}"), Reason.NOT_A_REGISTRY),
        (Reply(body=b"[" * 100_000), Reason.NOT_A_REGISTRY),
        (Reply(body=b'{"access_token":"never issued"}'), Reason.NOT_A_REGISTRY),
        (Reply(body=b'{"access_token":"another"}'), Reason.TOKEN_REFUSED),
    ],
)
def test_takes_no_token_but_a_good_one(reply: Reply, reason: Reason, ask: Probe, authority: Authority) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/token":
            return reply
        return challenging(f'Bearer realm="{registry.origin}/token"', token="good")(asked)

    with serving(answer, certificate=authority.issue()) as registry:
        assert ask(registry.address).reason == reason


def test_says_until_when_it_is_rate_limited(ask: Probe, authority: Authority) -> None:
    with serving(lambda _: Reply(503, {"Retry-After": "3600"}), certificate=authority.issue()) as registry:
        result = ask(registry.address)
    assert result.reason == Reason.RATE_LIMITED
    assert result.retry_at is not None
    assert abs(result.retry_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("host", "days", "trusted", "reason"),
    [
        ("127.0.0.1", -1, True, Reason.TLS_EXPIRED),
        ("other.example", 1, True, Reason.TLS_NAME),
        ("127.0.0.1", 1, False, Reason.TLS_UNKNOWN_CA),
    ],
)
def test_tells_what_is_wrong_with_a_certificate(
    host: str, days: int, trusted: bool, reason: Reason, ask: Probe, authority: Authority
) -> None:
    with serving(challenging(BASIC), certificate=authority.issue(host=host, until=NOW + days * DAY)) as registry:
        result = ask(registry.address, ca_certificate=authority.pem if trusted else None)
    assert result.reason == reason
    assert failed(result).startswith("TLS: ")
    assert registry.asked == []


def test_says_that_a_stored_ca_certificate_is_none(ask: Probe, authority: Authority) -> None:
    with serving(challenging(BASIC), certificate=authority.issue()) as registry:
        result = ask(registry.address, ca_certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
    assert result.reason == Reason.TLS_UNKNOWN_CA
    assert failed(result) == "TLS: The CA certificate that is stored here is not one in PEM form."
    assert states(result)["connect"] == "skipped"


def test_says_that_others_are_asking_it_at_the_moment(ask: Probe, authority: Authority) -> None:
    limits = CallLimits(in_flight=1)
    with serving(challenging(BASIC), certificate=authority.issue()) as registry:
        with upstream_of(registry.origin, limits).slot():
            result = ask(registry.address, limits=limits)
        assert registry.asked == []
    assert result.reason == Reason.RATE_LIMITED
    assert set(states(result).values()) == {"failed", "skipped"}


def test_sends_nothing_over_plain_http_unless_that_is_allowed(ask: Probe) -> None:
    with serving(challenging(BASIC, login=LOGIN)) as registry:
        result = ask(registry.address, allow=lambda scheme, *_: scheme == "https")
        assert result.reason == Reason.TLS_PLAIN_HTTP
        assert failed(result).startswith("TLS: ")
        assert registry.asked == []
        for allowed in ({"http", "https"}, {"http"}):
            result = ask(registry.address, allow=lambda scheme, *_, allowed=allowed: scheme in allowed)
            assert result.reason == Reason.OK
            assert states(result)["tls"] == "warning"


def test_never_falls_back_to_plain_http_from_a_certificate_it_does_not_trust(ask: Probe, authority: Authority) -> None:
    with serving(challenging(BASIC), certificate=authority.issue()) as registry:
        result = ask(registry.address, ca_certificate=None)
    assert result.reason == Reason.TLS_UNKNOWN_CA


@pytest.mark.parametrize("secure", [True, False])
def test_says_that_no_answer_came_in_time(ask: Probe, authority: Authority, secure: bool) -> None:
    over = threading.Event()

    def wait(_: Asked) -> Reply:
        over.wait(5)
        return Reply()

    with serving(wait, certificate=authority.issue() if secure else None) as registry:
        result = ask(registry.address, limits=QUICK)
        over.set()
    assert result.reason == Reason.TIMEOUT
    assert failed(result).startswith("Registry API: ")


def test_says_that_a_handshake_did_not_end_in_time(ask: Probe) -> None:
    over = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        over.wait(5)

    with scripted(say_nothing) as base:
        result = ask(base.netloc, limits=QUICK, allow=lambda scheme, *_: scheme == "https")
        over.set()
    assert result.reason == Reason.TIMEOUT
    assert failed(result).startswith("TLS: ")


@pytest.mark.parametrize("address", ["", " ", "a b", "user:secret@r.example.com", "r.example.com:0", "[::1", "-.-"])
def test_says_of_what_is_no_address_that_no_name_is_known(address: str, ask: Probe) -> None:
    result = ask(address)
    assert result.reason == Reason.NAME_NOT_FOUND
    assert failed(result).startswith("Host name: ")
    assert SECRET not in repr(result)


def test_names_of_docker_hub_lead_to_the_same_registry(ask: Probe) -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return []

    for address in ("index.docker.io", "docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"):
        assert ask(address, resolve=resolve).reason == Reason.NAME_NOT_FOUND
    assert asked == ["registry-1.docker.io"] * 4
