"""Types of Rancher's API, as frozen structs. Its camelCase exists in the renaming below and nowhere else.

`secretValue` has no place here: unknown members are dropped while decoding, and it is one of them (Rancher sends it
back in the answer of every POST on a credential).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z]{1,32}\Z")]  # what may become part of a path
STATE = re.compile(r"[a-z-]{1,32}")  # as every state in the recordings reads
TRANSITIONING = frozenset({"yes", "no", "error"})
NUMBERS = (int, float)
YEARS = range(1000, 9999)  # the ends of the calendar have no place in UTC, and none on a page
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
    """Base of every resource. `transitioning` is `yes`, `no` or `error`; times are aware, in UTC.

    `unreadable` names the fields of an unexpected answer that were left out, as Rancher spells them.
    """

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
    unreadable: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Takes a state only where it reads like one, as it goes into attributes, and a time only where UTC has it."""
        if self.state and not STATE.fullmatch(self.state):
            self._leave_out("state", "unknown")
        if self.transitioning not in TRANSITIONING:
            self._leave_out("transitioning", "no")
        if (created := self.created_at) and not (created.tzinfo is UTC and created.year in YEARS):
            self._set_time("created_at", created)
        if (removed := self.removed_at) and not (removed.tzinfo is UTC and removed.year in YEARS):
            self._set_time("removed_at", removed)
        if isinstance(progress := self.transitioning_progress, NUMBERS):
            msgspec.structs.force_setattr(self, "transitioning_progress", min(100, max(0, progress)))

    def _set_time(self, name: str, moment: datetime) -> None:
        if usable := to_utc(moment):
            msgspec.structs.force_setattr(self, name, usable)
        else:
            self._leave_out(name, None)

    def _leave_out(self, name: str, instead: object) -> None:
        msgspec.structs.force_setattr(self, name, instead)
        msgspec.structs.force_setattr(self, "unreadable", (*(self.unreadable or ()), RENAMED.get(name, name)))

    @property
    def is_unexpected(self) -> bool:
        """Whether a part of the answer could not be read."""
        return bool(self.unreadable)

    def lacks(self, *names: str) -> bool:
        """Whether one of these fields was left out as unreadable."""
        return not {RENAMED.get(name, name) for name in names}.isdisjoint(self.unreadable or ())

    @property
    def is_moving(self) -> bool:
        """Whether the resource is between two states, and not stuck in an error."""
        return self.transitioning == "yes"


def to_utc(moment: datetime) -> datetime | None:
    """The time in UTC; None at the ends of the calendar."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment.year in YEARS else None


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

    def __post_init__(self) -> None:
        super().__post_init__()
        for credential in self.credentials or ():
            if credential.unreadable and not self.lacks("credentials"):
                self._leave_out("credentials", self.credentials)


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
