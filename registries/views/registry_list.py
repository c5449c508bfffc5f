"""List of a profile's registries, one row while it moves, and the export."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard.events import emit_event
from dashboard.http import AuthedRequest, is_fragment, query_in_view, render_fragments, render_page
from registries.access import Access, profile_view
from registries.events import ProfileEvent
from registries.models import CredentialStatus, Operation
from registries.roles import Right
from registries.services.inventory import store
from registries.services.inventory.export import export_registries
from registries.services.inventory.listing import SIZES, ListPage, ListQuery, find_registries
from registries.services.inventory.reading import Reading, read_or_recall, recall
from registries.services.operations import lifecycle
from registries.services.operations.registry_state import RegistryState
from registries.services.verification import saved_secrets
from registries.views import outcome
from registries.views.loading import registry_view
from registries.views.polling import read_tick
from registries.views.registry_list_rows import render_rows

COLUMNS = (
    ("address", "Address", ""),
    ("state", "State", ""),
    ("name", "Name", "optional"),
    ("description", "Description", "optional wide-only"),
    ("credentials", "Credentials", ""),
    ("age", "Age", "number"),
)
FACETS = (
    ("", "All"),
    ("active", "Active"),
    ("inactive", "Inactive"),
    ("changing", "Changing"),
    ("error", "Error"),
    ("attention", "Needs attention"),
    ("removed", "Removed"),
)


@require_safe
@profile_view(Right.READ_PROFILE)
def registry_list(request: AuthedRequest, access: Access) -> HttpResponse:
    query = ListQuery.parse(request.GET)
    reading = read_or_recall(access.profile, fresh="read" in request.GET)
    context = list_context(access, reading, query)
    return render_page(request, "registries/registry_list.html", context, fragments=["registry-list"])


@require_safe
@registry_view(Right.READ_PROFILE, allow_purged=True)
def registry_row(request: AuthedRequest, access: Access, found: RegistryState) -> HttpResponse:
    """One row of the list: a moving registry polls it, and it comes back without the trigger at rest."""
    if not is_fragment(request):
        return redirect("registry_detail", access.profile.slug, found.registry.id)
    outcome.add_settled_toasts(request, access, found)
    return row_fragments(request, access, found, tick=read_tick(request))


@require_safe
@profile_view(Right.READ_PROFILE)
def registry_export(request: AuthedRequest, access: Access) -> HttpResponse:
    """Exports all pages of the filtered list."""
    query = ListQuery.parse(request.GET)
    kind: Literal["csv", "json"] = "json" if request.GET.get("format") == "json" else "csv"
    reading = read_or_recall(access.profile)
    page = _find(access, reading, query, saved_secrets.watched_of(access.profile).values())
    emit_event(
        ProfileEvent(
            action="registry.export",
            actor=request.user,
            role=access.role_name,
            profile=access.profile,
            target_type="profile",
            target_name=access.profile.name,
            after={"format": kind, "rows": len(page.matching), "filter": query.url(page=query.page).removeprefix("?")},
        )
    )
    body, content_type = export_registries(page.matching, kind=kind)
    response = HttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{access.profile.slug}-registries.{kind}"'
    return response


def row_fragments(
    request: AuthedRequest, access: Access, found: RegistryState, *, tick: int = 0, out_of_band: bool = False
) -> HttpResponse:
    """Renders the registry's row and the facets with their counts; no row if the registry left the list."""
    pending = {found.registry.id: found.pending} if found.pending else {}
    # while it moves, use of credentials and counts don't change
    known = recall(access.profile) if out_of_band or not found.is_moving else None
    checks = saved_secrets.watched_of(access.profile) if known else {}
    if found.is_gone or found.registry.state in {"removed", "purging", "purged"}:
        context: dict[str, Any] = {"gone_id": found.registry.id if out_of_band else ""}
    else:
        context = {
            "rows": render_rows(
                [found.registry],
                access=access,
                now=timezone.now(),
                is_live=found.is_live,
                pending=pending,
                checks=checks,
                project=known,
                tick=tick,
                out_of_band=out_of_band,
            )
        }
    parts: list[tuple[str, Mapping[str, Any]]] = [("registries/registry_row.html", context)]
    if known:
        query = ListQuery.parse(query_in_view(request))
        counted = _find(access, known, query, checks.values())
        parts.append(("registries/registry_table.html#registry-facets", facet_context(counted, query) | {"swap": True}))
    return render_fragments(request, *parts)


