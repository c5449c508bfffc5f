"""HTTP calls of one verification, through `outbound`, inside one deadline."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from registries.oci.reasons import Reason
from registries.oci.report import StepFailed
from registries.outbound.answer import Answer, retry_after
from registries.outbound.base_url import BaseURL
from registries.outbound.call_limits import CallLimits
from registries.outbound.deadline import Guard
from registries.outbound.dns import Resolve
from registries.outbound.errors import Unreachable, UpstreamError
from registries.outbound.pinning import AllowTarget
from registries.outbound.transport import Transport

# A manifest has 4 MiB at most (the limit that the distribution spec recommends). The breaker never stays open: it would
# answer "unreachable" to a person who is correcting a certificate; the rate limit of `verify` bounds calls instead.
LIMITS = CallLimits(body_bytes=4 * 2**20, slot_wait_s=1.0, breaker_open_s=0.0)
ALL_CALLS_S = 40.0

NOTHING_ANSWERS = "Nothing answers there."
CAUSES = {
    "reset": "The connection was closed before the answer was complete.",
    "tls": "No secure connection could be made.",
    "too_large": "The answer is larger than any of a registry.",
    "truncated": "The answer broke off in the middle.",
    "redirect": "It redirects elsewhere; a password is not sent after a redirect.",
    "headers": "The answer has too many headers, or too long ones.",
    "not_json": "The answer is not HTTP as a registry speaks it.",
    "busy": "Other verifications are asking it at the moment; nothing was sent.",
    "resting": "It failed several times in a row; nothing was sent.",
    "ca_certificate": "The CA certificate that is stored here is not one in PEM form.",
}
REASONS = {
    "dns": Reason.NAME_NOT_FOUND,
    "blocked": Reason.BLOCKED,
    "refused": Reason.UNREACHABLE,
    "timeout": Reason.TIMEOUT,
    "reset": Reason.UNREACHABLE,
    "tls": Reason.UNREACHABLE,
    "tls_expired": Reason.TLS_EXPIRED,
    "tls_name": Reason.TLS_NAME,
    "tls_unknown_ca": Reason.TLS_UNKNOWN_CA,
    "not_tls": Reason.TLS_PLAIN_HTTP,
    "busy": Reason.RATE_LIMITED,
    "resting": Reason.RATE_LIMITED,
    "ca_certificate": Reason.TLS_UNKNOWN_CA,
}


@dataclass
class Caller:
    """Sends GET requests through one transport per origin; `close` closes them all."""

    allow: AllowTarget
    ca_certificate: str | None
    limits: CallLimits
    resolve: Resolve
    ends_at: float = field(default_factory=lambda: time.monotonic() + ALL_CALLS_S)
    _transports: dict[tuple[str, CallLimits], Transport] = field(default_factory=dict)
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def token_limits(self) -> CallLimits:
        """Limits of a call to a token service, where a directory may stand behind: three times as patient (15 s)."""
        return replace(self.limits, read_s=3 * self.limits.read_s, wall_s=3 * self.limits.wall_s)

    def new_guard(self, limits: CallLimits | None = None) -> Guard:
        """A deadline for one call, no later than the deadline for all."""
        wall_s = (limits or self.limits).wall_s
        return Guard(max(0.0, min(wall_s, self.ends_at - time.monotonic())))

    def send(
        self,
        base: BaseURL,
        path: str,
        *,
        guard: Guard,
        query: Sequence[tuple[str, str]] = (),
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        limits: CallLimits | None = None,
    ) -> Answer:
        """The answer to one GET, whatever its status. Raises UpstreamError."""
        limits = limits or self.limits
        transport = self._transports.get((base.origin, limits))
        if transport is None:
            transport = Transport(
                base,
                allow=self.allow,
                peer="the registry",
                ca_certificate=self.ca_certificate,
                read_only=True,
                limits=limits,
                resolve=self.resolve,
            )
            self._transports[base.origin, limits] = transport
            self._closing.callback(transport.close)
        return transport.send("GET", path, query=query, auth=auth, headers=headers, guard=guard)

    def get(
        self,
        base: BaseURL,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        limits: CallLimits | None = None,
    ) -> Answer:
        """The answer to one GET. Raises StepFailed, also for a rate limit (429, 503) and for a server's fault (5xx)."""
        guard = self.new_guard(limits)
        try:
            answer = self.send(base, path, guard=guard, query=query, auth=auth, headers=headers, limits=limits)
        except UpstreamError as error:
            raise step_failed_of(error, guard) from None
        refuse_faults(answer)
        return answer

    def close(self) -> None:
        self._closing.close()


def step_failed_of(error: UpstreamError, guard: Guard) -> StepFailed:
    """The transport's error as a failed step. Blocked, closed and filtered ports must read the same."""
    reason = REASONS.get(error.reason, Reason.NOT_A_REGISTRY)
    if is_before_connect(error, guard) and reason in {Reason.BLOCKED, Reason.UNREACHABLE, Reason.TIMEOUT}:
        return StepFailed(Reason.BLOCKED if reason == Reason.BLOCKED else Reason.UNREACHABLE, NOTHING_ANSWERS)
    return StepFailed(reason, CAUSES.get(error.reason, ""))


def is_before_connect(error: UpstreamError, guard: Guard) -> bool:
    """Whether the call failed before it had a connection."""
    return isinstance(error, Unreachable) and guard.connect_ms is None and not guard.address


def refuse_faults(answer: Answer) -> None:
    """Raises StepFailed for 429, 503 with a Retry-After, and every other 5xx."""
    wait = answer.headers.get("retry-after")
    if answer.status == 429 or (answer.status == 503 and wait is not None):
        now = datetime.now(UTC)
        seconds = retry_after(wait, now=now)
        raise StepFailed(
            Reason.RATE_LIMITED,
            f"It takes no more questions for now ({answer.status}).",
            retry_at=None if seconds is None else now + timedelta(seconds=seconds),
        )
    if answer.status >= 500:
        raise StepFailed(
            Reason.NOT_A_REGISTRY,
            f"It reports a fault of its own ({answer.status}).",
            "Try again; if it stays so, whoever runs the registry can see why.",
        )
