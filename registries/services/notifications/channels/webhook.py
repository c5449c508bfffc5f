"""Webhook channel: POSTs an alert, signed, to CORRAL_WEBHOOK_URL.

The receiver recognises a repetition by the alert's `id`, and a forged or old one by the signature: the header
``Corral-Signature: t=<seconds since 1970>,v1=<hex>`` holds HMAC-SHA256 over ``<t>.<body>`` under CORRAL_WEBHOOK_SECRET.
"""

import hashlib
import hmac
import json
import time

from django.conf import settings

from registries.models import Alert
from registries.outbound.base_url import TargetURL, parse_target_url
from registries.outbound.call_limits import CallLimits
from registries.outbound.errors import BadAddress, UpstreamError
from registries.outbound.transport import Transport

LIMITS = CallLimits(body_bytes=64 * 1024)  # only the status of an answer counts
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
BLOCKED = "Its host leads to an address that is never opened, such as a cloud's metadata service."


def is_set() -> bool:
    return bool(settings.WEBHOOK_URL)


def parse_url(text: str) -> TargetURL:
    """The address of the webhook. Plain http is taken on loopback alone. Raises ValueError with a sentence."""
    try:
        target = parse_target_url(text)
    except BadAddress as error:
        if error.reason in {"host", "port"}:
            raise ValueError(f"It has an unusable {error.reason}. {error}") from None
        raise ValueError("It takes an address such as https://hooks.example.com/corral, without a user.") from None
    if target.base.scheme == "http" and target.base.host not in LOOPBACK:
        raise ValueError("It begins with https://.")
    return target


def send(alert: Alert) -> str:
    """Sends an alert once; "" when it arrived, else the problem in a sentence that holds nothing of the answer."""
    target, body = parse_url(settings.WEBHOOK_URL), body_of(alert)
    # The settings name the target, so the admin's list does not apply; blocked addresses stay blocked.
    transport = Transport(target.base, allow=lambda *_: True, peer="the webhook", limits=LIMITS)
    headers = {"Corral-Signature": sign(body, at=int(time.time()))}
    try:
        answer = transport.send("POST", target.path, query=target.query, payload=body, headers=headers)
    except UpstreamError as error:
        return BLOCKED if error.reason == "blocked" else str(error)
    finally:
        transport.close()
    return "" if 200 <= answer.status < 300 else f"It answered {answer.status}."


def sign(body: bytes, *, at: int) -> str:
    """The signature header's value."""
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
