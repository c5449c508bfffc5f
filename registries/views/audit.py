"""Audit log: list, one event, and the export of the filtered events."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_fragments, render_page, wants_fragment
from dashboard.policy import admins_and_auditors
from registries.audit_words import OUTCOMES, sentence
from registries.display import format_datetime
from registries.forms.audit import PRESETS, AuditFilter
from registries.models import AuditEvent
from registries.services.audit.export import export_audit_log
from registries.services.audit.export_formats import Kind
from registries.services.audit.histogram import Graph, draw_graph
from registries.services.audit.query import find_page

OURS = {"ids", "count", "highest_id"}  # internal values that are no field of a form
WIDTH, HEIGHT = 10, 48  # of a bar with its gap, and of the graph, in SVG units
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


@require_safe
@admins_and_auditors
def audit_list(request: AuthedRequest) -> HttpResponse:
    chosen = AuditFilter(request.GET)
    query = chosen.as_query()
    page = find_page(query, before=_number(request, "before"), after=_number(request, "after"))
    context = {
        "filter": chosen,
        "page": page,
        "rows": [present_event(event) for event in page.events],
        "graph": _present_graph(draw_graph(query), chosen),
        "presets": [(slug, chosen.url(**{"range": slug, "from": None, "to": None})) for slug in PRESETS],
        "always_url": chosen.url(**{"range": None, "from": None, "to": None}),
        "older_url": chosen.url(before=page.older_than) if page.older_than else "",
        "newer_url": chosen.url(after=page.newer_than) if page.newer_than else "",
        "further_url": chosen.url(before=page.searched_to) if page.searched_to else "",
        "export_url": chosen.url(),
    }
    return render_page(request, "registries/audit_list.html", context, fragments=["audit-list"])


@require_safe
@admins_and_auditors
def audit_detail(request: AuthedRequest, event_id: int) -> HttpResponse:
    """One event as a page, or for htmx as an open or closed row of the list."""
    event = AuditEvent.objects.filter(pk=event_id).first()
    if event is None:
        raise Http404("No such event.")
    row = present_event(event)
    if wants_fragment(request, f"event-{event.pk}"):
        is_open = "close" not in request.GET
        return render_fragments(
            request, ("registries/_audit_row.html", {"row": row | _details(event), "open": is_open})
        )
    return render_page(request, "registries/audit_detail.html", {"row": row | _details(event)})


@require_safe
@admins_and_auditors
def audit_export(request: AuthedRequest) -> HttpResponseBase:
    """Streams the filtered events, oldest first, sealed by the last line; the export itself is an audit event."""
    chosen = AuditFilter(request.GET)
    kind: Kind = "csv" if request.GET.get("format") == "csv" else "jsonl"
    pieces = export_audit_log(chosen.as_query(), kind=kind, actor=request.user)
    answer = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[kind])
    answer["Content-Disposition"] = f'attachment; filename="corral-audit-{timezone.now():%Y%m%dT%H%M%SZ}.{kind}"'
    return answer


def present_event(event: AuditEvent) -> dict[str, Any]:
    """Presents an event as a row: actor, action, target, outcome."""
    word, icon, tone = OUTCOMES[event.outcome]
    return {
        "event": event,
        "id": event.pk,
        "sentence": sentence(event.action),
        "word": word,
        "icon": icon,
        "tone": tone,
        "target": event.target_name or event.target_id,
        "actor": event.actor_name or "nobody",
    }


def differences(event: AuditEvent, begun: AuditEvent | None = None) -> list[tuple[str, str, str]]:
    """Rows of field, before and after; "–" for none. `begun`, the first event of the operation, has the input."""
    before, after = event.before_values, {**(begun.after_values if begun else {}), **event.after_values}
    names = [name for name in (before | after) if name not in OURS]
    shown = [(name.replace("_", " "), _shown(before.get(name)), _shown(after.get(name))) for name in names]
    return [row for row in shown if row[1:] != ("–", "–")]


def _details(event: AuditEvent) -> dict[str, Any]:
    begun = None
    if event.operation_id and event.outcome != AuditEvent.Outcome.BEGUN:
        begun = AuditEvent.objects.filter(operation_id=event.operation_id, id__lt=event.pk).order_by("id").first()
    return {"differences": differences(event, begun), "begun": begun}


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _present_graph(graph: Graph, chosen: AuditFilter) -> dict[str, Any]:
    """Presents the histogram: each bar links to its own range and is scaled to the highest."""
    highest = max(bar.count for bar in graph.bars) or 1
    bars = [
        {
            "x": WIDTH * place,
            "height": (height := max(round(bar.count / highest * HEIGHT), 2)),
            "y": HEIGHT - height,
            "label": f"{bar.count} event{'' if bar.count == 1 else 's'}, "
            f"{format_datetime(bar.since)} to {format_datetime(bar.until)}",
            "url": chosen.url(**{"range": None, "from": _exact(bar.since), "to": _exact(bar.until)}),
        }
        for place, bar in enumerate(graph.bars)
        if bar.count
    ]
    return {
        "bars": bars,
        "since": graph.since,
        "until": graph.until,
        "is_whole": graph.is_whole,
        "step": WIDTH,
        "bar": WIDTH - 2,
        "width": WIDTH * len(graph.bars),
        "height": HEIGHT,
    }


def _exact(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def _number(request: AuthedRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
