"""Ends operations, each with its row in the audit log."""

from typing import Any

from django.db import transaction

from registries.models import Operation
from registries.services.audit import write
from registries.services.operations.outcomes import ReadStart, Target, decide_outcome, snapshot


def settle(operation: Operation, state: Operation.State, **changes: Any) -> bool:
    """Ends an operation or marks it unknown, with an audit event, unless it has ended; returns whether it did."""
    with transaction.atomic():
        done = operation.settle(state, **changes)
        if done:
            write.write_outcome(operation)
    return done


def settle_with(operation: Operation, target: Target | None, read_start: ReadStart) -> bool:
    """Settles the operation if its target (None: unknown to Rancher) proves an outcome; returns whether it did."""
    found = decide_outcome(operation, target, read_start)
    if found is None:
        return False
    changes: dict[str, Any] = {"error_reason": found.error_reason, "error_text": found.error_text}
    if target:
        changes["after"] = snapshot(target)
    return settle(operation, found.state, **changes)
