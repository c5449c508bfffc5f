"""Appends to the audit log. What cannot be recorded does not happen: `write_audit_event` raises in the transaction."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from dashboard.current import current_address, current_request_id
from dashboard.events import Event
from dashboard.people.models import User
from registries import chain
from registries.events import ProfileEvent
from registries.models import AuditEvent, AuditHead, Operation

LONGEST_TEXT = 10_000  # of a target's name or a reason; Rancher takes addresses of any length


class ChainBroken(Exception):
    """The audit log's end is not what was written last, or there is none. Nothing is appended: it would hide that."""


def write_audit_event(event: Event) -> AuditEvent:
    """Appends one row; address and request id are those of the request that is being answered.

    Raises ChainBroken and whatever the database raises; either rolls the caller's transaction back.
    """
    with transaction.atomic():
        return append_event(event, _locked_head())


def append_event(event: Event, head: AuditHead) -> AuditEvent:
    """Appends one row after `head`, which the caller holds locked and has found unbroken, and moves the head to it."""
    scope = event if isinstance(event, ProfileEvent) else ProfileEvent(action=event.action)
    row = AuditEvent(
        id=head.event_id + 1,
        at=_not_before(head),
        actor_id=event.actor.pk if event.actor else None,
        actor_name=_clean(event.actor.get_username() if event.actor else event.actor_name)[:150],
        role=scope.role or (event.actor.site_role if event.actor else ""),
        address=current_address.get(),
        action=event.action,
        profile_id=scope.profile.pk if scope.profile else None,
        profile_name=scope.profile.name if scope.profile else "",
        target_type=event.target_type,
        target_id=_clean(event.target_id)[:64],
        target_name=_clean(event.target_name)[:LONGEST_TEXT],
        outcome=event.outcome,
        reason=_clean(event.reason)[:LONGEST_TEXT],
        before=_as_json(event.before),
        after=_as_json(event.after),
        request_id=current_request_id.get(),
        operation_id=scope.operation_id,
    )
    return _append(row, head)


def receive_event(event: Event, **_: Any) -> None:
    """Receives what is emitted by `dashboard.events`."""
    write_audit_event(event)


def write_begun(operation: Operation, *, actor: User, role: str, reason: str) -> None:
    """The first row of a change, in the transaction of its operation."""
    write_audit_event(
        ProfileEvent(
            action=_action(operation),
            actor=actor,
            role=role,
            outcome="begun",
            profile=operation.profile,
            reason=reason,
            operation_id=operation.pk,
            before=operation.before,
            after=operation.input,
            **_target(operation),
        )
    )


def write_outcome(operation: Operation) -> None:
    """The row that says how a change ended, with the actor, role, address, reason and request of its first row."""
    begun = AuditEvent.objects.filter(operation_id=operation.pk).order_by("id").first()
    if begun is None:
        return  # it was begun before there was an audit log
    with transaction.atomic():
        head = _locked_head()
        row = begun  # saved as a new one: its id is the next
        row.id, row.at, row.outcome = head.event_id + 1, _not_before(head), operation.state
        row.target_id, row.target_name = operation.target_id, _clean(operation.target_name)[:LONGEST_TEXT]
        found = {"error": operation.error_text} if operation.error_text else {}
        row.before, row.after = _as_json(operation.before), _as_json({**(operation.after or {}), **found})
        _append(row, head)


def _action(operation: Operation) -> str:
    return f"{operation.target_type}.{operation.verb}"


def _target(operation: Operation) -> dict[str, str]:
    return {
        "target_type": operation.target_type,
        "target_id": operation.target_id,
        "target_name": operation.target_name,
    }


def find_head_fault(head: AuditHead) -> str:
    """What is wrong with the head by itself, such as "the head was altered"; "" when its seal holds."""
    if head.key_id not in chain.key_ids():
        return f"the head's key {head.key_id!r} is not in CORRAL_AUDIT_KEYS"
    at = chain.to_rfc3339(head.at) if head.at else ""
    seal = chain.seal_of_head(event_id=head.event_id, at=at, mac=head.mac, key_id=head.key_id)
    return "" if head.seal == seal else "the head was altered"


def _locked_head() -> AuditHead:
    """The end of the chain, held until the transaction ends: events are written one after the other.

    Raises ChainBroken for a head that is not as it was sealed: a new seal would cover up where rows were cut off.
    """
    head = AuditHead.objects.select_for_update().filter(pk=1).first()
    if head is None:
        raise ChainBroken("The audit log has no head. `manage.py migrate` starts a new log, `verify_audit` judges one.")
    if fault := find_head_fault(head):
        raise ChainBroken(f"The audit log can't be continued: {fault}. `manage.py verify_audit` says more.")
    if not head.installation_id:
        raise ChainBroken("The audit log names no installation yet: `manage.py migrate` does that.")
    return head


def _not_before(head: AuditHead) -> datetime:
    """Now, or the last row's time where a clock was set back."""
    now = timezone.now()
    return max(now, head.at) if head.at else now


def _append(event: AuditEvent, head: AuditHead) -> AuditEvent:
    event.key_id, event.previous = chain.key_ids()[0], head.mac or chain.GENESIS
    event.format_version = chain.latest_version()
    for name in chain.covered_columns():  # of a first row in an older format, from before the column
        if name not in chain.INTEGERS and getattr(event, name) is None:
            setattr(event, name, "")
    event.mac = chain.mac_of(as_row(event))
    event.save(force_insert=True)  # a row with that id would mean that the chain was cut: refused by its primary key
    head.event_id, head.at, head.mac, head.key_id = event.id, event.at, event.mac, event.key_id
    head.seal = chain.seal_of_head(
        event_id=head.event_id, at=chain.to_rfc3339(event.at), mac=head.mac, key_id=head.key_id
    )
    head.save()
    return event


def as_row(event: AuditEvent) -> dict[str, chain.Value]:
    """The columns of the chain and the mac, as the chain writes them; null in what is newer than the row."""
    return {name: getattr(event, name) for name in (*chain.covered_columns(), "mac")} | {
        "at": chain.to_rfc3339(event.at)
    }


def _as_json(values: Mapping[str, Any] | None) -> str:
    return _clean(json.dumps(values, ensure_ascii=False, sort_keys=True)) if values else ""


def _clean(text: str) -> str:
    """PostgreSQL stores no NUL, and UTF-8 no lone surrogate."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
