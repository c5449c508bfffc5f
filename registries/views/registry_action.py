"""Dialogs that activate, deactivate, remove, purge or restore a registry: confirmation by GET, write by POST."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, go, page_in_view, render_fragments, render_page
from registries.access import Access
from registries.display import VERBS
from registries.forms.registry import ConfirmForm
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import Registry
from registries.roles import Right
from registries.services.inventory import store
from registries.services.operations.lifecycle import KeyTaken
from registries.services.operations.registries import change_state
from registries.services.operations.registry_state import RegistryState, load_registry
from registries.services.operations.write_requests import ActionUnavailable, needs_deactivation, offered
from registries.views import outcome
from registries.views.effects import effect_of_registry
from registries.views.loading import raise_if_stale, registry_view
from registries.views.registry_detail import detail_context
from registries.views.registry_list import row_fragments
from registries.views.registry_list_rows import DANGEROUS, address_html

TEMPLATE = "registries/registry_confirm.html"


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.CHANGE_REGISTRIES, allow_purged=True)
def registry_act(request: AuthedRequest, access: Access, found: RegistryState, verb: str) -> HttpResponse:
    """Activates, deactivates or restores."""
    return _act(request, access, found, Operation.Verb(verb))


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.REMOVE_REGISTRIES, allow_purged=True)
def registry_remove(request: AuthedRequest, access: Access, found: RegistryState, verb: str) -> HttpResponse:
    """Removes or purges."""
    return _act(request, access, found, Operation.Verb(verb))


def _act(request: AuthedRequest, access: Access, found: RegistryState, verb: Operation.Verb) -> HttpResponse:
    name = found.registry.server_address or found.registry.id
    form = ConfirmForm(request.POST or None, name=name, is_protected=access.profile.is_protected)
    if request.method != "POST" or not form.is_valid():
        return _confirmation(request, access, found, verb, form)
    try:
        raise_if_stale(found)
        operation = change_state(access, found.registry, verb=verb, request=form.as_request(request.request_id))
    except (ActionUnavailable, KeyTaken, UpstreamError) as problem:
        form.add_error(None, str(problem))
        return _confirmation(request, access, found, verb, form)
    return _respond(request, access, operation, found.registry)


def _confirmation(
    request: AuthedRequest, access: Access, found: RegistryState, verb: Operation.Verb, form: ConfirmForm
) -> HttpResponse:
    context = {
        "registry": found.registry,
        "address": address_html(found.registry.server_address or ""),
        "verb": verb.value,
        "form": form,
        "back": reverse("registry_detail", args=[access.profile.slug, found.registry.id]),
        "is_danger": verb in DANGEROUS,
        "problem": _why_not(access, found, verb),
    }
    context |= _wording(access, found.registry, verb)
    status = 422 if form.is_bound else 200
    return render_page(request, TEMPLATE, context, fragments=["dialog"], status=status)


def _why_not(access: Access, found: RegistryState, verb: Operation.Verb) -> str:
    """Reason why the action is unavailable, for a page that was opened without its button; "" if available."""
    if access.profile.is_read_only:
        return access.why_not
    if found.error is not None:
        return f"{found.error} Nothing can be changed until Rancher answers again."
    if found.is_gone:
        return "Rancher no longer knows this registry: it was purged."
    if verb not in offered(found.registry):
        return f"Rancher doesn't offer it while the registry is {found.registry.state}."
    return ""


def _wording(access: Access, registry: Registry, verb: Operation.Verb) -> dict[str, Any]:
    """Context of the dialog: title, button, effect, steps, users of the credentials."""
    title = label = VERBS[verb][0]
    steps: list[tuple[str, str, str]] = []
    if verb == Operation.Verb.REMOVE:
        steps = [("removed", "Remove it", "Rancher purges it some minutes later, credentials included")]
        if needs_deactivation(registry):
            steps.insert(0, ("pause", "Deactivate it", "Rancher removes only inactive registries"))
            label = "Deactivate and remove"
    users = [credential.public_value or credential.id for credential in registry.credentials or ()]
    effect = _effect(access, registry, verb)
    return {"label": label, "title": title, "effect": effect, "steps": steps, "users": users}


def _effect(access: Access, registry: Registry, verb: Operation.Verb) -> str:
    """Effect on hosts, and whether it can be undone."""
    if verb == Operation.Verb.PURGE:
        return "The removed registry and its credentials are deleted for good. This can't be undone."
    if verb == Operation.Verb.RESTORE:
        return "The removed registry comes back as inactive, with its credentials."
    effect = effect_of_registry(registry, store.recall_twins(access.profile, registry), verb)
    return f"{effect} It can be activated again." if verb == Operation.Verb.DEACTIVATE else effect


def _respond(request: AuthedRequest, access: Access, operation: Operation, registry: Registry) -> HttpResponse:
    """Responds to a write with the page in view, updated; without JavaScript, with the registry's page."""
    in_view = page_in_view(request)
    slug, rancher_id = access.profile.slug, operation.target_id
    if in_view not in {"registry_list", "registry_detail"}:
        outcome.add_operation_toast(request, access, operation, registry)
        return go(request, reverse("registry_detail", args=[slug, rancher_id]))
    found = load_registry(access.profile, rancher_id)
    settled = found.settled if found else ()
    # a fast Rancher has ended it by now: only its end gets a toast
    for told in settled if operation in settled else (operation, *settled):
        outcome.add_operation_toast(request, access, told, found.registry if found else registry)
    if found is None:
        return go(request, reverse("registry_list", args=[slug]))
    if in_view == "registry_list":
        return row_fragments(request, access, found, out_of_band=True)
    context = detail_context(access, found) | {"out_of_band": True}
    return render_fragments(request, ("registries/registry_detail.html#registry-detail", context))
