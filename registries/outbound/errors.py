"""Errors of outbound calls: why no usable answer came.

UpstreamError     reason, whether a retry can help, whether the change may have happened
├── BadAddress    an address that can't be used; nothing was sent
├── ReadOnly      a write over a transport that may only read; nothing was sent
├── Unreachable   no answer: blocked, dns, refused, timeout, reset, tls…, busy, resting
└── BadResponse   no usable answer: too_large, not_json, wrong_shape, truncated, redirect, headers

`str(error)` is one sentence for people. It names the peer, which `Transport` fills in, and never holds text from the
other side, nor a secret.
"""

DEFAULT_PEER = "the server"

UNREACHABLE = {
    "blocked": "The address is not among the allowed targets, or cannot be used as one; an admin can look.",
    "dns": "The host name cannot be resolved.",
    "refused": "{peer} refuses the connection.",
    "timeout": "{peer} did not answer in time.",
    "reset": "The connection was closed before the answer was complete.",
    "tls_expired": "The server's certificate has expired.",
    "tls_name": "The server's certificate is for another host name.",
    "tls_unknown_ca": "An unknown authority signed the server's certificate; its CA certificate can be added.",
    "tls": "No secure connection could be made.",
    "not_tls": "The port speaks plain http, not https.",
    "busy": "Other calls are still waiting for {peer}; this one was not sent.",
    "resting": "{peer} failed several times in a row; it is asked again in some seconds.",
}
# A retry does not help with these until somebody changes a setting or a certificate
LASTING = frozenset({"blocked", "tls_expired", "tls_name", "tls_unknown_ca", "not_tls"})

BAD_RESPONSES = {
    "too_large": "The answer is too large.",
    "not_json": "An unexpected answer came, not {peer}'s.",
    "wrong_shape": "An unexpected answer came: not what {peer}'s API describes.",
    "truncated": "The answer broke off in the middle.",
    "redirect": "The address redirects elsewhere; correct it.",
    "headers": "The answer has too many headers, or too long ones.",
}


class UpstreamError(Exception):
    """Base of every error of an outbound call.

    `reason` is a word for programs. `sentence` may hold `{peer}`, the name of the other side. `maybe_applied` says that
    a write may have taken effect all the same.
    """

    def __init__(
        self,
        reason: str,
        sentence: str,
        *,
        retry_helps: bool = False,
        maybe_applied: bool = False,
        peer: str = DEFAULT_PEER,
    ) -> None:
        super().__init__(reason)
        self.reason, self.sentence, self.peer = reason, sentence, peer
        self.retry_helps, self.maybe_applied = retry_helps, maybe_applied

    def __str__(self) -> str:
        text = self.sentence.replace("{peer}", self.peer)
        return text[:1].upper() + text[1:]


class BadAddress(UpstreamError):
    """An address, or a certificate for it, that can't be used."""


class ReadOnly(UpstreamError):
    """A write was about to be sent over a transport that may only read."""

    def __init__(self, sentence: str = "This connection may only read; nothing was sent.") -> None:
        super().__init__("read_only", sentence)


class Unreachable(UpstreamError):
    """No answer came. `retry_after` is in seconds, where it is known."""

    def __init__(
        self, reason: str, *, maybe_applied: bool = False, retry_after: float | None = None, peer: str = DEFAULT_PEER
    ) -> None:
        super().__init__(
            reason,
            UNREACHABLE[reason],
            retry_helps=reason not in LASTING,
            maybe_applied=maybe_applied,
            peer=peer,
        )
        self.retry_after = retry_after


class BadResponse(UpstreamError):
    """Something answered, but not in a form that can be used.

    `location` is where a redirect leads, as the other side wrote it: nothing follows it, and no page shows it.
    """

    def __init__(
        self, reason: str, *, maybe_applied: bool = False, peer: str = DEFAULT_PEER, location: str = ""
    ) -> None:
        helps = reason == "truncated"
        super().__init__(reason, BAD_RESPONSES[reason], retry_helps=helps, maybe_applied=maybe_applied, peer=peer)
        self.location = location
