"""Schemas and link names of a real Rancher, read from `data/schemas.json`.

Per API version and type: plural name, fields as `[type, flags, rest]`, filters as a letter that stands for a list of
modifiers, includeable links, actions as `[input, output]`, and methods. Flags: c create, u update, o readOnCreateOnly,
n nullable, r required. `linked_filters` are of types that only links lead to; their modifiers weren't recorded.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import msgspec

from registries.sandbox.answers import Document

VERSIONS = ("v1", "v2-beta")


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    flags: str
    extra: Document

    @property
    def reference(self) -> str | None:
        """The type that a field of type `reference[...]` points to."""
        return self.type[len("reference[") : -1] if self.type.startswith("reference[") else None

    def document(self, *, writable: bool) -> Document:
        """The field as a schema shows it; a key that may only read sees no field that it could set."""
        shown: Document = {
            "type": self.type,
            "description": None,
            "create": writable and "c" in self.flags,
            "update": writable and "u" in self.flags,
        }
        shown |= {word: True for flag, word in (("n", "nullable"), ("r", "required")) if flag in self.flags}
        shown["readOnCreateOnly"] = "o" in self.flags
        return shown | self.extra


@dataclass(frozen=True, slots=True)
class Schema:
    id: str
    plural: str
    fields: dict[str, Field]
    filters: dict[str, tuple[str, ...]]
    include: tuple[str, ...]
    actions: dict[str, tuple[str | None, str | None]]
    collection_methods: tuple[str, ...]
    resource_methods: tuple[str, ...]

    def document(self, *, prefix: str, writable: bool) -> Document:
        """The schema as `GET <prefix>/schemas/<id>` answers it."""
        links = {"self": f"{prefix}/schemas/{self.id.lower()}"}
        if self.collection_methods:
            links["collection"] = f"{prefix}/{self.plural.lower()}"
        readable = ("GET",)
        return {
            "id": self.id,
            "type": "schema",
            "links": links,
            "actions": {},
            "pluralName": self.plural,
            "resourceFields": {name: field.document(writable=writable) for name, field in self.fields.items()},
            "collectionFilters": {name: {"modifiers": modifiers} for name, modifiers in self.filters.items()},
            "includeableLinks": self.include,
            "resourceActions": {
                name: {"input": given, "output": output} for name, (given, output) in self.actions.items() if writable
            },
            "collectionActions": {},
            "collectionFields": {},
            "collectionMethods": [method for method in self.collection_methods if writable or method in readable],
            "resourceMethods": [method for method in self.resource_methods if writable or method in readable],
            "baseType": "schema",
        }


@dataclass(frozen=True, slots=True)
class Facts:
    schemas: dict[str, dict[str, Schema]]
    """API version -> type -> schema."""
    kinds: dict[str, dict[str, str]]
    """API version -> name in a path (plural or singular, small letters) -> type."""
    root_links: dict[str, tuple[str, ...]]
    """Kind of account -> names of the collections at the root."""
    project_links: dict[str, tuple[str, ...]]
    """Kind of account -> links of a project that is asked for at the root."""
    account_links: dict[str, tuple[str, ...]]
    """API version -> links of a project that a link `account` leads to."""
    linked_filters: dict[str, dict[str, tuple[str, ...]]]
    newer: frozenset[str]
    """Names of links, filters and fields that this generation doesn't know yet."""

    def filters(self, kind: str, *, version: str) -> dict[str, tuple[str, ...]]:
        """Name of a filter -> its modifiers, for any type that a collection can be of."""
        schema = self.schemas[version].get(kind)
        known = schema.filters if schema else dict.fromkeys(self.linked_filters[version][kind], ("eq",))
        return {name: modifiers for name, modifiers in known.items() if name not in self.newer}


@functools.cache
def load(*, generation: str) -> Facts:
    """The facts about one generation (`1.4` or `1.6`).

    In version 2, only 1.4 names `restore`, and asks for a credential's `email` as version 1 does.
    """
    raw = msgspec.json.decode((files(__package__) / "data" / "schemas.json").read_bytes())
    modifiers = {letter: tuple(names.split()) for letter, names in raw["modifiers"].items()}
    schemas: dict[str, dict[str, Schema]] = {}
    for version in VERSIONS:
        schemas[version] = {kind: _schema(kind, short, modifiers) for kind, short in raw["schemas"][version].items()}
    if generation == "1.4":
        schemas["v2-beta"]["registry"].actions["restore"] = (None, "storagePool")
        schemas["v2-beta"]["registryCredential"].fields["email"] = schemas["v1"]["registryCredential"].fields["email"]
    kinds = {
        version: {name.lower(): kind for kind, schema in of.items() for name in (kind, schema.plural)}
        for version, of in schemas.items()
    }
    links = {where: _split(of) for where, of in raw["links"].items()}
    newer = frozenset(raw["since_1.6"].split()) if generation == "1.4" else frozenset()
    linked = {version: _split(of) for version, of in raw["linked_filters"].items()}
    return Facts(
        schemas=schemas,
        kinds=kinds,
        root_links=links["root"],
        project_links=links["project"],
        account_links=_split(raw["account_links"]),
        linked_filters=linked,
        newer=newer,
    )


def _split(names: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(text.split()) for key, text in names.items()}


@functools.cache
def text_fields() -> frozenset[str]:
    """The names of all fields that hold texts, of whatever type of resource."""
    fields = (
        field
        for of_version in load(generation="1.6").schemas.values()
        for schema in of_version.values()
        for field in schema.fields.values()
    )
    return frozenset(field.name for field in fields if field.type in ("string", "password", "enum"))


def _schema(kind: str, short: dict[str, Any], modifiers: dict[str, tuple[str, ...]]) -> Schema:
    fields = {
        name: Field(name, kept[0], kept[1], kept[2] if len(kept) > 2 else {}) for name, kept in short["fields"].items()
    }
    return Schema(
        id=kind,
        plural=short["plural"],
        fields=fields,
        filters={name: modifiers[letter] for name, letter in short["filters"].items()},
        include=tuple(short["include"].split()),
        actions={name: (given, output) for name, (given, output) in short["actions"].items()},
        collection_methods=tuple(short["collection"].split()),
        resource_methods=tuple(short["resource"].split()),
    )
