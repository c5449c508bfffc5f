"""Whether the service lives, and whether it can work: for the programs that restart it and send it visitors."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

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
    """The database answers and has every migration: 200, otherwise 503 with what is missing. No Rancher is asked:
    one that is dead is one card, not a reason to take the dashboard away."""
    problem = what_is_missing()
    return JsonResponse({"ready": not problem, "problem": problem}, status=503 if problem else 200)


def what_is_missing() -> str:
    """One sentence, or nothing. It names no host and no error text: everybody can read it."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "The database does not answer."
    return f"{len(waiting)} migrations wait to be applied." if waiting else ""
