"""Toasts about the outcome of operations."""

from django.http import HttpRequest
from django.urls import reverse

from dashboard.http import add_toast
from registries.access import Access
from registries.display import VERBS
from registries.models import Operation
from registries.rancher.quirks import can_restore
from registries.rancher.types import Registry
from registries.services.operations.registry_state import RegistryState

State, Verb = Operation.State, Operation.Verb


def add_settled_toasts(request: HttpRequest, access: Access, found: RegistryState) -> None:
    """Adds toasts for operations that this read settled, and for the page's own (`op`) if it ended elsewhere."""
    ended = list(found.settled)
    watched = request.GET.get("op", "")
    if watched.isdecimal() and len(watched) < 16 and int(watched) not in {operation.pk for operation in ended}:
        mine = Operation.objects.filter(pk=int(watched), profile=access.profile, target_id=found.registry.id)
        ended += mine.exclude(state__in=Operation.OPEN)
    for operation in ended:
        add_operation_toast(request, access, operation, found.registry)


def add_unchanged_toast(request: HttpRequest, name: str, *, detail: str = "") -> None:
    """Adds a toast for an edit form that asked for no change."""
    add_toast(
        request, "warn", f"{name}: Nothing was changed", detail=detail or "Rancher has these values; nothing was sent."
    )


def add_operation_toast(
    request: HttpRequest, access: Access, operation: Operation, registry: Registry | None = None
) -> None:
    """Adds a toast for the operation's state; accepted but unfinished ones are shown as in progress."""
    _, _, doing, done = VERBS[Verb(operation.verb)]
    name = operation.target_name or operation.target_id
    where = f"{access.profile.name}, operation {operation.pk}"
    match operation.state:
        case State.SUCCEEDED:
            undo = ""
            if registry and operation.verb == Verb.REMOVE and can_restore(registry.actions) and access.may_change:
                undo = reverse("registry_act", args=[access.profile.slug, registry.id, "restore"])
            add_toast(
                request, "good", f"{name}: {done.lower()}", detail=where, href=undo, label="Restore…" if undo else ""
            )
        case State.FAILED:
            add_toast(
                request,
                "bad",
                f"{name}: not {done.lower()}",
                detail=operation.error_text or where,
                href=operation.get_absolute_url(),
                label="Details",
            )
        case State.UNKNOWN:
            add_toast(
                request,
                "warn",
                f"{name}: outcome unknown, checking…",
                detail="Corral reads Rancher again and never resends.",
                href=operation.get_absolute_url(),
                label="Details",
            )
        case _:
            add_toast(request, "busy", f"{doing} {name}…", detail=where)
    if operation.warning:
        url = operation.get_absolute_url()
        add_toast(request, "warn", "Look at this", detail=operation.warning, href=url, label="Details")
