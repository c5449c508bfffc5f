"""What a verification finds, layer by layer, and how it is put together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NoReturn

from registries.oci.reasons import Reason

State = Literal["ok", "failed", "skipped", "warning"]
# Of these nobody learns more than that nothing answers: how long it took would tell one from the other.
LOOK_ALIKE = frozenset({Reason.BLOCKED, Reason.UNREACHABLE})


class StepName(StrEnum):
    """The layers, in the order in which they are climbed."""

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
    """One layer: a sentence on what was found there, and what to do about a failure. Never what a registry wrote."""

    name: StepName
    state: State
    milliseconds: int | None = None
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What a verification found. `milliseconds` is all of it; `retry_at` until when a rate limit holds, if it is told.

    `certificate_expires_at` is the registry's own, `digest` and `platforms` (``linux/arm64/v8``) the named image's.
    """

    reason: Reason
    steps: tuple[Step, ...]
    milliseconds: int
    retry_at: datetime | None = None
    certificate_expires_at: datetime | None = None
    digest: str = ""
    platforms: tuple[str, ...] = ()


class StepFailed(Exception):
    """Why a layer failed."""

    def __init__(self, reason: Reason, cause: str = "", remedy: str = "", *, retry_at: datetime | None = None) -> None:
        super().__init__(cause)
        self.reason, self.cause, self.remedy, self.retry_at = reason, cause, remedy, retry_at


class StopSteps(Exception):
    """A layer failed: those above it are not reached."""


@dataclass
class StepNote:
    """What a layer that is being climbed wants to tell."""

    cause: str = ""
    state: State = "ok"


@dataclass
class Report:
    """Collects the steps."""

    steps: list[Step] = field(default_factory=list)
    reason: Reason = Reason.OK
    retry_at: datetime | None = None
    certificate_expires_at: datetime | None = None
    digest: str = ""
    platforms: tuple[str, ...] = ()
    started: float = field(default_factory=time.monotonic)

    def add(self, name: StepName, cause: str, *, ms: int | None = None, state: State = "ok") -> None:
        self.steps.append(Step(name, state, ms, cause))

    def fail(self, name: StepName, trouble: StepFailed, *, ms: int | None = None) -> NoReturn:
        """Raises StopSteps."""
        remedy = trouble.remedy or trouble.reason.remedy
        self.steps.append(Step(name, "failed", ms, trouble.cause or trouble.reason.sentence, remedy))
        self.reason, self.retry_at = trouble.reason, trouble.retry_at
        raise StopSteps

    @contextmanager
    def step(self, name: StepName) -> Iterator[StepNote]:
        """A layer with its time; StepFailed inside makes it the one that failed. Raises StopSteps."""
        started, note = time.monotonic(), StepNote()
        try:
            yield note
        except StepFailed as trouble:
            silent = trouble.reason in LOOK_ALIKE
            self.fail(name, trouble, ms=None if silent else _ms_since(started))
        self.add(name, note.cause, ms=_ms_since(started), state=note.state)

    def finish(self, *, with_image: bool) -> ProbeResult:
        done = {step.name for step in self.steps}
        wanted = [name for name in StepName if with_image or name != StepName.IMAGE]
        steps = [*self.steps, *(Step(name, "skipped") for name in wanted if name not in done)]
        order = list(StepName)
        return ProbeResult(
            reason=self.reason,
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
