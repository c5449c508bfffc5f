"""What the shell tells whoever keeps the record: people, sign-ins, refusals.

The shell knows nothing about registries, so it sends a signal; `registries.services.audit.write` writes it down. A
receiver that can't raises, and with it the deed fails: what cannot be recorded does not happen. Announce
inside the transaction that changes something.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.dispatch import Signal

from dashboard.people.models import User

Outcome = Literal["begun", "succeeded", "failed", "unknown", "refused"]


@dataclass(frozen=True)
class Event:
    """One thing that somebody did, or tried. `before` and `after` hold no secrets, not even hashed.

    `action` is ``noun.verb``, such as ``person.invite``; the target is what it was done to. `actor_name` names whoever
    tried to sign in under a name that nobody has; it follows from `actor` otherwise.
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
