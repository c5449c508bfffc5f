"""Starts the audit log, and names the installation in it.

Row 1 of an audit log is `installation.create`, with a random id of the installation; the head and the daily log line
carry the same id. It is written at the end of `manage.py migrate`, while there is nobody yet. Beside people, profiles
or operations `migrate` refuses to start one, so that a deleted log is never replaced unnoticed; an installation that
never had one is given it by `manage.py start_audit_log`, whose reason stands in row 1.

A log that is older than these ids keeps its row 1 and gets an `installation.upgrade` row where it stands.
"""

import logging
import uuid
from dataclasses import replace
from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as current_apps
from django.db import DEFAULT_DB_ALIAS, transaction

from dashboard.events import Event
from dashboard.people.models import User
from registries.models import AuditEvent, AuditHead, ConnectionProfile, Operation
from registries.services.audit.write import ChainBroken, append_event, find_head_fault

CREATE, UPGRADE = "installation.create", "installation.upgrade"
NAMING = frozenset({CREATE, UPGRADE})
BY_MIGRATE, BY_COMMAND = "(migrate)", "(start_audit_log)"  # the rows' actors
logger = logging.getLogger("corral.audit")


def prepare_after_migrate(*, using: str, apps: Apps = current_apps, **_: Any) -> None:
    """Receives `post_migrate`; whatever is wrong goes to the log, and from then on every write is refused."""
    if using != DEFAULT_DB_ALIAS or not _is_up_to_date(apps):
        return
    try:
        prepare_log()
    except ChainBroken as error:
        logger.error("%s", error, extra={"event": "audit-head"})  # noqa: TRY400 - the sentence says it all


def prepare_log() -> None:
    """Starts the log of a new installation, names the installation of an older log, leaves any other alone.

    Raises ChainBroken when the log is damaged, or empty although the installation is in use.
    """
    with transaction.atomic():
        head = _locked_head()
        if not head.event_id:
            _start(head)
        elif not head.installation_id:
            _name(head)


def start_log(*, reason: str) -> None:
    """Starts the log of an installation that is in use; row 1 has the reason, and counts what stands beside it.

    Raises ChainBroken when there is a log, or a part of one.
    """
    with transaction.atomic():
        head = _locked_head()
        if head.event_id:
            raise ChainBroken("There is an audit log already.")
        _start(head, reason=reason)


def count_what_is_there() -> dict[str, int]:
    """What no installation has before its audit log has a row: ``{"people": 3, "profiles": 0, "operations": 12}``."""
    return {
        "people": User.objects.count(),
        "profiles": ConnectionProfile.objects.count(),
        "operations": Operation.objects.count(),
    }


def describe(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _locked_head() -> AuditHead:
    """The head, or a new one that has no seal yet: whoever comes second waits, and finds it sealed."""
    AuditHead.objects.get_or_create(pk=1)
    return AuditHead.objects.select_for_update().get(pk=1)


def _start(head: AuditHead, *, reason: str = "") -> None:
    if AuditEvent.objects.exists():
        raise ChainBroken("The audit log has rows, but its head is gone: `manage.py verify_audit` says more.")
    counts = count_what_is_there()
    if any(counts.values()) and not reason:
        raise ChainBroken(
            f"The audit log is empty beside {describe(counts)}: nobody can sign in or change anything. If it was "
            "deleted, restore it from a backup; if there never was one, `manage.py start_audit_log` starts it."
        )
    head.mac, head.at = "", None  # nothing that stands in a head without rows is ours
    event = Event(action=CREATE, actor_name=BY_COMMAND if reason else BY_MIGRATE, reason=reason, after=counts)
    _append_naming(event, head)


def _name(head: AuditHead) -> None:
    if fault := find_head_fault(head):
        raise ChainBroken(f"The audit log can't be continued: {fault}. `manage.py verify_audit` says more.")
    if AuditEvent.objects.filter(action__in=NAMING).exists():
        raise ChainBroken("The audit log names an installation that its head doesn't: the head was altered.")
    so_far = {"rows": head.event_id, "mac": head.mac}
    _append_naming(Event(action=UPGRADE, actor_name=BY_MIGRATE, after=so_far), head)


def _append_naming(event: Event, head: AuditHead) -> None:
    head.installation_id = uuid.uuid4().hex
    name = head.installation_id
    append_event(replace(event, target_type="installation", target_id=name, target_name=name), head)


def _is_up_to_date(apps: Apps) -> bool:
    """Whether the tables are those of this version; `migrate` stops at an older one where somebody asks for it."""
    for model in (AuditEvent, AuditHead):
        try:
            then = apps.get_model(model._meta.label)
        except LookupError:
            return False
        if {field.attname for field in then._meta.concrete_fields} != {
            field.attname for field in model._meta.concrete_fields
        }:
            return False
    return True
