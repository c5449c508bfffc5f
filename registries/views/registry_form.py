"""Forms that create and edit a registry."""

from dataclasses import replace
from typing import Any
from uuid import uuid5

from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from registries.access import Access, profile_view
from registries.forms.registry import DescribedForm, FieldLengths, RegistryCreateForm, RegistryEditForm
from registries.images.server_addresses import examine_address, is_same_address
from registries.models import InventoryItem, Operation
from registries.outbound.errors import UpstreamError
from registries.providers import BY_SLUG, PROVIDERS, credential_words
from registries.rancher.types import Registry
from registries.roles import Right
from registries.services.operations.credentials import create_credential
from registries.services.operations.lifecycle import KeyTaken
from registries.services.operations.registries import AddressTaken, create_registry, update_registry
from registries.services.operations.registry_state import RegistryState
from registries.services.operations.write_requests import ActionUnavailable, was_sent
from registries.services.upstream import schema_limits
from registries.views import credential_test, outcome
from registries.views.loading import raise_if_stale, registry_view
from registries.views.registry_list_rows import address_html

State = Operation.State


@require_http_methods(["GET", "HEAD", "POST"])
@profile_view(Right.CHANGE_REGISTRIES)
def registry_create(request: AuthedRequest, access: Access) -> HttpResponse:
    if access.profile.is_read_only:
        return render_page(request, "registries/registry_read_only.html", {}, status=403)
    chosen = BY_SLUG.get(request.GET.get("provider", ""))
    start = {"provider": chosen.slug, "server_address": chosen.address} if chosen else {}
    form = RegistryCreateForm(
        _with_provider_address(request.POST) if request.method == "POST" else None,
        limits=FieldLengths(**schema_limits.of_registries(access.profile)),
        initial=start,
        keeps_copies=access.profile.keeps_copies,
    )
    tested = None
    if credential_test.is_asked(request):
        tested = _try_credential(access, form)
        if part := credential_test.answer_part(request, tested):
            return part
    elif request.method == "POST" and form.is_valid() and (done := _create(request, access, form)):
        return done
    context = (tested or {}) | {
        "form": form,
        "providers": PROVIDERS,
        "chosen": BY_SLUG.get(form.provider_chosen()),
        "typed": form["server_address"].value() or "",
        "address": form.address or (examine_address(start["server_address"]) if start.get("server_address") else None),
        "never_matches": form.has_error("server_address", "never_matches"),
    }
    status = 422 if form.is_bound and tested is None else 200
    return render_page(request, "registries/registry_create.html", context, fragments=["registry-form"], status=status)


@require_safe
@profile_view(Right.CHANGE_REGISTRIES)
def address_check(request: AuthedRequest, access: Access) -> HttpResponse:
    """Previews an address while it is typed: cleaned, checked, and compared with the last known registries."""
    chosen = BY_SLUG.get(request.GET.get("provider", ""))
    typed = request.GET.get("server_address", "")[:2000]
    address = examine_address(typed) if typed.strip() else None
    twin = None
    if address:
        items = InventoryItem.objects.filter(profile=access.profile, gone_at=None).only("rancher_id", "server_address")
        twin = next((one for one in items if is_same_address(one.server_address, address.cleaned or typed)), None)
    words = credential_words(typed, chosen=chosen.slug if chosen else "")
    context = {"address": address, "twin": twin, "chosen": chosen, "typed": typed, "words": words}
    return render_page(
        request, "registries/address_check.html", context, fragments=["address-check", "provider-advice"]
    )


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.CHANGE_REGISTRIES)
def registry_update(request: AuthedRequest, access: Access, found: RegistryState) -> HttpResponse:
    registry = found.registry
    form = RegistryEditForm(
        request.POST if request.method == "POST" else None,
        limits=FieldLengths(**schema_limits.of_registries(access.profile)),
        initial={"name": registry.name or "", "description": registry.description or ""},
    )
    if request.method == "POST" and form.is_valid() and (done := _update(request, access, found, form)):
        return done
    address = address_html(registry.server_address or "")
    context = {"form": form, "registry": registry, "found": found, "address": address}
    status = 409 if form.conflicts else 422 if form.is_bound else 200
    return render_page(request, "registries/registry_update.html", context, fragments=["registry-form"], status=status)


