"""Report of a verification: its steps, and the result that they add up to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NoReturn

from registries.oci.reasons import Reason

State = Literal["ok", "failed", "skipped", "warning"]
# Blocked and unreachable must look alike, timing included, so that nobody can scan a network through Corral
LOOK_ALIKE = frozenset({Reason.BLOCKED, Reason.UNREACHABLE})


class StepName(StrEnum):
    """The steps, in the order in which they run."""

    RESOLVE = "Host name"
    CONNECT = "Connection"
    TLS = "TLS"
    API = "Registry API"
    CHALLENGE = "Challenge"
    TOKEN = "Token"  # noqa: S105 - a name
    LOGIN = "Login"
    IMAGE = "Image"


@dataclass(frozen=True)
class Step:
    """One step: its state, a sentence on the cause, and a remedy for a failure. Holds no words of a registry."""

    name: StepName
    state: State
    milliseconds: int | None = None
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """The result of a probe.

    `milliseconds` is the whole duration; `retry_at` the end of a rate limit, if the registry tells it.
    `certificate_expires_at` is of the registry's certificate; `digest` and `platforms` (``linux/arm64/v8``) are of the
    named image.
    """

    reason: Reason
    login_reason: Reason  # of user and password alone, whatever came of an image
    steps: tuple[Step, ...]
    milliseconds: int
    retry_at: datetime | None = None
    certificate_expires_at: datetime | None = None
    digest: str = ""
    platforms: tuple[str, ...] = ()


class StepFailed(Exception):
    """Raised by a step that failed, with the reason."""

    def __init__(self, reason: Reason, cause: str = "", remedy: str = "", *, retry_at: datetime | None = None) -> None:
        super().__init__(cause)
        self.reason, self.cause, self.remedy, self.retry_at = reason, cause, remedy, retry_at


class StopSteps(Exception):
    """Raised after a failed step was reported: the later steps are skipped."""


@dataclass
class StepNote:
    """The cause and state that a running step will be reported with."""

    cause: str = ""
    state: State = "ok"


@dataclass
class Report:
    """Collects the steps."""

    steps: list[Step] = field(default_factory=list)
    reason: Reason = Reason.OK
    login: Reason | None = None  # of the steps up to the login, once it passed
    retry_at: datetime | None = None
    certificate_expires_at: datetime | None = None
    digest: str = ""
    platforms: tuple[str, ...] = ()
    started: float = field(default_factory=time.monotonic)

    def add(self, name: StepName, cause: str, *, ms: int | None = None, state: State = "ok") -> None:
        """Reports a step that didn't fail."""
        self.steps.append(Step(name, state, ms, cause))

    def pass_login(self, reason: Reason) -> None:
        """Notes that the login passed, `OK`, or that nothing could prove it: what an image adds doesn't change that."""
        self.reason = self.login = reason

    def fail(self, name: StepName, failure: StepFailed, *, ms: int | None = None) -> NoReturn:
        """Reports a failed step, and with it the result. Raises StopSteps."""
        remedy = failure.remedy or failure.reason.remedy
        self.steps.append(Step(name, "failed", ms, failure.cause or failure.reason.sentence, remedy))
        self.reason, self.retry_at = failure.reason, failure.retry_at
        raise StopSteps

    @contextmanager
    def step(self, name: StepName) -> Iterator[StepNote]:
        """Times the step inside and reports it, as failed after StepFailed. Raises StopSteps."""
        started, note = time.monotonic(), StepNote()
        try:
            yield note
        except StepFailed as failure:
            is_silent = failure.reason in LOOK_ALIKE
            self.fail(name, failure, ms=None if is_silent else _ms_since(started))
        self.add(name, note.cause, ms=_ms_since(started), state=note.state)

    def finish(self, *, with_image: bool) -> ProbeResult:
        """The result, with the steps that were not run as skipped."""
        done = {step.name for step in self.steps}
        wanted = [name for name in StepName if with_image or name != StepName.IMAGE]
        steps = [*self.steps, *(Step(name, "skipped") for name in wanted if name not in done)]
        order = list(StepName)
        return ProbeResult(
            reason=self.reason,
            login_reason=self.login or self.reason,
            steps=tuple(sorted(steps, key=lambda step: order.index(step.name))),
            milliseconds=self._milliseconds(),
            retry_at=self.retry_at,
            certificate_expires_at=self.certificate_expires_at,
            digest=self.digest,
            platforms=self.platforms,
        )

    def _milliseconds(self) -> int:
        if self.reason in LOOK_ALIKE:
            return sum(step.milliseconds or 0 for step in self.steps)
        return _ms_since(self.started)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
