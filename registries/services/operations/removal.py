"""Removal of active targets: deactivate, wait, remove; one read of Rancher a step, resumable after a crash.

Each call is stored in the operation's `step` before it is sent, so a step is never sent twice after a crash: the next
worker reads the target and continues from its state. Steps don't wait in a loop; they return when to read again.
"""

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from registries.models import ConnectionProfile, Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.client import Client
from registries.rancher.errors import Conflict, Invalid
from registries.rancher.resources import CredentialResource, RegistryResource
from registries.rancher.types import Registry
from registries.services.inventory import store
from registries.services.operations import lifecycle
from registries.services.operations.outcomes import PROOF_AFTER, ReadStart, Target
from registries.services.operations.settlement import settle, settle_with
from registries.services.upstream import connection

State = Operation.State
GONE = {"removed", "purging", "purged"}
FIRST_LOOK_S, LONGEST_PAUSE_S = 0.4, 10.0
GIVE_UP_AFTER = timedelta(minutes=15)
STUCK_AFTER = timedelta(seconds=20)  # not touched for so long: its worker died


@task()
def continue_removal(operation_id: int) -> None:
    """Advances a removal by one step; enqueues itself for the next one unless it has ended."""
    delay_s = advance_removal(operation_id)
    if delay_s is not None:
        continue_removal.using(run_after=timezone.now() + timedelta(seconds=delay_s)).enqueue(operation_id)


def advance_removal(operation_id: int) -> float | None:
    """Runs one step; returns the seconds until the next one, or None when the operation has ended."""
    operation = Operation.objects.select_related("profile").get(pk=operation_id)
    if not operation.is_open or operation.profile is None:
        return None
    Operation.objects.filter(pk=operation.pk).update(touched_at=timezone.now())
    pause_s = min(LONGEST_PAUSE_S, max(FIRST_LOOK_S, operation.age.total_seconds() / 4))
    read_start = ReadStart(operation.profile.write_serial, timezone.now())
    try:
        target = lifecycle.read_target_of(operation, operation.profile)
        _step(operation, operation.profile, target, read_start)
    except (Conflict, Invalid):
        return pause_s  # changed by another client at the same moment: the next step continues from its state
    except UpstreamError as error:
        may_go_on = error.retry_helps or error.maybe_applied  # it may have been applied: read again
        if not may_go_on or operation.age > GIVE_UP_AFTER:
            _end(operation, error.reason, f"{error} {_what_is_known(operation)}")
    return pause_s if operation.is_open else None


def find_stuck_removals() -> list[int]:
    """Finds removals that were not touched for a while: their worker was killed."""
    waiting = Operation.objects.filter(verb=Operation.Verb.REMOVE, state__in=Operation.OPEN).exclude(step="")
    return list(waiting.filter(touched_at__lt=timezone.now() - STUCK_AFTER).values_list("pk", flat=True))


def _step(operation: Operation, profile: ConnectionProfile, target: Target | None, read_start: ReadStart) -> None:
    what = operation.target_type
    if target is None or target.state in GONE:
        settle_with(operation, target, read_start)
    elif target.transitioning == "error":
        _end(operation, "rancher_error", f"Rancher reports an error on the {what}. {_what_is_known(operation)}")
    elif target.is_moving or target.lacks("state", "transitioning"):
        if operation.age > GIVE_UP_AFTER:
            seen = "in a state that can't be read" if target.lacks("state") else target.state
            _end(operation, "still_pending", f"It has been {seen} for a quarter of an hour.")
    elif target.state == "active":
        _deactivate(operation, profile)
    elif target.state == "inactive":
        _remove(operation, profile)
    else:
        _end(operation, "unexpected_state", f"The {what} is {target.state}. {_what_is_known(operation)}")


def _deactivate(operation: Operation, profile: ConnectionProfile) -> None:
    if _claim(operation, "queued", "deactivate"):
        with connection.contact(profile) as client:
            answered = _resource(client, operation).act(operation.target_id, "deactivate")
        if isinstance(answered, Registry):
            store.note_registry(profile, answered)
        store.note_write(profile)
    elif operation.step == "remove" or _is_overdue(operation):
        what = operation.target_type
        _end(operation, "not_applied", f"The {what} is active: deactivating it was not applied, or somebody undid it.")


def _remove(operation: Operation, profile: ConnectionProfile) -> None:
    if operation.step != "remove" and _claim(operation, operation.step, "remove"):
        with connection.contact(profile) as client:
            lifecycle.accept(operation, profile, _resource(client, operation).remove(operation.target_id))
    elif _is_overdue(operation):
        text = f"The {operation.target_type} is inactive, but it was not removed. Remove it again."
        _end(operation, "not_applied", text)


def _resource(client: Client, operation: Operation) -> RegistryResource | CredentialResource:
    return client.credentials if operation.target_type == "credential" else client.registries


def _claim(operation: Operation, before: str, step: str) -> bool:
    """Claims the next call before it is sent; one process succeeds, and only once."""
    now = timezone.now()
    claimed = Operation.objects.filter(pk=operation.pk, step=before, state__in=Operation.OPEN)
    done = bool(claimed.update(step=step, stepped_at=now))
    if done:
        operation.step, operation.stepped_at = step, now
    return done


def _is_overdue(operation: Operation) -> bool:
    """Whether the step's call was sent so long ago that its effect would show."""
    return operation.stepped_at is None or timezone.now() - operation.stepped_at > PROOF_AFTER


def _end(operation: Operation, reason: str, text: str) -> None:
    settle(operation, State.FAILED, error_reason=reason, error_text=text.strip())


def _what_is_known(operation: Operation) -> str:
    return {
        "queued": "Nothing was changed.",
        "deactivate": "It may have been deactivated; it was not removed.",
        "remove": "It was deactivated; whether it was removed could not be read.",
    }[operation.step]
