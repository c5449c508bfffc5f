"""Decoding: an answer's status, headers and bytes become a typed value or one of our errors. Pure and total."""

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from registries.outbound.answer import Answer, retry_after
from registries.outbound.errors import BadResponse
from registries.rancher.errors import (
    PEER,
    ApiError,
    Busy,
    Conflict,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    ServerFault,
    Unauthorized,
)
from registries.rancher.types import Collection, Project, Registry, RegistryCredential, Schema, decode_custom

T = TypeVar("T")
FIELD_NAME = re.compile(r"[A-Za-z]{1,32}")
# PostgreSQL stores no NUL in text: one in a name would break a profile's whole inventory
NUL, REPLACEMENT = rb"\u0000", rb"\ufffd"

REGISTRY = msgspec.json.Decoder(Registry, dec_hook=decode_custom)
REGISTRIES = msgspec.json.Decoder(Collection[Registry], dec_hook=decode_custom)
CREDENTIAL = msgspec.json.Decoder(RegistryCredential, dec_hook=decode_custom)
CREDENTIALS = msgspec.json.Decoder(Collection[RegistryCredential], dec_hook=decode_custom)
PROJECT = msgspec.json.Decoder(Project, dec_hook=decode_custom)
PROJECTS = msgspec.json.Decoder(Collection[Project], dec_hook=decode_custom)
SCHEMA = msgspec.json.Decoder(Schema)


class _ErrorBody(msgspec.Struct):
    """The used part of an error's body; `message` and `detail` are never shown (rancher.md)."""

    code: str = ""
    field_name: str | None = msgspec.field(default=None, name="fieldName")


class SettingValue(msgspec.Struct):
    """A setting; the version setting's value may be null."""

    value: str | None = None


ERROR_BODY = msgspec.json.Decoder(_ErrorBody)
SETTING = msgspec.json.Decoder(SettingValue)


def decode(answer: Answer, decoder: "msgspec.json.Decoder[T]", *, wrote: bool = False) -> T:
    """Decodes the body to the decoder's type.

    Raises an ApiError for a refusal of Rancher, and BadResponse for anything that isn't its answer; `wrote` says that
    the call was a write, so that an unreadable success counts as possibly applied.
    """
    check_status(answer, wrote=wrote)
    try:
        return decoder.decode(storable(answer.body))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        looks_like_json = answer.body.lstrip()[:1] in (b"{", b"[")
        raise BadResponse("wrong_shape" if looks_like_json else "not_json", maybe_applied=wrote, peer=PEER) from None


def storable(body: bytes) -> bytes:
    """The body without the one character that PostgreSQL stores in no text."""
    return body.replace(NUL, REPLACEMENT)


def check_status(answer: Answer, *, wrote: bool = False) -> None:
    """Raises the error of the status; nothing for 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status < 200 or 300 <= status < 400:
        reason = "redirect" if status >= 300 else "not_json"
        raise BadResponse(reason, maybe_applied=wrote and status < 300, peer=PEER)
    body = _error_body(answer.body)
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        wait = retry_after(answer.headers.get("retry-after"), now=datetime.now(UTC))
        raise Busy(status, body.code, retry_after=wait, maybe_applied=wrote and status != 429)
    if status >= 500:
        raise ServerFault(status, body.code, maybe_applied=wrote)
    if status in (400, 422):
        field = body.field_name if body.field_name and FIELD_NAME.fullmatch(body.field_name) else None
        raise Invalid(status, body.code, field=field)
    raise REFUSALS.get(status, ApiError)(status, body.code)


REFUSALS: dict[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
}


def _error_body(body: bytes) -> Any:
    """Code and field of an error's body; both empty for a body that isn't Rancher's, such as a proxy's page."""
    try:
        return ERROR_BODY.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _ErrorBody()
