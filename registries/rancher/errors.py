"""Everything that a call can end with, other than an answer.

RancherError                 reason, whether a retry can help, whether the change may have happened
├── BadAddress               a base URL that can't be used; nothing was sent
├── ReadOnlyKey              a write with a key that may only read; nothing was sent
├── Unreachable              no answer: blocked, dns, refused, timeout, reset, tls…, busy, resting
├── BadResponse              no answer of Rancher's: too_large, not_json, wrong_shape, truncated, redirect, headers
└── ApiError                 Rancher's own refusal, with status and code
    ├── Unauthorized         401: no such key, wrong, switched off
    ├── Forbidden            403: no right to that project
    ├── NotFound             404
    ├── MethodNotAllowed     405: a key that may only read, or a state that forbids it
    ├── Conflict             409: somebody else was quicker, or a character the database can't store
    ├── Invalid              400, 422: with the field that was refused
    ├── Busy                 429, and 503 with Retry-After: the seconds to wait, if they can be read
    └── ServerFault          other 5xx

`str(error)` is one sentence for people; it never holds text from the other side, nor a secret.
"""

import re

CODE = re.compile(r"[A-Za-z ]{1,64}")


class RancherError(Exception):
    """`reason` is a word for programs; `maybe_applied` says that a write may have taken effect all the same."""

    def __init__(self, reason: str, sentence: str, *, retry_helps: bool = False, maybe_applied: bool = False) -> None:
        super().__init__(sentence)
        self.reason, self.retry_helps, self.maybe_applied = reason, retry_helps, maybe_applied


class BadAddress(RancherError):
    """A base URL that can't be used."""


class ReadOnlyKey(RancherError):
    """A write was about to be sent with a key that may only read."""

    def __init__(self) -> None:
        super().__init__("read_only", "The stored key may only read this project; nothing was sent.")


UNREACHABLE = {
    "blocked": "The address is not among the allowed targets, or cannot be used as one; an admin can look.",
    "dns": "The host name cannot be resolved.",
    "refused": "Rancher refuses the connection.",
    "timeout": "Rancher did not answer in time.",
    "reset": "The connection was closed before the answer was complete.",
    "tls_expired": "The server's certificate has expired.",
    "tls_name": "The server's certificate is for another host name.",
    "tls_unknown_ca": "An unknown authority signed the server's certificate; its CA certificate can be added.",
    "tls": "No secure connection could be made.",
    "not_tls": "The port speaks plain http, not https.",
    "busy": "Other calls are still waiting for this Rancher; this one was not sent.",
    "resting": "This Rancher failed several times in a row; it is asked again in some seconds.",
}


# What stays as it is until somebody changes a setting or a certificate
LASTING = frozenset({"blocked", "tls_expired", "tls_name", "tls_unknown_ca", "not_tls"})


class Unreachable(RancherError):
    """No answer came. `retry_after` in seconds, where it is known."""

    def __init__(self, reason: str, *, maybe_applied: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason, UNREACHABLE[reason], retry_helps=reason not in LASTING, maybe_applied=maybe_applied)
        self.retry_after = retry_after


BAD_RESPONSES = {
    "too_large": "The answer is too large.",
    "not_json": "An unexpected answer came, not Rancher's.",
    "wrong_shape": "An unexpected answer came: not what Rancher's API describes.",
    "truncated": "The answer broke off in the middle.",
    "redirect": "The address redirects elsewhere; correct the base URL.",
    "headers": "The answer has too many headers, or too long ones.",
}


class BadResponse(RancherError):
    """Something answered, but not as Rancher does."""

    def __init__(self, reason: str, *, maybe_applied: bool = False) -> None:
        helps = reason == "truncated"
        super().__init__(reason, BAD_RESPONSES[reason], retry_helps=helps, maybe_applied=maybe_applied)


class ApiError(RancherError):
    """Rancher refused. `code` is its own word for why, "" where it gave none."""

    reason_word = "refused"
    sentence = "Rancher refused the request."
    helps = False

    def __init__(self, status: int, code: str = "", *, maybe_applied: bool = False) -> None:
        self.status, self.code = status, code if CODE.fullmatch(code) else ""
        sentence = CODES.get(self.code) or self.sentence
        super().__init__(self.reason_word, sentence, retry_helps=self.helps, maybe_applied=maybe_applied)


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
    """`field` is Rancher's name of the field that it refused, if it says which."""

    reason_word = "invalid"
    sentence = "Rancher refuses the values."

    def __init__(self, status: int, code: str = "", *, field: str | None = None) -> None:
        super().__init__(status, code)
        self.field = field


class Busy(ApiError):
    """`retry_after` in seconds, if the server said so; never slept, only shown."""

    reason_word = "server_busy"
    sentence = "Rancher is busy."
    helps = True

    def __init__(self, status: int, code: str = "", *, retry_after: int | None, maybe_applied: bool = False) -> None:
        super().__init__(status, code, maybe_applied=maybe_applied)
        self.retry_after = retry_after
        if retry_after is not None:
            self.args = (f"Rancher is busy; try again after {retry_after} s.",)


class ServerFault(ApiError):
    reason_word = "server_fault"
    sentence = "Rancher reports a fault of its own."
    helps = True


# Rancher's codes (rancher.md) in words for people; the others get their class's sentence
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
