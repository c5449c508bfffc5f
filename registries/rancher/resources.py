"""Resources of Rancher's API: one class per type, with its paths and methods."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from registries.outbound.answer import Answer
from registries.outbound.errors import BadResponse
from registries.outbound.transport import Transport
from registries.rancher import decode, decode_rows, quirks
from registries.rancher.errors import PEER, NotFound, ReadOnlyKey
from registries.rancher.types import Collection, Listing, Project, Registry, RegistryCredential, Resource, Schema

R = TypeVar("R", bound=Resource)
ID = re.compile(r"[0-9a-z]{1,32}")
PAGE_ROWS, MAX_ROWS, MAX_PAGES = 500, 10_000, 50
MARKER = re.compile(r"m\d{1,9}")

Fields = Mapping[str, str | None]
SettingName = Literal["rancher.server.version", "registry.default", "registry.whitelist"]


class Endpoint:
    """Endpoint of one project: the transport, the key, the API's root path and the project's."""

    def __init__(self, transport: Transport, *, auth: tuple[str, str], root: str, project_root: str) -> None:
        self.transport, self.auth, self.root, self.project_root = transport, auth, root, project_root

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Answer:
        return self.transport.send("GET", path, query=query, auth=self.auth)

    def write(self, method: str, path: str, *, query: Sequence[tuple[str, str]] = (), fields: Any = None) -> Answer:
        """Sends a write. Raises ReadOnlyKey before anything is sent with a key that may only read."""
        if self.transport.read_only:
            raise ReadOnlyKey
        payload = msgspec.json.encode(fields) if fields is not None else None
        return self.transport.send(method, path, query=query, payload=payload, auth=self.auth)


class Collectible(Generic[R]):
    """Collection of a project. Ids are checked before they become part of a path."""

    plural: str
    one: "msgspec.json.Decoder[R]"
    many: "msgspec.json.Decoder[Collection[R]]"

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def path(self) -> str:
        return f"{self.endpoint.project_root}/{self.plural}"

    def path_of(self, rancher_id: str) -> str:
        """Path of one resource. Raises NotFound for an impossible id, without a call."""
        if not ID.fullmatch(rancher_id):
            raise NotFound(404)
        return f"{self.path}/{rancher_id}"

    def _list_all(self, query: Sequence[tuple[str, str]] = ()) -> Listing[R]:
        """Reads all rows in pages of 500, deduplicated: rows can be repeated while others write."""
        rows: dict[str, R] = {}
        warnings: tuple[str, ...] = ()
        marker, unreadable = "", 0
        for _ in range(MAX_PAGES):
            page_query = [("limit", str(PAGE_ROWS)), *query] + ([("marker", marker)] if marker else [])
            page = decode_rows.decode_rows(self.endpoint.get(self.path, page_query), self.many, self.one.type)
            known = len(rows)
            rows |= {row.id: row for row in page.rows}
            unreadable += page.unreadable
            if not page.next:
                warnings = page.warnings
                break
            marker, warning = self._next_marker(page.next, marker, grew=len(rows) > known)
            if warning or len(rows) >= MAX_ROWS:
                warnings = (warning or f"Only the first {MAX_ROWS:,} rows were read.",)
                break
        else:
            warnings = (f"The list did not end after {MAX_PAGES} pages; what was read is shown.",)
        return Listing(tuple(rows.values())[:MAX_ROWS], warnings + decode_rows.left_out(unreadable))

    def _next_marker(self, following: str, last: str, *, grew: bool) -> tuple[str, str]:
        """Marker of the next page, or a warning. It comes from the page's link, which itself is never followed."""
        try:
            parts = urlsplit(following)
        except ValueError:
            return "", "Rancher gives no address that can be read for the rest of the list; what was read is shown."
        marker = parse_qs(parts.query).get("marker", [""])[0]
        if not MARKER.fullmatch(marker) or marker == last or not grew:
            return "", "Rancher's list leads back to itself; what was read is shown."
        return marker, ""

    def _get(self, rancher_id: str, query: Sequence[tuple[str, str]] = ()) -> R:
        return decode_rows.decode_resource(self.endpoint.get(self.path_of(rancher_id), query), self.one)

    def _create(self, fields: Fields) -> R:
        return decode.decode(self.endpoint.write("POST", self.path, fields=fields), self.one, wrote=True)

    def _update(self, rancher_id: str, fields: Fields) -> R:
        answer = self.endpoint.write("PUT", self.path_of(rancher_id), fields=fields)
        return decode.decode(answer, self.one, wrote=True)

    def act(self, rancher_id: str, action: str) -> R:
        """Starts an action: 202, the resource in transition. Raises Invalid or Conflict when the state forbids it."""
        answer = self.endpoint.write("POST", self.path_of(rancher_id), query=[("action", action)])
        return decode.decode(answer, self.one, wrote=True)

    def remove(self, rancher_id: str) -> R:
        """Removes an inactive resource: 200, state `removing`. Raises MethodNotAllowed for an active one."""
        return decode.decode(self.endpoint.write("DELETE", self.path_of(rancher_id)), self.one, wrote=True)