def list_context(access: Access, reading: Reading, query: ListQuery) -> dict[str, Any]:
    profile = access.profile
    left: list[Operation] = [] if reading.is_quiet else lifecycle.open_operations(profile)
    if reading.is_live and left:
        left = lifecycle.settle_from_reading(left, reading)
    page, table = _render_table(access, reading, query, left)
    return {
        "reading": reading,
        "table": table,
        "page": page,
        "here": query.url(page=query.page),
        "lost_creates": [one for one in left if one.verb == Operation.Verb.CREATE and not one.target_id],
    }


def _render_table(
    access: Access, reading: Reading, query: ListQuery, left: list[Operation]
) -> tuple[ListPage, SafeString]:
    """Finds the page of rows and renders the table; once for all viewers of a quiet profile's kept reading."""
    key = (query, access.may_change, access.may_remove)
    if reading.is_quiet and key in reading.rendered:
        rendered: tuple[ListPage, SafeString] = reading.rendered[key]
        return rendered
    checks = saved_secrets.watched_of(access.profile)
    page = _find(access, reading, query, checks.values())
    showing_removed = query.state == "removed"
    rows = render_rows(
        page.rows,
        access=access,
        now=timezone.now(),
        is_live=reading.is_live and not showing_removed,
        pending={} if showing_removed else {operation.target_id: operation for operation in left},
        checks=checks,
        project=None if showing_removed else reading,
    )
    context = facet_context(page, query) | {
        "profile": access.profile,
        "access": access,
        "reading": reading,
        "rows": rows,
        "page": page,
        "headers": _headers(query),
        "sizes": [(size, query.url(size=size), size == query.size) for size in SIZES],
        "previous_url": query.url(page=page.page - 1) if page.page > 1 else "",
        "next_url": query.url(page=page.page + 1) if page.page < page.pages else "",
    }
    reading.rendered[key] = page, render_to_string("registries/registry_table.html", context)
    return page, reading.rendered[key][1]


def facet_context(page: ListPage, query: ListQuery) -> dict[str, Any]:
    """Context of the facets; empty ones are left out, except for the chosen one."""
    counts = dict(page.counts) | {"": page.total}
    facets = [
        {"url": query.url(state=slug), "label": label, "count": counts.get(slug, 0), "slug": slug}
        for slug, label in FACETS
        if counts.get(slug) or slug in {"", "active", "inactive", query.state}
    ]
    return {"facets": facets, "query": query}


def _find(access: Access, reading: Reading, query: ListQuery, checks: Collection[CredentialStatus]) -> ListPage:
    attention = reading.find_attention(checks)
    if query.state != "removed":
        page = find_registries(reading.registries, query, attention=attention)
        return page.with_counts(dict(page.counts) | {"removed": reading.removed}, total=page.total)
    removed = tuple(map(store.as_removed_registry, store.recall_removed(access.profile)))
    live = find_registries(reading.registries, ListQuery(q=query.q), attention=attention)
    page = find_registries(removed, query)
    return page.with_counts(dict(live.counts) | {"removed": len(page.matching)}, total=live.total)


def _headers(query: ListQuery) -> list[dict[str, str]]:
    headers = []
    for sort, label, css in COLUMNS:
        is_current = sort == query.sort
        order = "desc" if is_current and query.order == "asc" else "asc"
        aria = ("ascending" if query.order == "asc" else "descending") if is_current else ""
        headers.append({"url": query.url(sort=sort, order=order), "label": label, "css": css, "aria": aria})
    return headers