def _try_credential(access: Access, form: RegistryCreateForm) -> dict[str, Any]:
    form.is_valid()
    return credential_test.run_test(access, form, server_address=form.cleaned_data.get("server_address", ""))


def _with_provider_address(data: Any) -> Any:
    """Fills in the provider's only address if none was typed, so that the tiles work without JavaScript."""
    provider = BY_SLUG.get(data.get("provider", ""))
    if provider and provider.address and not data.get("server_address", "").strip():
        data = data.copy()
        data["server_address"] = provider.address
    return data


def _create(request: AuthedRequest, access: Access, form: RegistryCreateForm) -> HttpResponse | None:
    """Creates and responds; None if the form has errors."""
    fields = form.cleaned_data
    try:
        operation = create_registry(
            access,
            request=form.as_request(request.request_id),
            server_address=fields["server_address"],
            name=fields["name"],
            description=fields["description"],
        )
    except AddressTaken as taken:
        form.add_error("server_address", _already_there(access, taken))
        return None
    except (KeyTaken, UpstreamError) as problem:
        form.add_error(None, f"{problem} Nothing was created.")
        return None
    if operation.state == State.FAILED:
        _explain(form, operation)
        return None
    outcome.add_operation_toast(request, access, operation)
    if form.has_credential:
        _create_credential(request, access, form, operation)
    if operation.target_id:
        return go(request, reverse("registry_detail", args=[access.profile.slug, operation.target_id]))
    return go(request, operation.get_absolute_url())


def _create_credential(
    request: AuthedRequest, access: Access, form: RegistryCreateForm, registry_made: Operation
) -> None:
    """Creates the credential after its registry; on failure, a toast says that the registry exists without it."""
    address, rancher_id = registry_made.target_name, registry_made.target_id
    if not rancher_id:
        detail = "Whether the registry was created is not known yet. Add the credential when it is there."
        add_toast(request, "warn", "The credential was not sent", detail=detail)
        return
    sent = form.as_request(request.request_id)
    fields = {name: form.cleaned_data[name] for name in ("public_value", "secret_value")}
    operation = create_credential(
        access,
        Registry(id=rancher_id, server_address=address, credentials=()),
        request=replace(sent, key=uuid5(sent.key, "credential")),
        fields=fields | {"name": None, "description": None},
        keep_copy=form.cleaned_data.get("keep_copy", False),
    )
    if operation.state == State.FAILED:
        add_toast(
            request,
            "bad",
            f"{address} exists, without a credential",
            detail=f"The credential was not created: {operation.error_text}",
            href=reverse("credential_create", args=[access.profile.slug, rancher_id]),
            label="Add credential",
        )
    else:
        outcome.add_operation_toast(request, access, operation)


def _update(
    request: AuthedRequest, access: Access, found: RegistryState, form: RegistryEditForm
) -> HttpResponse | None:
    """Updates and responds; None if the form has errors or conflicts."""
    detail_url = reverse("registry_detail", args=[access.profile.slug, found.registry.id])
    sent = form.as_request(request.request_id)
    try:
        raise_if_stale(found)
        if not was_sent(sent):
            if form.find_conflicts():
                return None
            if not form.changes():
                outcome.add_unchanged_toast(request, found.registry.server_address or found.registry.id)
                return go(request, detail_url)
        operation = update_registry(access, found.registry, request=sent, changes=form.changes())
    except (ActionUnavailable, KeyTaken, UpstreamError) as problem:
        form.add_error(None, f"{problem} Nothing was changed.")
        return None
    if operation.state == State.FAILED:
        _explain(form, operation)
        return None
    outcome.add_operation_toast(request, access, operation)
    return go(request, detail_url)


def _already_there(access: Access, taken: AddressTaken) -> Any:
    existing = taken.existing
    return format_html(
        '{} already has <a href="{}">{}</a> ({}, {}). Nothing was sent.',
        access.profile.name,
        reverse("registry_detail", args=[access.profile.slug, existing.id]),
        existing.server_address,
        existing.id,
        existing.state,
    )


def _explain(form: DescribedForm, operation: Operation) -> None:
    """Adds the failed operation's error to its field or the form, and renews the one-time key."""
    field = {"name": "name", "description": "description", "serverAddress": "server_address"}.get(operation.error_field)
    form.add_error(field if field in form.fields else None, operation.error_text)
    form.renew_key()
