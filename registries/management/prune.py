"""Deletes what nobody needs any more, so that the database doesn't grow for ever. Never the audit log.

What stays: the last verification of each credential, the last state of each registry before the window (a list as of
a date needs it), operations, and whatever an open operation or an alert that is not delivered needs.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Max, Model, Q, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from dashboard.people.models import Invitation
from registries.models import Alert, InventoryChange, Verification

EVERY_S = 3600.0
BATCH_ROWS = 1_000
FINISHED = ("SUCCESSFUL", "FAILED")
_last_run = float("-inf")


def prune_hourly() -> int:
    """Runs `prune` when an hour has passed since this process did."""
    global _last_run  # noqa: PLW0603 - of the process: another beat that prunes as well finds nothing
    if time.monotonic() - _last_run < EVERY_S:
        return 0
    _last_run = time.monotonic()
    return prune()


def prune() -> int:
    """Deletes all that is older than the settings keep it. Returns the number of rows."""
    now = timezone.now()
    return sum(_delete(rows(now)) for rows in OLD)


def _sessions(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=now)


def _tasks(now: datetime) -> "QuerySet[DBTaskResult[..., object]]":
    return DBTaskResult.objects.filter(status__in=FINISHED, finished_at__lt=now - _days(settings.KEEP_TASKS_DAYS))


def _invitations(now: datetime) -> QuerySet[Invitation]:
    since = now - _days(settings.KEEP_INVITATIONS_DAYS)
    return Invitation.objects.filter(Q(used_at__lt=since) | Q(revoked_at__lt=since) | Q(expires_at__lt=since))


def _alerts(now: datetime) -> QuerySet[Alert]:
    return Alert.objects.filter(next_try_at=None, at__lt=now - _days(settings.KEEP_ALERTS_DAYS))


def _verifications(now: datetime) -> QuerySet[Verification]:
    """The newest of each credential stays, and of each address that was tested before saving none."""
    of_credentials = Verification.objects.exclude(credential_id="")
    newest = of_credentials.values("profile", "credential_id").annotate(last=Max("pk")).values("last")
    old = Verification.objects.filter(checked_at__lt=now - _days(settings.KEEP_VERIFICATIONS_DAYS))
    return old.exclude(pk__in=newest)


def _inventory_changes(now: datetime) -> QuerySet[InventoryChange]:
    """What was replaced before the window; the last row of each registry before it is what the window begins with."""
    old = InventoryChange.objects.filter(at__lt=now - _days(settings.KEEP_HISTORY_DAYS))
    last = old.values("profile", "rancher_id").annotate(last=Max("pk")).values("last")
    return old.exclude(pk__in=last)


OLD: tuple[Callable[[datetime], QuerySet[Model]], ...] = (
    _sessions,
    _tasks,
    _invitations,
    _alerts,
    _verifications,
    _inventory_changes,
)


def _days(number: int) -> timedelta:
    return timedelta(days=number)


def _delete(rows: QuerySet[Model]) -> int:
    """In batches: a long delete would keep every other writer waiting."""
    deleted = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH_ROWS]):
        deleted += rows.model._base_manager.filter(pk__in=keys).delete()[0]
    return deleted
