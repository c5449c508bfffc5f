"""Alerts go to the webhook of the settings: signed, retried for a day, each at least once.

The receiver recognises a repetition by the alert's `id`, and a forged or old one by the signature: the header
``Corral-Signature: t=<seconds since 1970>,v1=<hex>`` holds HMAC-SHA256 over ``<t>.<body>`` under CORRAL_WEBHOOK_SECRET.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django_tasks import task

from registries.models import Alert
from registries.outbound.base_url import BaseURL
from registries.outbound.errors import UpstreamError
from registries.outbound.transport import Transport

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
CLAIMED_FOR = timedelta(minutes=1)
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Webhook:
    """Where alerts go: the origin, and the path and query below it."""

    base: BaseURL
    path: str
    query: tuple[tuple[str, str], ...]


def parse_url(text: str) -> Webhook:
    """Raises ValueError with a sentence. Plain http is taken on loopback alone."""
    parts = urlsplit(text)
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("It takes an address such as https://hooks.example.com/corral, without a user.")
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("It begins with https://.")
    base = BaseURL(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], "")
    return Webhook(base, parts.path or "/", tuple(parse_qsl(parts.query, keep_blank_values=True)))


def is_set() -> bool:
    return bool(settings.WEBHOOK_URL)


def enqueue_due() -> None:
    """Hands what waits to the worker: a slow receiver keeps nobody else waiting."""
    if Alert.objects.filter(next_try_at__lte=timezone.now()).exists():
        deliver_alerts.enqueue()


def deliver_due() -> int:
    """Sends what waits, oldest first, each to one process; how many arrived."""
    arrived = 0
    for alert in Alert.objects.filter(next_try_at__lte=timezone.now()).order_by("pk")[:50]:
        mine = Alert.objects.filter(pk=alert.pk, next_try_at=alert.next_try_at)
        if mine.update(next_try_at=timezone.now() + CLAIMED_FOR):
            arrived += deliver(alert)
    return arrived


def deliver(alert: Alert) -> bool:
    """Sends one; when that fails, notes why and when to try again, or that it was given up. Whether it arrived."""
    problem = _send(alert) if is_set() else "No webhook is set."
    row = Alert.objects.filter(pk=alert.pk)
    if not problem:
        row.update(delivered_at=timezone.now(), next_try_at=None, last_problem="", attempts=F("attempts") + 1)
        return True
    tried = alert.attempts
    pause = PAUSES[tried] if tried < len(PAUSES) else None
    next_try_at = timezone.now() + pause if pause and is_set() else None
    row.update(attempts=F("attempts") + 1, next_try_at=next_try_at, last_problem=problem[:300])
    return False


def sign(body: bytes, *, at: int) -> str:
    """The header's value."""
    mac = hmac.new(settings.WEBHOOK_SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def body_of(alert: Alert) -> bytes:
    """``id kind at title detail profile registry_id credential_id`` as JSON; never a secret."""
    profile = alert.profile
    document = {
        "id": alert.pk,
        "kind": alert.kind,
        "at": alert.at.isoformat(),
        "title": alert.title,
        "detail": alert.detail,
        "profile": profile.name if profile else None,
        "registry_id": alert.registry_id or None,
        "credential_id": alert.credential_id or None,
    }
    return json.dumps(document).encode()


def _send(alert: Alert) -> str:
    """ "" when it arrived, else why not, in a sentence that holds nothing of the answer."""
    target, body = parse_url(settings.WEBHOOK_URL), body_of(alert)
    transport = Transport(target.base, allow=lambda *_: True)  # the settings name it; the floor holds all the same
    try:
        answer = transport.send(
            "POST",
            target.path,
            query=target.query,
            payload=body,
            headers={"Corral-Signature": sign(body, at=int(time.time()))},
        )
    except UpstreamError as error:
        return f"It could not be reached ({error.reason})."
    finally:
        transport.close()
    return "" if 200 <= answer.status < 300 else f"It answered {answer.status}."


@task()
def deliver_alerts() -> None:
    """Sends the alerts that are due to the webhook."""
    deliver_due()
