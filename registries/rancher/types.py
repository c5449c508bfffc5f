"""Types of Rancher's API, as frozen structs. Its camelCase exists in the renaming below and nowhere else.

`secretValue` has no place here: unknown members are dropped while decoding, and it is one of them (Rancher sends it
back in the answer of every POST on a credential).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z]{1,32}\Z")]  # what may become part of a path
STATE = re.compile(r"[a-z-]{1,32}")  # as every state in the recordings reads
TRANSITIONING = frozenset({"yes", "no", "error"})
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
RENAMED = {
    "account_id": "accountId",
    "block_device_path": "blockDevicePath",
    "created_at": "created",
    "driver_name": "driverName",
    "external_id": "externalId",
    "public_value": "publicValue",
    "registry_id": "registryId",
    "removed_at": "removed",
    "remove_time": "removeTime",
    "server_address": "serverAddress",
    "transitioning_message": "transitioningMessage",
    "transitioning_progress": "transitioningProgress",
    "volume_access_mode": "volumeAccessMode",
    "volume_capabilities": "volumeCapabilities",
    "collection_methods": "collectionMethods",
    "resource_methods": "resourceMethods",
    "resource_actions": "resourceActions",
    "fields": "resourceFields",
    "max_length": "maxLength",
    "min_length": "minLength",
}


class ActionNames(frozenset[str]):
    """Names of the actions that a resource offers; their URLs are dropped."""


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename=RENAMED):
    """Base of every resource. `transitioning` is `yes`, `no` or `error`; times are aware, in UTC."""

    id: Id
    state: str = ""
    name: str | None = None
    description: str | None = None
    created_at: Moment | None = None
    removed_at: Moment | None = None
    kind: str | None = None
    uuid: str | None = None
    transitioning: str = "no"
    transitioning_message: str | None = None
    transitioning_progress: int | float | str | None = None
    actions: ActionNames = ActionNames()

    def __post_init__(self) -> None:
        """Takes a state for what it is only where it reads like one: the word goes into pages and attributes."""
        if self.state and not STATE.fullmatch(self.state):
            msgspec.structs.force_setattr(self, "state", "unknown")
        if self.transitioning not in TRANSITIONING:
            msgspec.structs.force_setattr(self, "transitioning", "no")

    @property
    def is_moving(self) -> bool:
        """Whether the resource is between two states, and not stuck in an error."""
        return self.transitioning == "yes"


class RegistryCredential(Resource, frozen=True, kw_only=True, rename=RENAMED):
    """Registry credential; never holds the secret."""

    registry_id: Id | None = None
    public_value: str | None = None
    email: str | None = None
    account_id: str | None = None


class Registry(Resource, frozen=True, kw_only=True, rename=RENAMED):
    """Registry of a project. `credentials` is None unless they were asked for."""

    server_address: str | None = None
    account_id: str | None = None
    block_device_path: str | None = None
    driver_name: str | None = None
    external_id: str | None = None
    remove_time: str | None = None
    volume_access_mode: str | None = None
    volume_capabilities: list[str] | str | None = None
    credentials: tuple[RegistryCredential, ...] | None = None


class Project(Resource, frozen=True, kw_only=True, rename=RENAMED):
    """Project; Rancher's own pages call it an environment."""


class SchemaField(msgspec.Struct, frozen=True, kw_only=True, rename=RENAMED):
    """Rules of a field; lengths in characters, None for no limit."""

    create: bool = False
    update: bool = False
    required: bool = False
    max_length: int | None = None
    min_length: int | None = None


class Schema(msgspec.Struct, frozen=True, kw_only=True, rename=RENAMED):
    """Schema of a type: what a key may do with it in one project."""

    id: str
    collection_methods: frozenset[str] = frozenset()
    resource_methods: frozenset[str] = frozenset()
    resource_actions: dict[str, Any] = {}
    fields: dict[str, SchemaField] = {}

    @property
    def is_writable(self) -> bool:
        """Whether the key may create; a read-only member sees GET only (rancher.md, "Keys and paths")."""
        return "POST" in self.collection_methods


class Pagination(msgspec.Struct, frozen=True, kw_only=True):
    next: str | None = None


class Collection(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list, as sent."""

    data: tuple[T, ...]
    pagination: Pagination | None = None


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """A list read from all its pages, deduplicated by id; `warnings` say why it may be incomplete."""

    items: tuple[T, ...]
    warnings: tuple[str, ...] = ()


def decode_custom(kind: type, value: object) -> object:
    """Hook of msgspec for `ActionNames`: the keys of Rancher's map, or the stored names."""
    if kind is ActionNames and (value is None or isinstance(value, Mapping | list | tuple)):
        return ActionNames(str(name) for name in value or ())
    raise ValueError("neither a map nor a list of action names")


def to_document(registry: Registry) -> dict[str, Any]:
    """Registry as plain JSON data, for storing; holds no secret because the type has none."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(registry, order="deterministic"))
    return document


def from_document(document: Mapping[str, Any]) -> Registry:
    """Registry from the data of `to_document`."""
    return msgspec.convert(document, Registry, dec_hook=decode_custom)


def fingerprint(registries: Iterable[Registry]) -> str:
    """Hash of a list; equal for equal lists in the same order."""
    encoded = msgspec.msgpack.encode(list(registries), order="deterministic")  # the names of actions are a set
    return hashlib.sha256(encoded).hexdigest()
