"""Forms that create and edit a credential."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, add_toast, go, render_page
from registries.access import Access
from registries.forms.credential import CredentialForm
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.providers import credential_words
from registries.rancher.types import RegistryCredential
from registries.roles import Right
from registries.services.operations.credentials import create_credential, give_up_copy, update_credential
from registries.services.operations.lifecycle import KeyTaken
from registries.services.operations.registry_state import RegistryState
from registries.services.operations.write_requests import ActionUnavailable, was_sent
from registries.services.upstream import schema_limits
from registries.services.verification import saved_secrets
from registries.views import credential_test, outcome
from registries.views.loading import find_credential, raise_if_stale, registry_view
from registries.views.registry_list_rows import address_html

TEMPLATE = "registries/credential_form.html"
# Rancher's field -> the form's
FIELDS = {"publicValue": "public_value", "secretValue": "secret_value", "email": "email"}
FIELDS |= {"name": "name", "description": "description"}


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.CHANGE_REGISTRIES)
def credential_create(request: AuthedRequest, access: Access, found: RegistryState) -> HttpResponse:
    form = _form(request, access, found, None)
    if credential_test.is_asked(request):
        return _tested(request, access, found, None, form)
    if request.method == "POST" and form.is_valid():
        try:
            raise_if_stale(found)
            fields = form.cleaned_data
            operation = create_credential(
                access,
                found.registry,
                request=form.as_request(request.request_id),
                fields={name: fields.get(name) for name in FIELDS.values()},
                keep_copy=bool(form.keeps),
            )
        except (ActionUnavailable, KeyTaken, UpstreamError) as problem:
            form.add_error(None, f"{problem} Nothing was created.")
        else:
            if done := _answer(request, access, found, operation, form):
                return done
    return _page(request, access, found, None, form)


@require_http_methods(["GET", "HEAD", "POST"])
@registry_view(Right.CHANGE_REGISTRIES)
def credential_update(request: AuthedRequest, access: Access, found: RegistryState, credential_id: str) -> HttpResponse:
    credential = find_credential(found, credential_id)
    form = _form(request, access, found, credential)
    if credential_test.is_asked(request):
        return _tested(request, access, found, credential, form)
    if request.method == "POST" and form.is_valid() and (done := _update(request, access, found, credential, form)):
        return done
    return _page(request, access, found, credential, form)


def _update(
    request: AuthedRequest, access: Access, found: RegistryState, credential: RegistryCredential, form: CredentialForm
) -> HttpResponse | None:
    """Updates and responds; None if the form has errors or conflicts."""
    sent = form.as_request(request.request_id)
    try:
        raise_if_stale(found)
        if not was_sent(sent):
            if form.find_conflicts():
                return None
            if not form.changes():
                return _update_copy_alone(request, access, found, credential, form)
        operation = update_credential(
            access, found.registry, credential, request=sent, changes=form.changes(), keep_copy=form.keeps
        )
    except (ActionUnavailable, KeyTaken, UpstreamError) as problem:
        form.add_error(None, f"{problem} Nothing was changed.")
        return None
    return _answer(request, access, found, operation, form)


def _update_copy_alone(
    request: AuthedRequest, access: Access, found: RegistryState, credential: RegistryCredential, form: CredentialForm
) -> HttpResponse:
    """Responds where Rancher gets nothing: at most the copy that Corral keeps is deleted."""
    name = credential.public_value or credential.id
    if form.gives_up_copy:
        give_up_copy(access, found.registry, credential)
        add_toast(request, "good", f"{name}: its copy is deleted", detail="Rancher keeps its own; nothing was sent.")
    else:
        detail = "A copy is made when a new password is saved; nothing was sent." if form.keeps else ""
        outcome.add_unchanged_toast(request, name, detail=detail)
    return go(request, reverse("registry_detail", args=[access.profile.slug, found.registry.id]))


def _form(
    request: AuthedRequest, access: Access, found: RegistryState, credential: RegistryCredential | None
) -> CredentialForm:
    watched = saved_secrets.watched_of(access.profile).get(credential.id) if credential else None
    shown = set(FIELDS.values()) - {"secret_value"}
    stored = {name: getattr(credential, name) or "" for name in shown} if credential else {}
    return CredentialForm(
        request.POST if request.method == "POST" else None,
        words=credential_words(found.registry.server_address or ""),
        needs_email=schema_limits.needs_email(access.profile),
        keeps_copies=access.profile.keeps_copies,
        is_stored=credential is not None,
        initial=stored | {"keep_copy": bool(watched and watched.secret)},
    )


def _page(
    request: AuthedRequest,
    access: Access,
    found: RegistryState,
    credential: RegistryCredential | None,
    form: CredentialForm,
    tested: dict[str, Any] | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "found": found,
        "registry": found.registry,
        "credential": credential,
        "address": address_html(found.registry.server_address or ""),
        "others": len(found.registry.credentials or ()) - bool(credential),
        **(tested or {}),
    }
    status = 409 if form.conflicts else 422 if form.is_bound and tested is None else 200
    return render_page(request, TEMPLATE, context, fragments=["credential-form"], status=status)


def _tested(
    request: AuthedRequest,
    access: Access,
    found: RegistryState,
    credential: RegistryCredential | None,
    form: CredentialForm,
) -> HttpResponse:
    watched = saved_secrets.watched_of(access.profile).get(credential.id) if credential else None
    registry = found.registry
    tested = credential_test.run_test(
        access, form, server_address=registry.server_address or "", registry_id=registry.id, watched=watched
    )
    return credential_test.answer_part(request, tested) or _page(request, access, found, credential, form, tested)


def _answer(
    request: AuthedRequest, access: Access, found: RegistryState, operation: Operation, form: CredentialForm
) -> HttpResponse | None:
    """Responds with the registry's page; None if Rancher refused: the error is on the form, with a new one-time key."""
    if operation.state == Operation.State.FAILED:
        field = FIELDS.get(operation.error_field)
        form.add_error(field if field in form.fields else None, operation.error_text)
        form.renew_key()
        return None
    outcome.add_operation_toast(request, access, operation)
    return go(request, reverse("registry_detail", args=[access.profile.slug, found.registry.id]))
