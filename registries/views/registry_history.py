"""History of a registry: changes through Corral and past it."""

from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from registries.access import Access, profile_view
from registries.roles import Right
from registries.services.inventory import store
from registries.services.operations.history import HistoryRow, read_history
from registries.views.audit import differences, present_event
from registries.views.registry_list_rows import address_html


@require_safe
@profile_view(Right.READ_PROFILE)
def registry_history(request: AuthedRequest, access: Access, registry_id: str) -> HttpResponse:
    known = store.recall_one(access.profile, registry_id)
    if known is None:
        raise Http404("Corral has never seen such a registry in this project.")
    history = read_history(access.profile, registry_id)
    context = {
        "registry_id": registry_id,
        "address": address_html(known.server_address),
        "rows": [_present(row) for row in history.rows],
        "error": history.error,
        "warnings": history.warnings,
    }
    return render_page(request, "registries/registry_history.html", context)


def _present(row: HistoryRow) -> dict[str, Any]:
    logged = row.logged
    shown: dict[str, Any] = {"at": row.at, "logged": logged}
    if row.event:
        return shown | present_event(row.event) | {"differences": differences(row.event)}
    assert logged is not None  # noqa: S101 - a row has one of the two
    failed = (logged.response_code or 0) >= 400
    return shown | {
        "actor": logged.actor,
        "sentence": f"{logged.verb} registry",
        "tone": "bad" if failed else "idle",
        "icon": "error" if failed else "external",
        "word": f"Answered {logged.response_code}" if logged.response_code else "Past Corral",
        "fields": sorted(logged.fields.items()),
    }
