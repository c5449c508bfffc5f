"""Sends every write to Rancher: one operation, committed, sent once, settled as far as the answer proves."""

from collections.abc import Callable

from django.db import transaction

from dashboard.current import current_write
from registries.access import Access
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.client import Client
from registries.services.operations import lifecycle
from registries.services.operations.outcomes import Target
from registries.services.operations.removal import continue_removal
from registries.services.upstream import connection


def call(access: Access, intent: lifecycle.Intent, send: Callable[[Client], Target]) -> Operation:
    """Commits the operation, sends it once, and settles it as far as the answer proves."""
    operation, is_new = lifecycle.begin(access, intent)
    if not is_new:
        return operation
    current_write.set(f"Operation {operation.pk}")  # from here on, failures are answered with "it was sent"
    try:
        with connection.contact(access.profile) as client:
            target = send(client)
    except UpstreamError as error:
        lifecycle.fail(operation, access.profile, error)
    else:
        lifecycle.accept(operation, access.profile, target)
    current_write.set("")
    return operation


def queue_removal(access: Access, intent: lifecycle.Intent) -> Operation:
    """Queues a removal in two steps for the worker (`removal`), in the operation's transaction."""
    with transaction.atomic():
        operation, is_new = lifecycle.begin(access, intent)
        if is_new:
            Operation.objects.filter(pk=operation.pk).update(step="queued")
            operation.step = "queued"
            continue_removal.enqueue(operation.pk)
    return operation
