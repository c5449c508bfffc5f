"""Audit events of the shell: people, sign-ins, refusals.

The shell knows nothing about registries, so it sends a signal; `registries.services.audit.write` appends the event to
the audit log. A receiver that fails raises, and the change fails with it. Emit inside the transaction of the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.dispatch import Signal

from dashboard.people.models import User

Outcome = Literal["begun", "succeeded", "failed", "unknown", "refused"]


@dataclass(frozen=True)
class Event:
    """One action of a person, done or attempted. `before` and `after` hold no secrets, not even hashed.

    `action` is ``noun.verb``, such as ``person.invite``; the target is its object. `actor_name` is the typed name of a
    failed sign-in; otherwise it follows from `actor`.
    """

    action: str
    actor: User | None = None
    actor_name: str = ""
    outcome: Outcome = "succeeded"
    target_type: str = ""
    target_id: str = ""
    target_name: str = ""
    reason: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


event_emitted = Signal()


def emit_event(event: Event) -> None:
    """Raises whatever a receiver raises."""
    event_emitted.send(sender=Event, event=event)
