"""Errors of Rancher's API, beside those of the transport (`outbound.errors`).

UpstreamError                of `outbound`: reason, whether a retry can help, whether the change may have happened
├── ReadOnlyKey              a write with a key that may only read; nothing was sent
└── ApiError                 Rancher's own refusal, with status and code
    ├── Unauthorized         401: no such key, wrong, switched off
    ├── Forbidden            403: no right to that project
    ├── NotFound             404
    ├── MethodNotAllowed     405: a key that may only read, or a state that forbids it
    ├── Conflict             409: another writer was quicker, or a character the database can't store
    ├── Invalid              400, 422: with the field that was refused
    ├── Busy                 429, and 503 with Retry-After: the seconds to wait, if they can be read
    └── ServerFault          other 5xx

`str(error)` is one sentence for people; it never holds text from the other side, nor a secret.
"""

import re

from registries.outbound.errors import ReadOnly, UpstreamError

PEER = "Rancher"  # name of the other side in sentences of the transport's errors
CODE = re.compile(r"[A-Za-z ]{1,64}")


class ReadOnlyKey(ReadOnly):
    """A write was about to be sent with a key that may only read."""

    def __init__(self) -> None:
        super().__init__("The stored key may only read this project; nothing was sent.")


class ApiError(UpstreamError):
    """A refusal of Rancher. `code` is its own word for the cause, "" without one."""

    reason_word = "refused"
    sentence = "Rancher refused the request."
    helps = False

    def __init__(self, status: int, code: str = "", *, maybe_applied: bool = False) -> None:
        self.status, self.code = status, code if CODE.fullmatch(code) else ""
        super().__init__(
            self.reason_word,
            CODES.get(self.code) or self.sentence,
            retry_helps=self.helps,
            maybe_applied=maybe_applied,
            peer=PEER,
        )


class Unauthorized(ApiError):
    reason_word = "unauthorized"
    sentence = "Rancher rejects the keys: they are wrong, switched off or deleted, or the project is inactive."


class Forbidden(ApiError):
    reason_word = "forbidden"
    sentence = "The key has no right to this project, or the project does not exist."


class NotFound(ApiError):
    reason_word = "not_found"
    sentence = "Rancher knows no such thing in this project."


class MethodNotAllowed(ApiError):
    reason_word = "not_allowed"
    sentence = "Rancher does not allow that with this key, or in this state."


class Conflict(ApiError):
    reason_word = "conflict"
    sentence = "Somebody else changed it at the same moment; look at it as it is now."
    helps = True


class Invalid(ApiError):
    """Refused values. `field` is Rancher's name of the refused field, if it says which."""

    reason_word = "invalid"
    sentence = "Rancher refuses the values."

    def __init__(self, status: int, code: str = "", *, field: str | None = None) -> None:
        super().__init__(status, code)
        self.field = field


class Busy(ApiError):
    """Rate limit or overload. `retry_after` in seconds, if the server said so; shown, never slept."""

    reason_word = "server_busy"
    sentence = "Rancher is busy."
    helps = True

    def __init__(self, status: int, code: str = "", *, retry_after: int | None, maybe_applied: bool = False) -> None:
        super().__init__(status, code, maybe_applied=maybe_applied)
        self.retry_after = retry_after
        if retry_after is not None:
            self.sentence = f"Rancher is busy; try again after {retry_after} s."


class ServerFault(ApiError):
    reason_word = "server_fault"
    sentence = "Rancher reports a fault of its own."
    helps = True


# Sentences of Rancher's codes (rancher.md); other codes get their class's sentence
CODES = {
    "ServerAddressUsed": "The project has a registry with this address already.",
    "MissingRequired": "Rancher asks for this field.",
    "NotNullable": "Rancher asks for a value here.",
    "MinLengthExceeded": "Rancher takes no empty value here.",
    "MaxLengthExceeded": "The value is longer than Rancher takes.",
    "InvalidReference": "Rancher knows no such registry in this project.",
    "InvalidOption": "Rancher does not take this value.",
    "ActionNotAvailable": "Rancher does not offer that in the present state.",
    "InvalidAction": "Rancher does not offer that, or the key may only read.",
}