class RegistryResource(Collectible[Registry]):
    plural, one, many = "registries", decode.REGISTRY, decode.REGISTRIES

    def list_all(self, *, include_credentials: bool = True) -> Listing[Registry]:
        """Lists every registry that isn't removed."""
        if not include_credentials:
            return self._list_all()
        listing = self._list_all(WITH_CREDENTIALS)
        return Listing(tuple(map(_with_credentials, listing.items)), listing.warnings)

    def get(self, rancher_id: str, *, include_credentials: bool = False) -> Registry:
        """Reads one registry, removed ones too. Raises NotFound."""
        if not include_credentials:
            return self._get(rancher_id)
        return _with_credentials(self._get(rancher_id, WITH_CREDENTIALS))

    def create(self, *, server_address: str, name: str | None = None, description: str | None = None) -> Registry:
        """Creates a registry: 201, state `registering`. Raises Invalid (`ServerAddressUsed` for a twin)."""
        return self._create({"serverAddress": server_address, "name": name, "description": description})

    def update(self, rancher_id: str, **fields: str | None) -> Registry:
        """Updates `name` and `description` if given; None clears. The last writer wins."""
        return self._update(rancher_id, fields)


class CredentialResource(Collectible[RegistryCredential]):
    plural, one, many = "registrycredentials", decode.CREDENTIAL, decode.CREDENTIALS

    def list_of(self, registry_id: str) -> Listing[RegistryCredential]:
        """Lists the credentials of one registry. The registry's own link gives an empty list (rancher.md)."""
        return self._list_all([("registryId", registry_id)])

    def get(self, rancher_id: str) -> RegistryCredential:
        return self._get(rancher_id)

    def create(
        self,
        *,
        registry_id: str,
        public_value: str,
        secret_value: str,
        email: str | None = quirks.NEUTRAL_EMAIL,
        name: str | None = None,
        description: str | None = None,
    ) -> RegistryCredential:
        """Creates a credential: 201, `registering`. `email` None leaves the field out (`quirks.email_to_send`)."""
        fields: dict[str, str | None] = {
            "registryId": registry_id,
            "publicValue": public_value,
            "secretValue": secret_value,
            "name": name,
            "description": description,
        }
        return self._create(fields | ({"email": email} if email is not None else {}))

    def update(self, rancher_id: str, **fields: str | None) -> RegistryCredential:
        """Updates `public_value`, `secret_value`, `email`, `name`, `description` if given."""
        names = {"public_value": "publicValue", "secret_value": "secretValue"}
        return self._update(rancher_id, {names.get(name, name): value for name, value in fields.items()})


class ProjectResource:
    """Projects, at the root of the API."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def list(self) -> tuple[Project, ...]:
        """Lists the projects that the key can see; an environment key sees its own."""
        answer = self.endpoint.get(f"{self.endpoint.root}/projects")
        return decode_rows.decode_rows(answer, decode.PROJECTS, Project).rows


class SchemaResource:
    """The project's own schema, which says what the key may do."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def get(self, kind: str) -> Schema:
        """Reads the schema of one type, such as `registry`."""
        return decode.decode(self.endpoint.get(f"{self.endpoint.project_root}/schemas/{kind}"), decode.SCHEMA)


class SettingResource:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def value(self, name: SettingName) -> str | None:
        """Value of a setting; None where it isn't set or not told."""
        return decode.decode(self.endpoint.get(f"{self.endpoint.root}/settings/{name}"), decode.SETTING).value

    def server_version(self) -> str | None:
        """The server's version, such as "v1.6.30"."""
        return self.value("rancher.server.version")


WITH_CREDENTIALS = (("include", "credentials"),)


def _with_credentials(registry: Registry) -> Registry:
    """Adds empty credentials: Rancher leaves the member out for none, even when it was asked for (credentials.json)."""
    is_told = registry.credentials is not None or registry.lacks("credentials")
    return registry if is_told else msgspec.structs.replace(registry, credentials=())


def expect_text(answer: Answer, text: str) -> None:
    """Raises BadResponse unless the body is exactly this text (`pong` of /ping)."""
    decode.check_status(answer)
    if answer.body.strip() != text.encode():
        raise BadResponse("not_json", peer=PEER)
