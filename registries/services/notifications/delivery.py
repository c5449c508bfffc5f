"""Delivery of alerts: each claimed by one process, sent through the channel, and retried for a day. At least once."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django_tasks import task

from dashboard.loops import guarded_step
from registries.models import Alert
from registries.services.notifications.channels import webhook

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
CLAIMED_FOR = timedelta(minutes=1)
BATCH_ROWS = 50


def enqueue_due() -> None:
    """Hands due alerts to the worker, so that a slow receiver delays no other work."""
    if Alert.objects.filter(next_try_at__lte=timezone.now()).exists():
        deliver_alerts.enqueue()


def deliver_due() -> int:
    """Sends the alerts that are due, oldest first, each from one process. Returns how many arrived."""
    arrived = 0
    for alert in Alert.objects.filter(next_try_at__lte=timezone.now()).order_by("pk")[:BATCH_ROWS]:
        mine = Alert.objects.filter(pk=alert.pk, next_try_at=alert.next_try_at)
        if mine.update(next_try_at=timezone.now() + CLAIMED_FOR):
            with guarded_step(f"deliver alert {alert.pk}"):
                arrived += deliver(alert)
    return arrived


def deliver(alert: Alert) -> bool:
    """Sends one alert and returns whether it arrived; a failure is noted with the next try, or as given up."""
    problem = webhook.send(alert) if webhook.is_set() else "No webhook is set."
    row = Alert.objects.filter(pk=alert.pk)
    if not problem:
        row.update(delivered_at=timezone.now(), next_try_at=None, last_problem="", attempts=F("attempts") + 1)
        return True
    tried = alert.attempts
    pause = PAUSES[tried] if tried < len(PAUSES) else None
    next_try_at = timezone.now() + pause if pause and webhook.is_set() else None
    row.update(attempts=F("attempts") + 1, next_try_at=next_try_at, last_problem=problem[:300])
    return False


@task()
def deliver_alerts() -> None:
    """Sends the alerts that are due to the webhook."""
    deliver_due()
