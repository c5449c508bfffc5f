"""Rules for creating, changing and moving resources, with the errors for what is not allowed.

Source: `registry-life-*.json`, `registry-errors.json`, `credentials.json`, `restore.json`, `pull-on-hosts.json`.
"""

from __future__ import annotations

from registries.sandbox import pulls, request_body, state_machine
from registries.sandbox.answers import Document, RefusedError, invalid, method_not_allowed, not_found
from registries.sandbox.request import Request
from registries.sandbox.state import Row, State, add_row, number_in

Result = tuple[int, Document]


def find(request: Request, kind: str, public: str) -> Row:
    """The row behind an id in the path.

    Raises RefusedError 404 for what is unknown, malformed, or belongs to a project that the caller is not in.
    """
    number = number_in(public)
    row = request.state.rows(kind).get(number) if number is not None else None
    if row is None or not _visible(request, row):
        raise not_found()
    return row


def _visible(request: Request, row: Row) -> bool:
    if row.kind == "project":
        return request.caller.sees_project(row.number)
    return request.caller.sees_all_accounts() or row.account == request.caller.acting_as


def listed(request: Request, kind: str) -> list[Row]:
    """The rows that lists show: those that are not removed, by id."""
    return [row for row in request.state.rows(kind).values() if row.removed is None and _visible(request, row)]


def create(request: Request, kind: str) -> Result:
    """POST on a collection: 201 with the new resource, already in transition."""
    schema = request.schema(kind)
    if "POST" not in schema.collection_methods or not request.caller.may_create:
        raise method_not_allowed()
    if request.action is not None:
        raise invalid("InvalidAction", "action")
    given = request_body.writable_input(schema, request.body, creating=True)
    audited = request_body.without_secrets(given, size=len(request.body))
    account = request.caller.acting_as
    if kind == "registry" and _address_taken(request.state, account, given["serverAddress"]):
        raise RefusedError(400, "ServerAddressUsed")
    if kind == "registryCredential":
        registry = request.state.registries.get(given["registryId"])
        if registry is None or registry.account != account:  # even a removed or purged registry takes credentials
            raise invalid("InvalidReference", "registryId")
        audited["kind"] = kind
    request.audited = audited
    row = add_row(request.state, kind, account=account, now=request.now, fields=_stored(given))
    if kind == "pullTask":
        pulls.plan(request.state, row)
    request.clockwork.begin(row, "create", now=request.now, data=audited | {"kind": kind})
    request.resource = row.number
    return 201, request.render.resource(row, secret=True)


def _address_taken(state: State, account: int, address: str) -> bool:
    """Whether another registry has the address, ignoring case but not a slash or scheme; removed ones don't count."""
    return any(
        row.account == account and row.removed is None and row.fields["serverAddress"].lower() == address.lower()
        for row in state.registries.values()
    )


def _stored(given: Document) -> Document:
    return {"registry" if name == "registryId" else name: value for name, value in given.items()}


def update(request: Request, kind: str, public: str) -> Result:
    """PUT on a resource: 200 with the resource as it is now, in every state, even a removed one."""
    schema = request.schema(kind)
    if "PUT" not in schema.resource_methods or not request.caller.may_write:
        raise method_not_allowed()
    row = find(request, kind, public)
    given = request_body.writable_input(schema, request.body, creating=False)
    request.audited, request.resource = request_body.without_secrets(given, size=len(request.body)), row.number
    if "name" in given:
        row.name = given.pop("name")
    if "description" in given:
        row.description = given.pop("description")
    row.fields |= _stored(given)
    return 200, request.render.resource(row)


def delete(request: Request, kind: str, public: str) -> Result:
    """DELETE: starts removing an inactive resource; for one that is gone it answers 200 and does nothing."""
    if "DELETE" not in request.schema(kind).resource_methods or not request.caller.may_write:
        raise method_not_allowed()
    row = find(request, kind, public)
    request.audited = {}
    if row.state not in state_machine.GONE:
        if "remove" not in _offered(request, row):
            raise method_not_allowed()
        request.clockwork.begin(row, "remove", now=request.now, data={})
    request.resource = row.number
    return 200, request.render.resource(row)


def act(request: Request, kind: str, public: str, action: str) -> Result:
    """POST with `?action=`: 202 with the resource in transition. `update` changes no field, as on the real server.

    Raises RefusedError 422: `InvalidAction` for an action that the schema does not name (to a read-only key: any),
    `ActionNotAvailable` for one that the state does not allow.
    """
    row = find(request, kind, public)
    if kind == "project":
        return _act_on_project(request, row, action)
    if not request.caller.may_write or action not in request.schema(kind).actions:
        raise invalid("InvalidAction", "action")
    if action not in _offered(request, row):
        raise invalid("ActionNotAvailable", "action")
    data = request.audited | {"action": action}
    request.audited, request.resource = data, row.number
    request.clockwork.begin(row, action, now=request.now, data=data)
    return 202, request.render.resource(row, secret=True)


def _act_on_project(request: Request, row: Row, action: str) -> Result:
    """Activates or deactivates a project; answers 200, not 202."""
    if not request.caller.owns_project(row.number) or action not in request.schema("project").actions:
        raise invalid("InvalidAction", "action")
    if action not in ("activate", "deactivate") or action not in state_machine.PROJECT_OFFERED.get(row.state, ()):
        raise invalid("ActionNotAvailable", "action")
    request.audited, request.resource = {"action": action}, row.number
    request.clockwork.begin(row, action, now=request.now)
    return 200, request.render.project(row)


def _offered(request: Request, row: Row) -> tuple[str, ...]:
    restores = request.state.generation == "1.4"
    return state_machine.offered(row.kind, row.state, version=request.route.version, restores=restores)


def change_setting(request: Request, name: str) -> Result:
    """PUT on a setting, for admins at the root only."""
    if request.caller.account.kind != "admin":
        raise method_not_allowed()
    if name not in request.state.settings:
        raise not_found()
    value = request.state.settings[name] = request_body.java_text(request.body.get("value"))
    request.audited = {"value": value}
    return 200, request.render.setting(name)
