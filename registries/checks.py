"""Refuses to start when stored secrets could not be opened."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from registries.crypto import KeyRingError, parse_key_ring


@register(Tags.security)
def check_key_ring(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    try:
        parse_key_ring(settings.ENCRYPTION_KEYS)
    except KeyRingError as error:
        yield Error(
            f"CORRAL_ENCRYPTION_KEYS can't be used. {error}",
            hint="Make one: python -c 'import base64, secrets; "
            'print("k1:" + base64.b64encode(secrets.token_bytes(32)).decode())\'',
            id="corral.E004",
        )
