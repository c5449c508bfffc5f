"""Refuses to start when stored secrets could not be opened, or nothing could be put on record."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name

from dashboard.crypto import KeyRingError, parse_key_ring
from registries.services.notifications.channels import webhook
from registries.services.stored_keys import find_lost_key_ids

SECRET_LENGTH = 32
HOW_TO_MAKE_ONE = (
    "Make one: python -c 'import base64, secrets; print(\"k1:\" + base64.b64encode(secrets.token_bytes(32)).decode())'"
)


@register(Tags.security)
def check_key_rings(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    yield from _check_ring("CORRAL_ENCRYPTION_KEYS", settings.ENCRYPTION_KEYS, error_id="corral.E004")
    yield from _check_ring("CORRAL_AUDIT_KEYS", settings.AUDIT_KEYS, error_id="corral.E005")
    if set(_keys_in(settings.ENCRYPTION_KEYS)) & set(_keys_in(settings.AUDIT_KEYS)):
        yield Error(
            "CORRAL_AUDIT_KEYS holds a key of CORRAL_ENCRYPTION_KEYS: make them apart, so that one can leak alone.",
            hint=HOW_TO_MAKE_ONE,
            id="corral.E006",
        )


@register("stored_keys")  # a tag of its own, which `dashboard.wsgi` runs with a database named
def check_lost_keys(
    app_configs: Sequence[AppConfig] | None, databases: Collection[str] | None = None, **_: Any
) -> Iterator[CheckMessage]:
    """Warns of stored secrets whose key is not in the ring. Reads the database, so it runs only where that is named.

    Not an error: if a key is lost for good, Corral has to start so that people can enter secrets anew.
    """
    if not databases:
        return
    try:
        lost = find_lost_key_ids()
    except KeyRingError:  # refused above
        return
    if lost:
        yield Warning(
            f"CORRAL_ENCRYPTION_KEYS lacks {', '.join(lost)}: secrets in the database were encrypted under that id and "
            "can't be read.",
            hint="Put the key back into the ring. If it is lost, each profile, kept copy and second factor that it "
            "encrypted has to be entered or set up anew (README.md, Settings).",
            id="corral.W007",
        )


@register(Tags.security)
def check_webhook(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if not settings.WEBHOOK_URL:
        return
    try:
        webhook.parse_url(settings.WEBHOOK_URL)
    except ValueError as error:
        yield Error(f"CORRAL_WEBHOOK_URL can't be used. {error}", id="corral.E040")
    if len(settings.WEBHOOK_SECRET) < SECRET_LENGTH:
        yield Error(
            f"CORRAL_WEBHOOK_SECRET is weak: it takes {SECRET_LENGTH} random characters or more.",
            hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="corral.E041",
        )


def _check_ring(name: str, text: str, *, error_id: str) -> Iterator[CheckMessage]:
    try:
        parse_key_ring(text)
    except KeyRingError as error:
        yield Error(f"{name} can't be used. {error}", hint=HOW_TO_MAKE_ONE, id=error_id)


def _keys_in(text: str) -> list[str]:
    return [key for pair in text.replace(",", " ").split() if (key := pair.partition(":")[2])]
