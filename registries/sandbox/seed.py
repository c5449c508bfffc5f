"""Initial states: accounts, projects and keys as in the recordings, and the demo's registries."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from registries.sandbox.demo_rows import DEMO, DEMO2, DemoProject
from registries.sandbox.state import Account, Key, State, add_row

SEEDS = ("empty", "demo", "demo2")
FIRST_PROJECT, SECOND_PROJECT, STRANGERS_PROJECT = 5, 7, 13
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

# Role -> account. The numbers are those of the recordings: `1a1` is the admin, `1a5` and `1a7` are projects.
_ACCOUNTS = {
    "env": Account(number=FIRST_PROJECT, kind="project", name="Default"),
    "env2": Account(number=SECOND_PROJECT, kind="project", name="Staging"),
    "admin": Account(number=1, kind="admin", name="Admin", roles={FIRST_PROJECT: "owner", SECOND_PROJECT: "owner"}),
    "owner": Account(number=8, kind="user", name="Owner", roles={FIRST_PROJECT: "owner"}),
    "member": Account(number=9, kind="user", name="Member", roles={FIRST_PROJECT: "member"}),
    "restricted": Account(number=10, kind="user", name="Restricted", roles={FIRST_PROJECT: "restricted"}),
    "readonly": Account(number=11, kind="user", name="Readonly", roles={FIRST_PROJECT: "readonly"}),
    "stranger": Account(number=12, kind="user", name="Stranger", roles={STRANGERS_PROJECT: "owner"}),
}
ROLES = tuple(_ACCOUNTS)
_PORTS = {"startPort": 49153, "endPort": 65535}
_SETTINGS = ("rancher.server.version", "registry.default", "registry.whitelist", "api.host")
_VERSIONS = {"1.4": "v1.4.3", "1.6": "v1.6.30"}


def new_state(seed: str, *, generation: str, now: float, keys: Mapping[str, tuple[str, str]] | None = None) -> State:
    """An initial state: `empty` has projects without registries, `demo` and `demo2` those of the demo.

    `now` is in seconds; `keys` (role -> access and secret key) are made up where not given. Raises ValueError for an
    unknown seed or a role without a key.
    """
    if seed not in SEEDS:
        raise ValueError(f"there is no seed {seed!r}, only {', '.join(SEEDS)}")
    at = round(now * 1000)
    state = State(generation=generation, settings=dict.fromkeys(_SETTINGS))
    _add_people(state, keys if keys is not None else new_keys())
    demo = {"empty": (), "demo": DEMO, "demo2": DEMO2}[seed]
    names = {FIRST_PROJECT: "Default", SECOND_PROJECT: "Staging", STRANGERS_PROJECT: "stranger-Default"}
    names |= {project.number: project.name for project in demo}
    for number, name in names.items():
        _add_project(state, number, name, at=at if seed == "empty" else at - 760 * DAY_MS)
    for project in demo:
        _add_registries(state, project, at=at)
    if demo:
        state.settings["rancher.server.version"] = _VERSIONS[generation]
    return state


def new_keys() -> dict[str, tuple[str, str]]:
    """A fresh key for every role, in the form that Rancher gives them."""
    return {role: (secrets.token_hex(10).upper(), secrets.token_hex(20)) for role in ROLES}


def _add_people(state: State, keys: Mapping[str, tuple[str, str]]) -> None:
    if missing := [role for role in ROLES if role not in keys]:
        raise ValueError(f"no key for {', '.join(missing)}")
    for role, account in _ACCOUNTS.items():
        state.accounts[account.number] = Account(
            number=account.number, kind=account.kind, name=account.name, roles=dict(account.roles)
        )
        access, secret = keys[role]
        state.keys.append(Key(role=role, access=access, secret=secret, account=account.number))
        state.next_number("apiKey")


def _add_project(state: State, number: int, name: str, *, at: int) -> None:
    state.counters["a"] = number - 1
    second = number == SECOND_PROJECT
    data: dict[str, object] = {"orchestration": "cattle", "servicesPortRange": _PORTS}
    if second:
        data |= {"virtualMachine": False, "allowSystemRole": False}
    fields = {"name": name, "description": "second environment" if second else None, "data": data}
    row = add_row(state, "project", account=number, now=at, fields=fields)
    if number == FIRST_PROJECT:
        row.uuid = "adminProject"
    if number in state.accounts:
        state.accounts[number].name = name


def _add_registries(state: State, project: DemoProject, *, at: int) -> None:
    for demo in sorted(project.registries, key=lambda one: -one.age_days):
        created = at - demo.age_days * DAY_MS - (demo.age_days * 37 % 24) * HOUR_MS
        fields: dict[str, object] = {"name": demo.name, "description": demo.description, "serverAddress": demo.address}
        registry = add_row(state, "registry", account=project.number, now=created, fields=fields)
        registry.state = "active" if demo.active else "inactive"
        for credential in demo.credentials:
            fields = {
                "name": credential.name,
                "description": credential.description,
                "registry": registry.number,
                "publicValue": credential.user,
                "secretValue": secrets.token_urlsafe(24),
                "email": credential.email,
            }
            later = created + credential.days_later * DAY_MS
            row = add_row(state, "registryCredential", account=project.number, now=later, fields=fields)
            row.state = "active" if credential.active else "inactive"
