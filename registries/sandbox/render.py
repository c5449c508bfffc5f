"""Documents as Rancher shows them: resources with links and actions, collections, schemas, settings."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from registries.sandbox import state_machine
from registries.sandbox.access import Caller
from registries.sandbox.answers import Document
from registries.sandbox.facts import Facts
from registries.sandbox.routes import Route
from registries.sandbox.state import AuditRow, ProcessRow, Row, State, public_id

LINKS = {
    "registry": ("account", "credentials", "hosts", "images", "volumes"),
    "registryCredential": ("account", "images", "instances", "registry"),
    "pullTask": ("account",),
}
BASE_TYPES = {"registry": "storagePool", "registryCredential": "credential", "pullTask": "genericObject"}
PORT_RANGE = {"type": "servicesPortRange", "endPort": 65535, "startPort": 49153}
EMPTY_HEAD: Document = {"sortLinks": {}, "pagination": None, "sort": None, "filters": {}, "createDefaults": {}}


@functools.lru_cache(maxsize=8192)
def iso(at: int) -> str:
    """Milliseconds since 1970 as Rancher writes a time: whole seconds, UTC."""
    return datetime.fromtimestamp(at // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Renderer:
    """Writes documents for one caller.

    `base` is scheme and host. `root` becomes `http://host/v1`, `prefix` the same or the project's path below it.
    """

    def __init__(self, state: State, facts: Facts, *, base: str, route: Route, caller: Caller) -> None:
        self.state, self.facts, self.caller = state, facts, caller
        self.version, self.root, self.prefix = route.version, f"{base}/{route.version}", base + route.prefix
        self.restores = state.generation == "1.4"

    def id_of(self, row: Row) -> str:
        return public_id(row.kind, row.number, version=self.version)

    def collection_url(self, kind: str) -> str:
        return f"{self.prefix}/{self.facts.schemas[self.version][kind].plural.lower()}"

    def resource(self, row: Row, *, secret: bool = False, include: Sequence[str] = ()) -> Document:
        """A resource. `secret`: show a credential's secret, as the real server does in every answer to a POST."""
        if row.kind == "project":
            return self.project(row)
        public = self.id_of(row)
        url = f"{self.collection_url(row.kind)}/{public}"
        document: Document = {
            "id": public,
            "type": row.kind,
            "links": {"self": url} | {name: f"{url}/{name}" for name in LINKS[row.kind]},
            "actions": self._actions(row, url) if self.caller.may_write else {},
            "baseType": BASE_TYPES[row.kind],
            "name": row.name,
            "state": row.state,
            "accountId": public_id("account", row.account),
        }
        shape = {"registry": self._registry, "registryCredential": self._credential, "pullTask": self._pull_task}
        return document | shape[row.kind](row, secret=secret, include=include)

    def _actions(self, row: Row, url: str) -> dict[str, str]:
        actions = state_machine.offered(row.kind, row.state, version=self.version, restores=self.restores)
        return {action: f"{url}/?action={action}" for action in actions}

    @functools.cached_property
    def _credentials(self) -> dict[int, list[Row]]:
        return self.state.credentials_by_registry()

    def _registry(self, row: Row, *, secret: bool, include: Sequence[str]) -> Document:
        shown: Document = {"blockDevicePath": None} | _creation(row)
        if "credentials" in include and (rows := self._credentials.get(row.number)):
            shown["credentials"] = [self.resource(one) for one in rows]  # without credentials there is no such member
        if self.caller.sees_all_accounts():
            shown |= {"data": {"fields": {"serverAddress": row.fields["serverAddress"]}}, "removeTime": None}
        shown |= {"description": row.description, "driverName": None, "externalId": None, "kind": row.kind}
        shown |= _removal(row) | {"serverAddress": row.fields["serverAddress"]} | _transition(row)
        return shown | {"uuid": row.uuid, "volumeAccessMode": None, "volumeCapabilities": None}

    def _credential(self, row: Row, *, secret: bool, include: Sequence[str]) -> Document:
        shown: Document = _creation(row) | {"description": row.description}
        if "email" in self.facts.schemas[self.version][row.kind].fields:
            shown["email"] = row.fields.get("email")
        shown |= {"kind": row.kind, "publicValue": row.fields.get("publicValue")}
        if "registry" in include and (registry := self.state.registries.get(row.fields["registry"])):
            shown["registry"] = self.resource(registry)
        shown |= {"registryId": public_id("registry", row.fields["registry"])} | _removal(row)
        shown |= {"secretValue": row.fields.get("secretValue") if secret else None} | _transition(row)
        return shown | {"uuid": row.uuid}

    def _pull_task(self, row: Row, *, secret: bool, include: Sequence[str]) -> Document:
        shown: Document = _creation(row) | {
            "description": row.description,
            "image": row.fields.get("image"),
            "kind": row.kind,
            "labels": row.fields.get("labels"),
            "mode": row.fields.get("mode"),
        }
        return shown | _removal(row) | {"status": row.fields.get("status")} | _transition(row) | {"uuid": row.uuid}

    def project(self, row: Row) -> Document:
        """A project; at the root, the admin is shown a few fields more."""
        public = public_id("project", row.number)
        url, at_root = f"{self.prefix}/projects/{public}", self.caller.project is None
        names = self.facts.project_links[self.caller.account.kind] if at_root else self._account_links()
        links = {name: f"{url}/{name.lower()}" for name in names}
        links |= {"self": url, "hostStats": f"{url}/projects/{public}/hoststats"}
        document: Document = {
            "id": public,
            "type": "project",
            "links": links,
            "actions": {action: f"{url}/?action={action.lower()}" for action in self._project_actions(row)},
            "baseType": "account",
            "name": row.name,
            "state": row.state,
            "description": row.description,
            "kind": "project",
            "members": None,
        } | _creation(row)
        if at_root and self.caller.account.kind == "admin":
            document |= {"allowSystemRole": False, "data": {"fields": row.fields["data"]}, "removeTime": None}
        document |= self._project_fields()
        document |= _removal(row) | {"servicesPortRange": PORT_RANGE} | _transition(row)
        return document | {"uuid": row.uuid, "virtualMachine": False}

    def _account_links(self) -> list[str]:
        return [name for name in self.facts.account_links[self.version] if name not in self.facts.newer]

    def _project_actions(self, row: Row) -> list[str]:
        """The actions on offer: the owner's at the root, and in version 2 one for every key that may write."""
        owns = self.caller.project is None and self.caller.owns_project(row.number)
        offered = state_machine.offered("project", row.state, version=self.version, restores=False) if owns else ()
        own = ["defaultNetworkId"] if self.version == "v2-beta" and (owns or self.caller.may_write) else []
        return [*offered, *own]

    def _project_fields(self) -> Document:
        """The fields of a project that only one API version has."""
        if self.version == "v1":
            return dict.fromkeys(("kubernetes", "mesos", "publicDns", "swarm"), False)
        empty = ["defaultNetworkId", "hostRemoveDelaySeconds", "projectTemplateId"]
        if self.caller.project is None:
            empty.append("projectLinks")
        fields: Document = {name: None for name in empty if name not in self.facts.newer}
        return fields | {"healthState": "healthy", "orchestration": "cattle", "version": "2"}

    def audit_row(self, row: AuditRow) -> Document:
        url, identity = f"{self.prefix}/auditlogs/{public_id('auditLog', row.number)}", f"1i!rancher_id:{row.actor}"
        links = {"self": url, "account": f"{url}/account", "authenticatedAsAccount": f"{url}/authenticatedasaccount"}
        resource = None
        if row.resource is not None:
            resource = public_id(row.resource_kind, row.resource, version=self.version)
            plural = self.facts.schemas[self.version][row.resource_kind].plural.lower()
            links["resource"] = f"{self.prefix}/{plural}/{resource}"
        links["authenticatedAsIdentity"] = f"{self.prefix}/identities/{identity}"
        return {
            "id": public_id("auditLog", row.number),
            "type": "auditLog",
            "links": links,
            "actions": {},
            "baseType": "auditLog",
            "accountId": public_id("account", row.account),
            "authType": "BasicAuth",
            "authenticatedAsAccountId": public_id("account", row.actor),
            "authenticatedAsIdentityId": identity,
            "clientIp": row.client,
            "created": iso(row.created),
            "createdTS": row.created,
            "description": None,
            "eventType": row.event,
            "kind": "auditLog",
            "requestObject": row.request_object,
            "resourceId": resource,
            "resourceType": row.resource_kind,
            "responseCode": row.status,
            "responseObject": row.response_object,
        }

    def process(self, row: ProcessRow) -> Document:
        url = f"{self.prefix}/processinstances/{public_id('processInstance', row.number)}"
        return {
            "id": public_id("processInstance", row.number),
            "type": "processInstance",
            "links": {"self": url, "processExecutions": f"{url}/processexecutions"},
            "actions": {},
            "baseType": "processInstance",
            "data": row.data,
            "endTime": iso(row.ended),
            "endTimeTS": row.ended // 1000 * 1000,
            "exitReason": "DONE",
            "phase": "DONE",
            "priority": 0,
            "processName": row.name,
            "resourceId": public_id(row.resource_kind, row.resource),
            "resourceType": row.resource_kind,
            "result": "SUCCESS",
            "runningProcessServerId": None,
            "startProcessServerId": "192.0.2.2",
            "startTime": iso(row.started),
            "startTimeTS": row.started // 1000 * 1000,
        }

    def setting(self, name: str) -> Document:
        """A setting; only an admin sees where its value comes from."""
        value = self.state.settings[name]
        document: Document = {
            "id": name,
            "type": "activeSetting",
            "links": {"self": f"{self.prefix}/settings/{name}"},
            "actions": {},
            "baseType": "setting",
            "name": name,
            "activeValue": value,
        }
        if self.caller.account.kind == "admin":
            document |= {"inDb": False, "source": None}
        return document | {"value": value}

    def api_version(self) -> Document:
        names = self.facts.root_links[self.caller.account.kind]
        links = {name: f"{self.root}/{name.lower()}" for name in names} | {"self": self.root}
        return {"id": self.version, "type": "apiVersion", "links": links, "actions": {}, "baseType": "apiVersion"}

    def credential_types(self) -> dict[str, str]:
        """Types of credential -> where they are created."""
        names = ("apiKey", "password", "registrationToken", "registryCredential")
        return {name: f"{self.prefix}/{name.lower()}s" for name in names}

    def collection(self, kind: str, url: str, data: Iterable[Any], head: Document | None = None) -> Document:
        """A collection. `head`: sort links, paging, sort and filters; unpaged collections have none."""
        return {
            "type": "collection",
            "resourceType": kind,
            "links": {"self": url},
            "createTypes": {},
            "actions": {},
            "data": list(data),
        } | (head if head is not None else EMPTY_HEAD)


def _creation(row: Row) -> Document:
    """Time of creation, in whole seconds."""
    return {"created": iso(row.created), "createdTS": row.created // 1000 * 1000}


def _removal(row: Row) -> Document:
    if row.removed is None:
        return {"removed": None}
    return {"removed": iso(row.removed), "removedTS": row.removed // 1000 * 1000}


def _transition(row: Row) -> Document:
    moving = state_machine.moving(row.state)
    return {
        "transitioning": "yes" if moving else "no",
        "transitioningMessage": "In Progress" if moving else None,
        "transitioningProgress": None,
    }
