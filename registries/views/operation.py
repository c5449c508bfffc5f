"""Operations: the list, and one operation with its outcome."""

from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from dashboard.policy import signed_in
from registries.access import load_access, operations_of
from registries.display import (
    OPERATION_ICONS,
    OPERATION_TONES,
    VERBS,
    ago,
    format_datetime,
    operation_sentence,
    short_age,
)
from registries.forms.operation import OperationFilter
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.services.operations import lifecycle
from registries.services.operations.outcomes import NEW_SECRET
from registries.views.polling import poll_context, read_tick
from registries.views.registry_list_rows import address_html

LABELS = {
    "server_address": "Server address",
    "public_value": "User",
    "email": "E-mail",
    "name": "Name",
    "description": "Description",
    "state": "State",
}


@require_safe
@signed_in
def operation_list(request: AuthedRequest) -> HttpResponse:
    chosen = OperationFilter(request.GET, queryset=operations_of(request.user), request=request)
    context = chosen.paged()
    context["rows"] = [present_operation(operation) for operation in context["page"]]
    return render_page(request, "registries/operation_list.html", context, fragments=["operation-list"])


@require_safe
@signed_in
def operation_detail(request: AuthedRequest, operation_id: int) -> HttpResponse:
    operation = operations_of(request.user).select_related("profile").filter(pk=operation_id).first()
    if operation is None:
        raise Http404("No such operation.")
    problem = _look_again(operation)
    if operation.profile:
        load_access(request, operation.profile.slug)  # for the profile's band and navigation
    context = {
        "operation": operation,
        "row": present_operation(operation),
        "differences": _differences(operation),
        "registry_id": operation.registry_id or (operation.target_id if operation.target_type == "registry" else ""),
        "problem": problem,
        **poll_context(read_tick(request), is_open=operation.is_open),
    }
    return render_page(request, "registries/operation_detail.html", context, fragments=["operation-detail"])


def present_operation(operation: Operation) -> dict[str, Any]:
    """Presents an operation as a row or event: words, tone and icon of its outcome."""
    return {
        "id": operation.pk,
        "url": operation.get_absolute_url(),
        "state": operation.state,
        "word": operation.get_state_display(),
        "tone": OPERATION_TONES[operation.state],
        "icon": OPERATION_ICONS[operation.state],
        "verb": VERBS[Operation.Verb(operation.verb)][0],
        "sentence": operation_sentence(operation),
        "address": _subject(operation),
        "is_of_registry": operation.target_type == "registry",
        "actor": operation.actor_name,
        "profile": operation.profile_name,
        "detail": _detail(operation),
        "age": ago(operation.age),
        "started": format_datetime(operation.started_at),
        "iso": operation.started_at.isoformat(),
        "took": short_age((operation.finished_at - operation.started_at).total_seconds())
        if operation.finished_at
        else "–",
    }


def _subject(operation: Operation) -> str:
    if operation.target_type == "registry" and operation.target_name:
        return address_html(operation.target_name)
    return operation.target_name or operation.target_id


def _detail(operation: Operation) -> str:
    if operation.warning:
        return operation.warning
    if operation.state == Operation.State.UNKNOWN:
        return "outcome unknown, checking…"
    if operation.is_open:
        if operation.age > lifecycle.LONG_PENDING:
            return f"still pending after {short_age(operation.age.total_seconds())}"
        return "waiting for the worker" if operation.step == "queued" else "waiting for Rancher"
    return operation.error_text


def _look_again(operation: Operation) -> str:
    """Settles an open operation by reading Rancher; returns the error's text, if any."""
    if not operation.is_open or operation.profile is None:
        return ""
    try:
        lifecycle.settle_open(operation.profile)
    except UpstreamError as error:
        return str(error)
    finally:
        profile = operation.profile
        operation.refresh_from_db()
        operation.profile = profile
    return ""


def _differences(operation: Operation) -> list[tuple[str, str, str]]:
    """Rows of field, before and after."""
    before, after = operation.before or {}, operation.after or operation.input
    rows = [(name, before.get(name), after.get(name)) for name in LABELS if name in before or name in after]
    differences = [(LABELS[name], old or "–", new or "–") for name, old, new in rows]
    if NEW_SECRET in operation.input:
        differences.append(("Password", "–" if operation.verb == Operation.Verb.CREATE else "the old one", "a new one"))
    return differences
