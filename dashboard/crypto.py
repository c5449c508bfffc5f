"""Secrets at rest: AES-256-GCM under a ring of keys that is separate from Django's SECRET_KEY.

A stored secret reads ``v1:<kid>:<base64 of nonce + ciphertext>``. Its associated data is its label and ``|kid``; the
label says where the secret belongs, so that a token moved to another row or column can't be decrypted there. A token
that can't be decrypted raises `SecretUnreadable` and is never passed on as text.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SecretUnreadable(Exception):
    """A stored secret can't be decrypted: its key is not in the ring, or the token was altered or moved."""


class KeyRingError(ValueError):
    """A ring of keys can't be parsed; the sentence names the part, never the key."""


def parse_key_ring(text: str) -> dict[str, bytes]:
    """``kid:base64key`` pairs, separated by commas or blanks, the current key first.

    Raises KeyRingError for an empty ring, a malformed or doubled key id, and a key that isn't 32 bytes. It names a key
    by its number: in a ring that was written wrongly, what stands for an id may be a key.
    """
    ring: dict[str, bytes] = {}
    for number, pair in enumerate(text.replace(",", " ").split(), start=1):
        kid, colon, encoded = pair.partition(":")
        if not colon or not KEY_ID.fullmatch(kid):
            raise KeyRingError(f"Key {number} has no usable id: write id:base64.")
        if kid in ring:
            raise KeyRingError(f"Key {number} has the id of one before it.")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise KeyRingError(f"Key {number} is not base64.") from None
        if len(key) != KEY_BYTES:
            raise KeyRingError(f"Key {number} has {len(key)} bytes; it takes {KEY_BYTES}.")
        ring[kid] = key
    if not ring:
        raise KeyRingError("The ring holds no key.")
    return ring


@lru_cache(maxsize=4)
def _ring(text: str) -> Mapping[str, bytes]:
    return parse_key_ring(text)


def key_ring() -> Mapping[str, bytes]:
    """The ring of this installation, the current key first."""
    return _ring(settings.ENCRYPTION_KEYS)


def seal(text: str, *, label: str) -> str:
    """Encrypts under the current key. `label` says where the token belongs, such as ``model|uuid|field``."""
    kid, key = next(iter(key_ring().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), f"{label}|{kid}".encode())
    return f"v1:{kid}:{base64.b64encode(nonce + sealed).decode()}"


def key_id_of(token: str) -> str:
    """The id of the key that sealed a token."""
    return token.split(":", 2)[1] if token.startswith("v1:") else ""


def current_key_id() -> str:
    """The id of the key that `seal` uses: the ring's first."""
    return next(iter(key_ring()))


def reseal(token: str, *, label: str) -> str:
    """Seals anew under the current key; the token itself if that sealed it already. Raises SecretUnreadable."""
    text = unseal(token, label=label)
    return token if key_id_of(token) == current_key_id() else seal(text, label=label)


def unseal(token: str, *, label: str) -> str:
    """Decrypts what `seal` returned.

    Raises SecretUnreadable when the key isn't in the ring or the token isn't, to the bit, what was sealed for `label`.
    """
    version, _, rest = token.partition(":")
    kid, _, encoded = rest.partition(":")
    key = key_ring().get(kid)
    if version != "v1" or key is None:
        raise SecretUnreadable("The key that sealed this secret is not in the ring.")
    try:
        raw = base64.b64decode(encoded, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"{label}|{kid}".encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise SecretUnreadable("The stored secret was altered, or moved from elsewhere.") from None
