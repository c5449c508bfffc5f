"""The identity provider as a peer that cannot be trusted: slow, endless, elsewhere, or where nothing may be opened."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from dashboard.people.models import User
from dashboard.people.sign_in import provider_client
from dashboard.people.sign_in.oidc import SocialAdapter
from registries.models import AuditEvent
from registries.outbound.call_limits import CallLimits
from tests.signing_in import write_failures
from tests.upstream_stands import drip, flood, receive, scripted

pytestmark = pytest.mark.django_db
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}
METADATA = "169.254.169.254"
DESCRIPTION, TOKEN, KEYS = "/.well-known/openid-configuration", "/token", "/keys"
Script = Callable[[socket.socket], None]


@dataclass
class Provider:
    """Describes itself, gives a token and keys, unless `scripts` has something else for the path."""

    issuer: str = ""
    scripts: dict[str, Script] = field(default_factory=dict)
    methods: list[str] = field(default_factory=lambda: ["client_secret_post"])
    token_endpoint: str = ""
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        path = connection.recv(65536, socket.MSG_PEEK).split(b" ")[1].decode()
        if script := self.scripts.get(path):
            script(connection)
            return
        self.asked.append((path, receive(connection)))
        body = json.dumps(self.documents()[path]).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def documents(self) -> dict[str, Any]:
        description = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": self.token_endpoint or f"{self.issuer}{TOKEN}",
            "jwks_uri": f"{self.issuer}{KEYS}",
            "token_endpoint_auth_methods_supported": self.methods,
        }
        return {DESCRIPTION: description, TOKEN: {"access_token": "a", "id_token": "i"}, KEYS: {"keys": []}}


@pytest.fixture
def provider(settings: pytest.FixtureRequest) -> Iterator[Provider]:
    provider = Provider()
    with scripted(provider.serve) as base:
        settings.OIDC_ISSUER = provider.issuer = base.text  # type: ignore[attr-defined]
        settings.OIDC_NAME = "Example SSO"  # type: ignore[attr-defined]
        app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]  # type: ignore[attr-defined]
        app["client_id"], app["secret"] = "corral", "shared-with-the-provider"
        yield provider


def answering_with(status: str, body: bytes = b"", header: str = "X: y") -> Script:
    def script(connection: socket.socket) -> None:
        receive(connection)
        head = f"HTTP/1.1 {status}\r\n{header}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    return script


def sign_in(client: Client) -> tuple[int, str]:
    """The way through the provider with a code that it gave; the status and the page at its end."""
    answer = client.get("/accounts/sso/login/", headers=FROM_A_PAGE)
    if answer.status_code == 302:
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
        answer = client.get(f"/accounts/sso/callback/?code=c0de&state={state}")
    assert not User.objects.exists()
    return answer.status_code, answer.content.decode()


def reason() -> str:
    """Why nobody was signed in, without the count of such failures."""
    write_failures()
    return AuditEvent.objects.get(action="person.sign_in").reason.replace(" (1)", "")


@pytest.mark.parametrize("path", [DESCRIPTION, TOKEN, KEYS])
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (drip, "The identity provider did not answer in time."),
        (flood, "The answer is too large."),
        (answering_with("302 Found", header=f"Location: http://{METADATA}/"), "The address redirects elsewhere"),
        (answering_with("500 Oops"), "The identity provider answered with status 500."),
        (answering_with("200 OK", b"<html>"), "The identity provider answered with something other than JSON."),
        (answering_with("200 OK", b"[1]"), "The identity provider answered with something other than JSON."),
        (answering_with("200 OK", b"[" * 100_000), "The identity provider answered with something other than JSON."),
    ],
)
def test_signs_nobody_in_by_a_provider_that_does_not_answer_as_it_should(
    client: Client,
    provider: Provider,
    opened: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    script: Script,
    sentence: str,
) -> None:
    if script is drip:
        monkeypatch.setattr(provider_client, "LIMITS", CallLimits(connect_s=5, read_s=5, wall_s=0.5))
    provider.scripts[path] = script
    status, page = sign_in(client)
    assert (status, "Example SSO is unavailable" in page) == (503, True)
    assert sentence in (caplog.text if path == DESCRIPTION else reason())
    assert {host for host, _ in opened} == {"127.0.0.1"}


@pytest.mark.parametrize("host", [METADATA, f"[::ffff:{METADATA}]", "provider.example"])
def test_opens_no_blocked_address_though_the_settings_name_it(
    client: Client,
    settings: pytest.FixtureRequest,
    opened: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    host: str,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (METADATA, 443))])
    settings.OIDC_ISSUER = f"https://{host}"  # type: ignore[attr-defined]
    assert sign_in(client)[0] == 503
    assert provider_client.BLOCKED in caplog.text
    assert opened == []


def test_sends_the_code_to_no_blocked_address_that_the_description_names(
    client: Client, provider: Provider, opened: list[tuple[str, int]]
) -> None:
    provider.token_endpoint = f"http://{METADATA}/token"
    assert sign_in(client)[0] == 503
    assert reason() == provider_client.BLOCKED
    assert {host for host, _ in opened} == {"127.0.0.1"}


def test_asks_no_endpoint_that_is_no_address(client: Client, provider: Provider) -> None:
    provider.token_endpoint = "http://user@host/"
    assert sign_in(client)[0] == 503
    assert reason() == "The address carries a user; leave it out."


def test_tells_a_code_that_is_not_accepted_from_a_provider_that_is_away(client: Client, provider: Provider) -> None:
    provider.scripts[TOKEN] = answering_with("400 Bad Request", b'{"error":"invalid_grant"}')
    status, page = sign_in(client)
    assert (status, "does not hold" in page) == (401, True)
    assert reason() == "The identity provider did not accept the code of this sign-in (400)."


@pytest.mark.parametrize(
    ("methods", "in_form"), [(["client_secret_post"], True), (["client_secret_basic"], False), ([], True)]
)
def test_proves_itself_as_the_provider_wants_it(
    client: Client, provider: Provider, methods: list[str], in_form: bool
) -> None:
    provider.methods = methods
    assert sign_in(client)[0] == 401, "the ID token is none"
    [request] = [request for path, request in provider.asked if path == TOKEN]
    head, _, body = request.decode().partition("\r\n\r\n")
    form = parse_qs(body)
    assert (form["code"], form["grant_type"]) == (["c0de"], ["authorization_code"])
    assert len(form["code_verifier"][0]) > 40
    assert ("shared-with-the-provider" in body, "Authorization: Basic " in head) == (in_form, not in_form)


def test_leaves_no_way_past_the_one_client() -> None:
    with pytest.raises(NotImplementedError):
        SocialAdapter().get_requests_session()
