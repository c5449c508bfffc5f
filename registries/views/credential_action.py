"""Dialogs that activate, deactivate, remove or purge a credential: confirmation by GET, write by POST."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, go, page_in_view, render_fragments, render_page
from registries.access import Access
from registries.display import VERBS
from registries.forms.registry import ConfirmForm
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import RegistryCredential
from registries.roles import Right
from registries.services.inventory import store
from registries.services.operations import lifecycle
from registries.services.operations.credentials import change_credential_state
from registries.services.operations.lifecycle import KeyTaken
from registries.services.operations.registry_state import RegistryState, load_registry
from registries.services.operations.write_requests import ActionUnavailable, needs_deactivation, offered
from registries.views import outcome
from registries.views.effects import effect_of_credential
from registries.views.loading import raise_if_stale, registry_view
from registries.views.registry_detail import detail_context
from registries.views.registry_list_rows import DANGEROUS, address_html

TEMPLATE = "registries/credential_confirm.html"
Verb = Operation.Verb


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.CHANGE_REGISTRIES)
def credential_act(
    request: AuthedRequest, access: Access, found: RegistryState, credential_id: str, verb: str
) -> HttpResponse:
    """Activates or deactivates."""
    return _act(request, access, found, credential_id, Verb(verb))


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.REMOVE_REGISTRIES)
def credential_remove(
    request: AuthedRequest, access: Access, found: RegistryState, credential_id: str, verb: str
) -> HttpResponse:
    """Removes or purges."""
    return _act(request, access, found, credential_id, Verb(verb))


def _act(request: AuthedRequest, access: Access, found: RegistryState, credential_id: str, verb: Verb) -> HttpResponse:
    credential = _read(access, found, credential_id)
    name = credential.public_value or credential.id
    form = ConfirmForm(request.POST or None, name=name, is_protected=access.profile.is_protected)
    if request.method == "POST" and form.is_valid():
        try:
            raise_if_stale(found)
            sent = form.as_request(request.request_id)
            operation = change_credential_state(access, found.registry, credential, verb=verb, request=sent)
        except (ActionUnavailable, KeyTaken, UpstreamError) as problem:
            form.add_error(None, str(problem))
        else:
            return _respond(request, access, found, operation)
    context = _context(access, found, credential, verb) | {"form": form}
    return render_page(request, TEMPLATE, context, fragments=["dialog"], status=422 if form.is_bound else 200)


def _read(access: Access, found: RegistryState, credential_id: str) -> RegistryCredential:
    """Finds the credential; removed ones, which the registry no longer lists, are read by id. Raises Http404."""
    listed = next((one for one in found.registry.credentials or () if one.id == credential_id), None)
    removed = None if listed or found.error else lifecycle.read_credential(access.profile, credential_id)
    credential = listed or removed
    if credential is None or credential.registry_id not in {None, found.registry.id}:
        raise Http404("This registry has no such credential; it may have been purged.")
    return credential


def _context(access: Access, found: RegistryState, credential: RegistryCredential, verb: Verb) -> dict[str, Any]:
    two_steps = verb == Verb.REMOVE and needs_deactivation(credential)
    label = "Deactivate and remove" if two_steps else VERBS[verb][0]
    return {
        "registry": found.registry,
        "credential": credential,
        "user": credential.public_value or credential.id,
        "address": address_html(found.registry.server_address or ""),
        "verb": verb.value,
        "label": label,
        "effect": _effect(access, found, credential, verb),
        "is_danger": verb in DANGEROUS,
        "two_steps": two_steps,
        "problem": _why_not(access, found, credential, verb),
        "back": reverse("registry_detail", args=[access.profile.slug, found.registry.id]),
    }


def _why_not(access: Access, found: RegistryState, credential: RegistryCredential, verb: Verb) -> str:
    """Reason why the action is unavailable, for a page that was opened without its button; "" if available."""
    if access.profile.is_read_only:
        return access.why_not
    if found.error is not None:
        return f"{found.error} Nothing can be changed until Rancher answers again."
    if verb not in offered(credential):
        return f"Rancher doesn't offer it while the credential is {credential.state}."
    return ""


def _effect(access: Access, found: RegistryState, credential: RegistryCredential, verb: Verb) -> str:
    """Effect on hosts: the next active credential takes over, or they pull without one."""
    if verb == Verb.PURGE:
        return "Its row is deleted for good. Rancher does the same some minutes after a removal."
    twins = store.recall_twins(access.profile, found.registry)
    return effect_of_credential(found.registry, twins, credential, verb)


def _respond(request: AuthedRequest, access: Access, found: RegistryState, operation: Operation) -> HttpResponse:
    """Responds to a write with the registry's page as it is now."""
    slug, registry_id = access.profile.slug, found.registry.id
    if page_in_view(request) != "registry_detail":
        outcome.add_operation_toast(request, access, operation)
        return go(request, reverse("registry_detail", args=[slug, registry_id]))
    again = load_registry(access.profile, registry_id)
    settled = again.settled if again else ()
    for told in settled if operation in settled else (operation, *settled):
        outcome.add_operation_toast(request, access, told)
    if again is None:
        return go(request, reverse("registry_list", args=[slug]))
    context = detail_context(access, again) | {"out_of_band": True}
    return render_fragments(request, ("registries/registry_detail.html#registry-detail", context))
