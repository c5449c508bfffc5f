"""The webhook as a peer that cannot be trusted: slow, endless, elsewhere, or at an address that nothing may open."""

import socket

import pytest

from registries.models import Alert
from registries.outbound.call_limits import CallLimits
from registries.services.notifications.channels import webhook
from tests.upstream_stands import answering, drip, flood, receive, scripted

pytestmark = pytest.mark.django_db
METADATA = "169.254.169.254"


@pytest.fixture(autouse=True)
def _secret(settings: pytest.FixtureRequest) -> None:
    settings.WEBHOOK_SECRET = "a secret of the webhook, 32 characters"  # type: ignore[attr-defined]


@pytest.fixture
def alert() -> Alert:
    return Alert.objects.create(kind=Alert.Kind.TEST, title="Test")


def test_ends_with_the_wall_however_slowly_the_answer_comes(
    settings: pytest.FixtureRequest, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "LIMITS", CallLimits(connect_s=5, read_s=5, wall_s=0.5))
    with scripted(drip) as base:
        settings.WEBHOOK_URL = base.text  # type: ignore[attr-defined]
        assert webhook.send(alert) == "The webhook did not answer in time."


def test_reads_no_more_of_an_answer_than_the_cap(settings: pytest.FixtureRequest, alert: Alert) -> None:
    with scripted(flood) as base:
        settings.WEBHOOK_URL = base.text  # type: ignore[attr-defined]
        assert webhook.send(alert) == "The answer is too large."


def test_follows_no_redirect(settings: pytest.FixtureRequest, alert: Alert) -> None:
    followed: list[bytes] = []
    with scripted(lambda connection: followed.append(receive(connection))) as elsewhere:
        redirect = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.text}/\r\n\r\n".encode()
        with scripted(answering(redirect)) as base:
            settings.WEBHOOK_URL = base.text  # type: ignore[attr-defined]
            assert webhook.send(alert) == "The address redirects elsewhere; correct it."
    assert followed == []


@pytest.mark.parametrize("host", [METADATA, f"[::ffff:{METADATA}]", "hooks.example"])
def test_opens_no_blocked_address_though_the_settings_name_it(
    settings: pytest.FixtureRequest,
    alert: Alert,
    opened: list[tuple[str, int]],
    monkeypatch: pytest.MonkeyPatch,
    host: str,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (METADATA, 443))])
    settings.WEBHOOK_URL = f"https://{host}/"  # type: ignore[attr-defined]
    assert webhook.send(alert) == webhook.BLOCKED
    assert opened == []


def test_opens_other_addresses_without_the_admins_list(
    settings: pytest.FixtureRequest, alert: Alert, opened: list[tuple[str, int]]
) -> None:
    settings.WEBHOOK_URL = "https://10.0.0.1/"  # type: ignore[attr-defined]
    assert webhook.send(alert) == "The webhook refuses the connection."
    assert opened == [("10.0.0.1", 443)]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "https://user:pw@a.example/",
        "https://",
        "https://a.example:0/",
        "http://a.example/",
        "https://a.example/#x",
        "",
    ],
)
def test_takes_no_address_that_is_unsafe(url: str) -> None:
    with pytest.raises(ValueError, match="It "):
        webhook.parse_url(url)


@pytest.mark.parametrize("url", ["https://a.example", "http://localhost:8000/x", "http://127.0.0.1/", "http://[::1]/"])
def test_takes_https_anywhere_and_plain_http_on_loopback(url: str) -> None:
    assert webhook.parse_url(url).path in {"/", "/x"}
