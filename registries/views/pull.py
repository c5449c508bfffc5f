"""Pulls of an image on the hosts: the form, and each host's answer."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, go, render_page
from registries.access import Access, profile_view
from registries.forms.pull import PullForm
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.pull_tasks import DONE
from registries.roles import Right
from registries.services.operations.lifecycle import KeyTaken
from registries.services.operations.pulls import is_offered, read_pull, start_pull
from registries.views.operation import present_operation
from registries.views.polling import poll_context, read_tick


@require_http_methods(["GET", "HEAD", "POST"])
@profile_view(Right.CHANGE_REGISTRIES)
def pull_start(request: AuthedRequest, access: Access) -> HttpResponse:
    is_sent = request.method == "POST"
    form = PullForm(request.POST if is_sent else None, initial={"image": request.GET.get("image", "")[:512]})
    if is_sent and form.is_valid():
        try:
            operation = start_pull(access, request=form.as_request(request.request_id), **form.request_values())
        except (KeyTaken, UpstreamError) as problem:
            form.add_error(None, f"{problem} Nothing was pulled.")
        else:
            return go(request, reverse("pull_detail", args=[access.profile.slug, operation.pk]))
    context = {"form": form, "problem": "" if is_sent else _why_not(access)}
    return render_page(
        request, "registries/pull_start.html", context, fragments=["pull-form"], status=422 if is_sent else 200
    )


@require_safe
@profile_view(Right.READ_PROFILE)
def pull_detail(request: AuthedRequest, access: Access, operation_id: int) -> HttpResponse:
    """One pull; polls while hosts are pulling."""
    operation = get_object_or_404(Operation, pk=operation_id, profile=access.profile, verb=Operation.Verb.PULL)
    hosts, problem = dict((operation.after or {}).get("hosts", {})), ""
    try:
        hosts = read_pull(operation, access.profile) or hosts
    except UpstreamError as error:
        problem = str(error)
    context: dict[str, Any] = {
        "operation": operation,
        "row": present_operation(operation),
        "hosts": [_present_host(name, said, is_over=not operation.is_open) for name, said in hosts.items()],
        "problem": problem,
        **poll_context(read_tick(request), is_open=operation.is_open),
    }
    return render_page(request, "registries/pull_detail.html", context, fragments=["pull-detail"])


def _present_host(name: str, said: str, *, is_over: bool) -> dict[str, str]:
    if said == DONE:
        return {"name": name, "tone": "good", "icon": "active", "word": "Pulled", "said": ""}
    if said.startswith("Pulling") or not said:
        return {
            "name": name,
            "tone": "idle" if is_over else "busy",
            "icon": "waiting",
            "word": "No answer" if is_over else "Pulling…",
            "said": "",
        }
    return {"name": name, "tone": "bad", "icon": "error", "word": "Not pulled", "said": said}


def _why_not(access: Access) -> str:
    """Reason why pulls are unavailable; "" if available."""
    if access.why_not:
        return access.why_not
    try:
        offered = is_offered(access.profile)
    except UpstreamError as error:
        return str(error)
    return "" if offered else "This Rancher, or this key, offers no pull tasks."
