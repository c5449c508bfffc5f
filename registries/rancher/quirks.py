"""Quirks of Rancher: everything that differs between its API versions (v1, v2-beta) and its generations (1.4, 1.6).

The facts are in rancher.md and were recorded from real servers. A difference that Rancher tells itself is read from its
answer (a header, a map of actions), never guessed from the server's version.
"""

from collections.abc import Collection, Mapping
from typing import Final, Literal, get_args

ApiVersion = Literal["v1", "v2-beta"]
KeyKind = Literal["environment", "account"]

API_VERSIONS: Final[tuple[ApiVersion, ...]] = get_args(ApiVersion)
AUDIT_LOG_VERSION: Final[ApiVersion] = "v2-beta"  # v1 has no audit log, whichever version the rest is asked by
NEUTRAL_EMAIL: Final = "none@example.invalid"  # RFC 2606
ACCOUNT_ID_HEADER: Final = "x-api-account-id"
ACCOUNT_KIND_HEADER: Final = "x-api-account-kind"


def usually_needs_email(api_version: str) -> bool:
    """Whether a credential needs an e-mail, for when the project's schema can't be read.

    v1 requires one everywhere. v2-beta of Rancher 1.4 requires it as well, that of 1.6 has no such field; the schema
    tells (`resourceFields.email.required`).
    """
    return api_version == "v1"


def email_to_send(email: str | None, *, is_needed: bool) -> str | None:
    """The e-mail of a new credential; None leaves the field out. A missing one becomes neutral: nothing checks it."""
    return (email or NEUTRAL_EMAIL) if is_needed else None


def key_kind_by_header(headers: Mapping[str, str]) -> KeyKind | None:
    """The kind of a key from the answer's headers. 1.6 tells it; 1.4 doesn't (None)."""
    kind = headers.get(ACCOUNT_KIND_HEADER)
    if not kind:
        return None
    return "environment" if kind == "project" else "account"


def key_kind_by_account(account_id: str, project_ids: Collection[str]) -> KeyKind:
    """The kind of a key from its account (for 1.4): projects are accounts too, and an environment key is its own's."""
    return "environment" if account_id in project_ids else "account"


def can_restore(actions: Collection[str]) -> bool:
    """Whether a removed resource can be brought back. 1.4 offers the action, 1.6 doesn't."""
    return "restore" in actions
