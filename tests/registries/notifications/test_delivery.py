"""Alerts and the webhook that they go to: signed, retried, given up, each to one process, told once."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client as Browser
from django.utils import timezone

from dashboard.people.models import User
from registries.models import Alert, ConnectionProfile, CredentialStatus
from registries.services.notifications import alerts, delivery
from registries.services.notifications.channels import webhook

pytestmark = pytest.mark.django_db
SECRET = "a secret of the webhook, 32 characters"
Kind = Alert.Kind


class Receiver:
    """Takes alerts on loopback, and answers what it is told to."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str, bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append((self.path, self.headers["Corral-Signature"], body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/corral?team=ops"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(settings: pytest.FixtureRequest) -> Iterator[Receiver]:
    receiver = Receiver()
    settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = receiver.url, SECRET  # type: ignore[attr-defined]
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def watched(profile: ConnectionProfile) -> CredentialStatus:
    return CredentialStatus.objects.create(
        profile=profile, registry_id="1sp1", credential_id="1c1", server_address="quay.io", public_value="robot"
    )


def test_sends_what_happened_signed(receiver: Receiver, watched: CredentialStatus) -> None:
    made = alerts.notify(Kind.FAILING, "robot at quay.io stopped working", "Refused.", watched)
    assert delivery.deliver_due() == 1
    [(path, signature, body)] = receiver.came
    assert path == "/hooks/corral?team=ops"
    at, _, mac = signature.removeprefix("t=").partition(",v1=")
    assert hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() == mac
    assert abs(int(at) - timezone.now().timestamp()) < 60
    document = json.loads(body)
    assert (document["id"], document["kind"], document["profile"], document["credential_id"]) == (
        made.pk,
        "credential.failing",
        "Staging",
        "1c1",
    )
    made.refresh_from_db()
    assert made.delivered_at
    assert delivery.deliver_due() == 0


def test_tries_again_later_and_later_and_then_gives_up(receiver: Receiver, watched: CredentialStatus) -> None:
    receiver.status = 503
    made = alerts.notify(Kind.FAILING, "stopped", "", watched)
    pauses = []
    while True:
        delivery.deliver_due()
        made.refresh_from_db()
        if made.next_try_at is None:
            break
        pauses.append(round((made.next_try_at - timezone.now()).total_seconds() / 60))
        Alert.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert pauses == [1, 5, 30, 120, 360, 720]
    assert (len(receiver.came), made.last_problem, made.delivered_at) == (7, "It answered 503.", None)


def test_a_receiver_that_is_away_is_tried_again(settings: pytest.FixtureRequest, watched: CredentialStatus) -> None:
    settings.WEBHOOK_URL, settings.WEBHOOK_SECRET = "http://127.0.0.1:9/", SECRET  # type: ignore[attr-defined]
    made = alerts.notify(Kind.FAILING, "stopped", "", watched)
    delivery.deliver_due()
    made.refresh_from_db()
    assert (made.attempts, made.last_problem) == (1, "The webhook refuses the connection.")
    assert made.next_try_at


def test_leaves_an_alert_to_the_process_that_claimed_it(
    receiver: Receiver, watched: CredentialStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (alerts.notify(Kind.FAILING, title, "", watched) for title in ("one", "two"))
    send = webhook.send

    def send_while_another_claims(alert: Alert) -> str:
        Alert.objects.filter(pk=second.pk).update(next_try_at=timezone.now() + delivery.CLAIMED_FOR)
        return send(alert)

    monkeypatch.setattr(webhook, "send", send_while_another_claims)
    assert delivery.deliver_due() == 1
    assert [json.loads(body)["id"] for _, _, body in receiver.came] == [first.pk]


def test_without_a_webhook_it_stands_in_corral_alone(watched: CredentialStatus) -> None:
    made = alerts.notify(Kind.FAILING, "stopped", "", watched)
    assert made.next_try_at is None
    assert delivery.deliver_due() == 0


def test_a_button_sends_a_test_and_says_how_it_went(
    receiver: Receiver, browse: Callable[[User], Browser], admin: User
) -> None:
    browser = browse(admin)
    assert "Send a test" in browser.get("/alerts/").content.decode()
    browser.post("/alerts/test/")
    assert "The webhook took the test" in browser.get("/alerts/").content.decode()
    receiver.status = 500
    browser.post("/alerts/test/")
    assert "It answered 500." in browser.get("/alerts/").content.decode()
    assert [json.loads(body)["kind"] for _, _, body in receiver.came] == ["webhook.test", "webhook.test"]


def test_people_read_what_concerns_their_profiles(
    browse: Callable[[User], Browser],
    viewer: User,
    make_profile: Callable[..., ConnectionProfile],
    watched: CredentialStatus,
) -> None:
    other = make_profile(name="Logistics", slug="logistics")
    alerts.notify(Kind.FAILING, "robot at quay.io stopped", "", watched)
    watched.pk, watched.profile = None, other
    watched.save()
    alerts.notify(Kind.FAILING, "secret of another team", "", watched)
    page = browse(viewer).get("/alerts/").content.decode()
    assert ("robot at quay.io stopped" in page, "another team" in page) == (True, False)


def test_tells_ahead_once_that_a_certificate_or_a_token_expires(watched: CredentialStatus) -> None:
    watched.certificate_expires_at = timezone.now() + timedelta(days=10)
    for _ in range(3):
        alerts.notify_of_expiry(watched)
    assert [one.title.startswith("The certificate of quay.io expires on") for one in Alert.objects.all()] == [True]
    watched.certificate_expires_at = timezone.now() + timedelta(days=30)
    watched.server_address, watched.public_value = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "AWS"
    watched.secret_saved_at = timezone.now() - timedelta(hours=11, minutes=30)
    alerts.notify_of_expiry(watched)
    assert Alert.objects.filter(title__startswith="The token of AWS at").count() == 1
