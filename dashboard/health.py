"""Whether the service lives, and whether it can work: for the programs that restart it and send it visitors."""

import os

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.heartbeats import silent_processes
from dashboard.models import Heartbeat
from dashboard.policy import PUBLIC, stamp


@require_safe
@never_cache
@stamp(PUBLIC)
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process lives: 200, whatever the database or a Rancher do. Restart what doesn't answer this."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
@stamp(PUBLIC)
def readyz(_request: HttpRequest) -> JsonResponse:
    """The database takes writes and has every migration: 200, otherwise 503 with what is missing.

    No Rancher is asked: one that is dead is one card, not a reason to take the dashboard away. Background processes
    that are silent are named beside a 200: pages work without them.
    """
    problem = what_is_missing()
    body = {"ready": not problem, "problem": problem, "silent": [] if problem else silent_processes()}
    return JsonResponse(body, status=503 if problem else 200)


def what_is_missing() -> str:
    """One sentence, or nothing. It names no host and no error text: everybody can read it."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "The database does not answer."
    if waiting:
        return f"{len(waiting)} migrations wait to be applied."
    return "" if _takes_writes() else "The database takes no writes: it is read-only, or its disk is full."


def _takes_writes() -> bool:
    """Whether a row can be written; it is taken back. A connection that failed is closed: the next one starts anew."""
    try:
        with transaction.atomic():
            Heartbeat.objects.create(name="readyz", host="", pid=os.getpid())
            transaction.set_rollback(True)
    except DatabaseError:
        connection.close()
        return False
    return True
