"""Decoding of a request's body and validation by the schema, with Rancher's conversions and errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from registries.sandbox import collation
from registries.sandbox.answers import Document, RefusedError, conflict, invalid
from registries.sandbox.facts import Field, Schema
from registries.sandbox.state import number_in

SECRETS = frozenset({"secretValue"})


def read_body(body: bytes, content_type: str) -> Document:
    """The request's fields. A list, a string or nothing counts as no field at all.

    Raises RefusedError 400 `InvalidBodyContent` for what is no JSON.
    """
    if not body.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise RefusedError(400, "InvalidBodyContent") from problem
    return document if isinstance(document, dict) else {}


def writable_input(schema: Schema, body: Document, *, creating: bool) -> Document:
    """The writable fields of the body, converted and validated; other fields are ignored, as Rancher does."""
    flag = "c" if creating else "u"
    given: Document = {}
    for field in schema.fields.values():
        if flag not in field.flags or (not creating and "o" in field.flags and body.get(field.name) is None):
            continue  # a client that sends a whole resource back has null here: the value was shown on creation only
        if field.name in body:
            given[field.name] = _checked(field, body[field.name])
        elif creating and "default" in field.extra:
            given[field.name] = field.extra["default"]
        elif creating and "r" in field.flags:
            raise invalid("MissingRequired", field.name)
    if any(isinstance(value, str) and collation.has_four_byte_character(value) for value in given.values()):
        raise conflict()
    return given


def _checked(field: Field, value: Any) -> Any:
    if field.type.startswith("map["):
        return {str(name): java_text(one) for name, one in value.items()} if isinstance(value, dict) else None
    text = java_text(value)
    if text is None:
        if "n" not in field.flags:
            raise invalid("NotNullable", field.name)
        return None
    if field.reference:
        return _reference(field, text)
    if len(text) < field.extra.get("minLength", 0):
        raise invalid("MinLengthExceeded", field.name)
    if len(text) > field.extra.get("maxLength", len(text)):
        raise invalid("MaxLengthExceeded", field.name)
    if text not in field.extra.get("options", (text,)):
        raise invalid("InvalidOption", field.name)
    return text


def _reference(field: Field, text: str) -> int:
    number = number_in(text)
    if number is None:
        raise invalid("InvalidReference", field.name)
    return number


def java_text(value: Any) -> str | None:
    """A JSON value as the string that Rancher turns it into: `7` -> `7`, `["a"]` -> `a`, `{"a": 1}` -> `{a=1}`."""
    if isinstance(value, list):
        return java_text(value[0]) if value else None
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_java_member(one)}" for name, one in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _java_member(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_java_member(one) for one in value) + "]"
    return "null" if value is None else str(java_text(value))


def without_secrets(fields: Document, *, size: int) -> Document:
    """The fields as Rancher's audit log shows them: no secret, in the order of a Java HashMap of `size` entries."""
    order = _java_map_order([name for name in fields if name not in SECRETS], size=size)
    return {name: fields[name] for name in order}


def _java_map_order(names: list[str], *, size: int) -> list[str]:
    capacity = 16
    while size > capacity * 3 // 4:
        capacity *= 2
    return sorted(names, key=lambda name: _java_bucket(name, capacity))


def _java_bucket(name: str, capacity: int) -> int:
    code = 0
    for character in name:
        code = (31 * code + ord(character)) & 0xFFFFFFFF
    return (code ^ (code >> 16)) & (capacity - 1)
