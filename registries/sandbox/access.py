"""Authentication by key, and the rights of each role. Source: `handshake.json`, `roles.json`, `switched-off.json`."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from registries.sandbox.answers import forbidden, unauthorized
from registries.sandbox.state import Account, Key, State, number_in, public_id

CHALLENGE = 'Basic realm="Enter API access key and secret key as username and password"'
WRITING_ROLES = frozenset({"owner", "member", "restricted"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request, and the project in its path (None at the root)."""

    account: Account
    project: int | None

    @property
    def acting_as(self) -> int:
        """The account that a request is made for: the project inside its path, else the caller's own."""
        return self.account.number if self.project is None else self.project

    @property
    def may_write(self) -> bool:
        """Whether this key can change things: not a read-only member's; at the root only an admin's or a project's."""
        if self.account.kind in ("project", "admin"):
            return True
        return self.project is not None and self.account.roles.get(self.project) in WRITING_ROLES

    @property
    def may_create(self) -> bool:
        """Whether there is a project to create things in: the one in the path, or the one whose key this is."""
        return self.may_write and (self.project is not None or self.account.kind == "project")

    def sees_all_accounts(self) -> bool:
        """Whether lists show every project's resources: to an admin at the root."""
        return self.project is None and self.account.kind == "admin"

    def sees_project(self, number: int) -> bool:
        if self.account.kind == "project":
            return number == self.account.number
        return self.account.kind == "admin" or number in self.account.roles

    def is_listed(self, number: int, *, everything: bool) -> bool:
        """Whether the list of projects shows this one: an admin has to ask for those of others (`all=true`)."""
        if self.account.kind == "admin" and not everything:
            return number in self.account.roles
        return self.sees_project(number)

    def owns_project(self, number: int) -> bool:
        """Whether the project's own actions are offered."""
        return self.account.kind == "admin" or self.account.roles.get(number) == "owner"

    def headers(self, *, generation: str) -> dict[str, str]:
        """Headers that name the account. Rancher 1.4 does not yet say kind and name."""
        headers = {
            "X-API-ACCOUNT-ID": public_id("account", self.acting_as),
            "X-API-USER-ID": public_id("account", self.account.number),
        }
        if generation != "1.4":
            headers |= {"X-API-ACCOUNT-KIND": self.account.kind, "X-API-ACCOUNT-NAME": _latin(self.account.name)}
        return headers


def authenticate(state: State, authorization: str) -> Account:
    """The account behind an Authorization header.

    Raises RefusedError 401: no key, a wrong one, a switched-off one, or an environment key of a project at rest.
    """
    key = _find_key(state, authorization)
    if key is None or not key.active:
        raise unauthorized()
    account = state.accounts[key.account]
    if account.kind == "project" and state.projects[account.number].state != "active":
        raise unauthorized()
    return account


def _find_key(state: State, authorization: str) -> Key | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        access, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    for key in state.keys:
        if key.access == access and hmac.compare_digest(key.secret.encode(), secret.encode()):
            return key
    return None


def enter(state: State, account: Account, project: str | None) -> Caller:
    """The caller within the project named in the path.

    Raises RefusedError 403: a project that is unknown, inactive, named instead of identified, or not the caller's.
    """
    if project is None:
        return Caller(account, None)
    number = number_in(project)
    row = state.projects.get(number) if number is not None else None
    if row is None or row.state != "active" or not Caller(account, None).sees_project(row.number):
        raise forbidden()
    return Caller(account, row.number)


def _latin(text: str) -> str:
    """Header text without line breaks and characters that a header cannot carry."""
    return text.encode("latin-1", "replace").decode("latin-1").replace("\r", " ").replace("\n", " ")
