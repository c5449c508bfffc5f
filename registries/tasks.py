"""Background work, run by `manage.py db_worker`."""

from datetime import timedelta

from django.utils import timezone
from django_tasks import task


@task()
def continue_removal(operation_id: int) -> None:
    """Takes a removal one step further and, unless that ended it, comes back for the next one."""
    from registries.services.operations import removal  # noqa: PLC0415 - the services enqueue this task, so they import it

    delay_s = removal.advance_removal(operation_id)
    if delay_s is not None:
        continue_removal.using(run_after=timezone.now() + timedelta(seconds=delay_s)).enqueue(operation_id)


@task()
def deliver_alerts() -> None:
    """Sends what waits for the webhook."""
    from registries.services.notifications import delivery  # noqa: PLC0415 - as below

    delivery.deliver_due()


@task()
def verify_credentials(watched_ids: list[int]) -> None:
    """Verifies kept copies of credentials of one host, one after the other."""
    from registries.services.verification import schedule  # noqa: PLC0415 - the service enqueues this task, so it imports it

    schedule.verify_one_by_one(watched_ids)
