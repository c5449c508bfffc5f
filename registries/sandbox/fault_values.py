"""Damage to the values of an otherwise correct answer: markup in its texts, odd values in its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from registries.sandbox import facts

MARKUP = '"\'><img src=x onerror=alert(1)><b hx-get="/accounts/logout/" hx-trigger="load">bold</b>'
SPARING = r"^(?!(id|registryId|created|removed)$)"  # all fields except those without which a client shows no row

# Field -> values that a client does not expect there.
ODD_VALUES: dict[str, tuple[Any, ...]] = {
    "id": ("../1sp1", "", "1sp1\n", "1SP1", "1sp" + "9" * 40, 7, None),
    "created": ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "yesterday", "", 1795573102000),
    "createdTS": (2**70, -(2**70), 0.5, "1795573102000"),
    "removed": ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "yesterday"),
    "state": ("s" * 33, "", "Active", "active ", None, 7),
    "transitioning": ("t" * 33, "", "maybe", None, True),
    "transitioningMessage": ("m" * 100_000, "", "a\u0000b", 7),
    "transitioningProgress": (2**70, -1, 0.1, "half", [50]),
    "name": ("n" * 100_000, "", "a\u0000b\u202e\u2066", 7, {"name": "n"}),
    "description": ("d" * 100_000, "a\nb", 7, []),
    "serverAddress": ("a" * 20_000, "", " ", "a\u0000b", None, 7),
    "kind": ("k" * 300, None, 7),
    "uuid": ("u" * 300, None, 7),
    "actions": (None, [], {"explode": 7}, "none"),
    "credentials": (None, {}, [None], [{"id": "1c1"}], "none"),
    "registryId": ("../1sp1", "", None, 7),
    "publicValue": ("p" * 100_000, "a\u0000b", 7),
    "accountId": ("../1a5", None, 7),
    "status": ({"": ""}, {"host": None}, {"host": ["Done"]}, {"h" * 10_000: "e" * 10_000}, [], "Done"),
    "eventType": ("", "e" * 10_000, "api", 7),
    "clientIp": ("c" * 10_000, None, 7),
    "responseCode": (2**70, -1, "200", None),
    "requestObject": ("[", "[]", "null", '{"name":{"a":[1]}}', "[" * 100_000, 7),
    "authenticatedAsIdentityId": ("", "!", "i" * 10_000, None, 7),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """The fields and rows that are damaged.

    `fields` is searched in a field's name, `rows` in its resource's id; "" matches all. `pick` is the index of the odd
    value that a field gets, modulo their number.
    """

    fields: re.Pattern[str]
    rows: re.Pattern[str]
    pick: int = 0

    def with_markup(self, document: Any) -> Any:
        """The document with markup in place of every text, also where a text field is null.

        Maps and lists of words (actions, hosts, methods) keep their words and get one more, because a client shows
        nothing where it knows none of them.
        """
        return self._marked(document, "", inside=not self.rows.pattern)

    def _marked(self, value: Any, name: str, *, inside: bool) -> Any:
        meant = inside and self.fields.search(name) is not None
        if isinstance(value, str) or (value is None and name in _text_fields()):
            return MARKUP if meant else value
        if isinstance(value, list):
            words = [MARKUP] if meant and any(isinstance(one, str) for one in value) else []
            return [one if isinstance(one, str) else self._marked(one, name, inside=inside) for one in value] + words
        if isinstance(value, dict):
            inside = self._is_meant(value, inside=inside)
            marked = {key: self._marked(one, key, inside=inside) for key, one in value.items()}
            is_map = bool(name) and not _is_resource(value)
            return marked | ({MARKUP: next(iter(marked.values()))} if is_map and meant and marked else {})
        return value

    def with_odd_values(self, document: Any) -> Any:
        """The document with odd values in those fields that its resources have; none is added."""
        if isinstance(document, list):
            return [self.with_odd_values(one) for one in document]
        if not isinstance(document, dict):
            return document
        whole = {name: self.with_odd_values(one) for name, one in document.items()}
        if not self._is_meant(document, inside=False):
            return whole
        return {name: self._odd(name, one) for name, one in whole.items()}

    def _odd(self, name: str, value: Any) -> Any:
        values = ODD_VALUES.get(name) if self.fields.search(name) else None
        return values[self.pick % len(values)] if values else value

    def _is_meant(self, document: dict[str, Any], *, inside: bool) -> bool:
        """Whether the document is to be damaged: by its own id, or as its surroundings when it has none."""
        return self.rows.search(document["id"]) is not None if _is_resource(document) else inside


def _is_resource(document: dict[str, Any]) -> bool:
    """Whether the map is a resource: `id` is a text. In maps of fields or filters it is something else."""
    return isinstance(document.get("id"), str)


def _text_fields() -> frozenset[str]:
    """Names of text fields: those of the schemas and those of an error."""
    return facts.text_fields() | {"message", "detail", "fieldName"}
