"""Decoding row by row: a row of an unexpected shape costs some of its fields or itself, no other row. Pure and total.

An answer that decodes as a whole, as all but odd ones do, is never taken apart.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from registries.outbound.answer import Answer
from registries.outbound.errors import BadResponse
from registries.rancher import decode
from registries.rancher.types import Collection, Pagination, RegistryCredential, Resource, decode_custom

T = TypeVar("T", bound=msgspec.Struct)
R = TypeVar("R", bound=Resource)
UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError)
INCOMPLETE = "Rancher's answer doesn't say where the list goes on; what was read is shown."


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list: what could be read, and how many rows are missing because even their id could not be."""

    rows: tuple[T, ...]
    next: str | None = None
    unreadable: int = 0
    warnings: tuple[str, ...] = ()


class _RawPage(msgspec.Struct):
    data: tuple[msgspec.Raw, ...]
    pagination: msgspec.Raw = msgspec.Raw(b"null")


RAW_PAGE = msgspec.json.Decoder(_RawPage)
RAW_ROWS = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
PAGINATION = msgspec.json.Decoder(Pagination | None)


def left_out(count: int) -> tuple[str, ...]:
    """The warning of rows that could not be read; none for none."""
    if not count:
        return ()
    rows = "One row" if count == 1 else f"{count} rows"
    return (f"Unexpected answer: {rows} of Rancher's list can't be read and {'is' if count == 1 else 'are'} left out.",)


def decode_rows(answer: Answer, decoder: "msgspec.json.Decoder[Collection[T]]", kind: type[T]) -> Page[T]:
    """Decodes a list; raises as `decode.decode`, and BadResponse for a list of which nothing can be read."""
    try:
        page = decode.decode(answer, decoder)
    except BadResponse as error:
        if error.reason != "wrong_shape" or (found := _row_by_row(answer, kind)) is None:
            raise
        return found
    return Page(page.data, page.pagination.next if page.pagination else None)


def decode_resource(answer: Answer, decoder: "msgspec.json.Decoder[R]") -> R:
    """Decodes one resource that was read; raises as `decode.decode`, and BadResponse where its id can't be read."""
    try:
        return decode.decode(answer, decoder)
    except BadResponse as error:
        found = _salvage(decode.storable(answer.body), decoder.type) if error.reason == "wrong_shape" else None
        if found is None:
            raise
        return found


def _row_by_row(answer: Answer, kind: type[T]) -> Page[T] | None:
    try:
        raw = RAW_PAGE.decode(decode.storable(answer.body))
    except UNREADABLE:
        return None
    rows = [_read_row(row, kind) for row in raw.data]
    found = tuple(row for row in rows if row is not None)
    if raw.data and not found:
        return None
    try:
        pagination = PAGINATION.decode(raw.pagination)
    except UNREADABLE:
        return Page(found, None, len(rows) - len(found), (INCOMPLETE,))
    return Page(found, pagination.next if pagination else None, len(rows) - len(found))


def _read_row(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """The row; of a resource the fields that can be read, if its id can; else None."""
    try:
        return cast("T", _decoder(kind).decode(raw))
    except UNREADABLE:
        return _salvage(raw, kind) if issubclass(kind, Resource) else None


def _salvage(raw: msgspec.Raw | bytes, kind: type[R]) -> R | None:
    """The resource from those fields that can be read, the others named in `unreadable`; None without its id."""
    try:
        raw_fields = RAW_FIELDS.decode(raw)
    except UNREADABLE:
        return None
    values: dict[str, Any] = {}
    odd = []
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in raw_fields or field.name == "unreadable":
            continue
        try:
            values[field.name] = _decoder(field.type).decode(raw_fields[field.encode_name])
        except UNREADABLE:
            odd.append(field.encode_name)
            if field.name == "credentials":
                values[field.name] = _salvage_credentials(raw_fields[field.encode_name])
    if "id" not in values:
        return None
    if "state" in odd:
        values["state"] = "unknown"
    return kind(**values, unreadable=tuple(odd) or msgspec.UNSET)


def _salvage_credentials(raw: msgspec.Raw) -> tuple[RegistryCredential, ...] | None:
    try:
        rows = [_read_row(row, RegistryCredential) for row in RAW_ROWS.decode(raw)]
    except UNREADABLE:
        return None
    return tuple(row for row in rows if row is not None)


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind, dec_hook=decode_custom)
