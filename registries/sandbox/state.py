"""The server's state as plain structs that can be written to a file, and the clockwork that moves it on.

Times are milliseconds since 1970 in UTC. A resource is known by its number; `1sp12` is registry number 12.
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from registries.sandbox import state_machine

AUDIT_KEPT = 2_000
PROCESSES_KEPT = 2_000

# The letters in an id. Version 2 names a pull task after its table, `generic_object`.
PREFIXES = {
    "registry": "sp",
    "storagePool": "sp",
    "registryCredential": "c",
    "credential": "c",
    "apiKey": "c",
    "project": "a",
    "account": "a",
    "pullTask": "pt",
    "auditLog": "al",
    "processInstance": "pi",
    "host": "h",
    "container": "i",
}


class Row(msgspec.Struct, kw_only=True):
    """A registry, registryCredential, pullTask, container or project."""

    kind: str
    number: int
    account: int
    uuid: str
    created: int
    name: str | None = None
    description: str | None = None
    state: str
    removed: int | None = None
    fields: dict[str, Any] = {}
    due: int | None = None
    queue: list[str] = []


class AuditRow(msgspec.Struct, kw_only=True):
    number: int
    account: int
    actor: int
    client: str
    created: int
    event: str
    resource_kind: str
    resource: int | None
    status: int
    request_object: str
    response_object: str


class ProcessRow(msgspec.Struct, kw_only=True):
    number: int
    name: str
    resource_kind: str
    resource: int
    data: dict[str, Any]
    started: int
    ended: int


class Account(msgspec.Struct, kw_only=True):
    """A person (`user`, `admin`) or a project acting for itself. `roles`: project number -> membership role."""

    number: int
    kind: str
    name: str
    roles: dict[int, str] = {}


class Key(msgspec.Struct, kw_only=True):
    role: str
    access: str
    secret: str
    account: int
    active: bool = True


class State(msgspec.Struct, kw_only=True):
    generation: str
    accounts: dict[int, Account] = {}
    keys: list[Key] = []
    registries: dict[int, Row] = {}
    credentials: dict[int, Row] = {}
    pull_tasks: dict[int, Row] = {}
    containers: dict[int, Row] = {}
    projects: dict[int, Row] = {}
    audit: list[AuditRow] = []
    processes: list[ProcessRow] = []
    settings: dict[str, str | None] = {}
    hosts: dict[int, list[str]] = {}
    """Project -> the names of its hosts."""
    host_labels: dict[str, dict[str, str]] = {}
    """Name of a host -> its labels."""
    counters: dict[str, int] = {}

    def rows(self, kind: str) -> dict[int, Row]:
        """The rows of one kind by number."""
        tables = {
            "registry": self.registries,
            "registryCredential": self.credentials,
            "pullTask": self.pull_tasks,
            "container": self.containers,
            "project": self.projects,
        }
        return tables[kind]

    def next_number(self, kind: str) -> int:
        """The next number of a table. API keys and registry credentials share one, as in Rancher."""
        table = PREFIXES[kind]
        self.counters[table] = self.counters.get(table, 0) + 1
        return self.counters[table]

    def credentials_by_registry(self) -> dict[int, list[Row]]:
        """Registry number -> its credentials that are not removed, oldest first."""
        found: dict[int, list[Row]] = {}
        for row in self.credentials.values():
            if row.removed is None:
                found.setdefault(row.fields["registry"], []).append(row)
        return found


def add_row(state: State, kind: str, *, account: int, now: int, fields: dict[str, Any]) -> Row:
    """A new active row with the next number; its name and description are taken out of `fields`."""
    row = Row(
        kind=kind,
        number=state.next_number(kind),
        account=account,
        uuid=str(uuid.uuid4()),
        created=now,
        name=fields.pop("name", None),
        description=fields.pop("description", None),
        state="active",
        fields=fields,
    )
    state.rows(kind)[row.number] = row
    return row


class Clockwork:
    """Moves rows through their states as time passes.

    `transition_ms` is how long each transition takes; a removed registry or credential is purged by itself after
    `purge_after_ms` ("some minutes later" on a real server).
    """

    def __init__(self, state: State, *, transition_ms: int, purge_after_ms: int) -> None:
        self.state, self.transition_ms, self.purge_after_ms = state, transition_ms, purge_after_ms
        tables = (state.registries, state.credentials, state.pull_tasks, state.projects)
        rows = (row for table in tables for row in table.values())
        self._waiting = {(row.kind, row.number): row for row in rows if row.due is not None}

    def begin(self, row: Row, action: str, *, now: int, data: dict[str, Any] | None = None) -> None:
        """Starts an action: the row is in transition from now on."""
        row.state = (
            "activating" if row.kind == "pullTask" and action == "create" else state_machine.via(action, row.state)
        )
        row.due = now + self.transition_ms
        self._waiting[row.kind, row.number] = row
        if row.kind in ("registry", "registryCredential"):
            self._note_process(row, action, now=now, data=data or {"action": action})

    def advance(self, now: int) -> bool:
        """Ends the transitions that are due by `now`, and those that they start. True when anything has changed."""
        changed = False
        while due := [row for row in self._waiting.values() if row.due is not None and row.due <= now]:
            changed = True
            for row in due:
                self._fire(row)
        return changed

    def _fire(self, row: Row) -> None:
        at = row.due if row.due is not None else 0
        row.due = None
        del self._waiting[row.kind, row.number]
        if row.state == "removed":
            self.begin(row, "purge", now=at)
            return
        row.state = state_machine.ENDS[row.state]
        if row.state == "removed":
            row.removed = at
            row.due = at + self.purge_after_ms
            self._waiting[row.kind, row.number] = row
        elif row.removed is not None and row.state == "inactive":
            row.removed = None
        if row.kind == "pullTask":
            row.fields["status"] = row.fields.pop("outcome")
        if row.kind == "registry" and row.state == "purged":
            self._remove_credentials(row, now=at)
        if row.queue and row.state != "removed":
            self.begin(row, row.queue.pop(0), now=at)

    def _remove_credentials(self, registry: Row, *, now: int) -> None:
        """Removes the credentials of a purged registry, through all their states."""
        for credential in self.state.credentials_by_registry().get(registry.number, ()):
            if credential.state == "active":
                credential.queue = ["remove"]
                self.begin(credential, "deactivate", now=now)
            elif credential.state == "inactive":
                self.begin(credential, "remove", now=now)

    def _note_process(self, row: Row, action: str, *, now: int, data: dict[str, Any]) -> None:
        table = "storagePool" if row.kind == "registry" else "credential"
        process = ProcessRow(
            number=self.state.next_number("processInstance"),
            name=f"{table.lower()}.{action}",
            resource_kind=table,
            resource=row.number,
            data={name: value for name, value in data.items() if name != "secretValue"},
            started=now,
            ended=now + self.transition_ms,
        )
        self.state.processes.append(process)
        del self.state.processes[:-PROCESSES_KEPT]


def public_id(kind: str, number: int, *, version: str = "v1") -> str:
    """`1sp12` for registry number 12."""
    if kind == "pullTask" and version == "v2-beta":
        return f"1go{number}"
    return f"1{PREFIXES[kind]}{number}"


def number_in(public: str) -> int | None:
    """The number in an id. Rancher checks the form, not the letters: `1a5` finds registry number 5, `1` nothing."""
    letters = public[1:].rstrip("0123456789")
    digits = public[1 + len(letters) :]
    if public[:1] != "1" or not letters or not letters.isascii() or not letters.islower() or not letters.isalpha():
        return None
    return int(digits) if digits and len(digits) <= 18 and digits.isascii() else None
