"""Failed sign-ins of strangers: counted by address and minute, so that a flood of them is one row of the audit log.

Rows of the audit log can't be deleted, and strangers can make any number of failures. A failure is counted at once; the
beat writes a minute's row to the audit log when the minute is over.
"""

import logging
from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dashboard.current import current_address
from dashboard.events import Event, emit_event
from dashboard.people.models import FailedSignIns

logger = logging.getLogger("corral.sign_in")

MOST_NAMES = 10  # kept of one minute
LONGEST_NAME = 150
SETTLED_AFTER = timedelta(seconds=70)  # a minute, and time for a request that is counted at its very end
SEVERAL_NAMES = "(several names)"
TOO_MANY = "Too many tries."


def count_failure(name: str, reason: str) -> None:
    """Counts a failure of the current address, and logs it with the id of its request. Raises DatabaseError."""
    logger.info("A sign-in failed: %s", reason, extra={"event": "sign-in-failed"})
    minute = timezone.now().replace(second=0, microsecond=0)
    with transaction.atomic():
        row, _ = FailedSignIns.objects.get_or_create(address=current_address.get(), minute=minute)
        row = FailedSignIns.objects.select_for_update().get(pk=row.pk)
        row.reasons = dict(Counter(row.reasons) + Counter([reason]))
        name = name.replace("\0", "")[:LONGEST_NAME]
        if name not in row.names and len(row.names) < MOST_NAMES:
            row.names = [*row.names, name]
        row.save()


def write_failed_sign_ins() -> int:
    """Writes the minutes that are over to the audit log; returns their number. Called by the beat."""
    written = 0
    over = FailedSignIns.objects.filter(minute__lte=timezone.now() - SETTLED_AFTER).order_by("minute", "pk")
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            row = FailedSignIns.objects.select_for_update().filter(pk=pk).first()
            if row is not None:  # another beat may have written it
                _write(row)
                row.delete()
                written += 1
    return written


def _write(row: FailedSignIns) -> None:
    names = [name for name in row.names if name]
    counts = Counter(row.reasons)
    address = current_address.set(row.address)
    try:
        emit_event(
            Event(
                action="person.sign_in",
                actor_name=names[0] if len(names) == 1 else SEVERAL_NAMES,
                outcome="refused" if set(counts) == {TOO_MANY} else "failed",
                reason=" ".join(f"{reason.rstrip('.')} ({count})." for reason, count in counts.most_common()),
                after={"tries": counts.total(), "names": names, "minute": row.minute.isoformat(timespec="minutes")},
            )
        )
    finally:
        current_address.reset(address)
