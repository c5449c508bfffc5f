"""Pages of connection profiles."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, go, render_page, toast
from registries.access import Access, admins_only, is_admin, load_access, profile_view, profiles_of, signed_in
from registries.forms.registry import ConfirmForm
from registries.models import Operation
from registries.rancher.address import parse_base_url
from registries.rancher.errors import BadAddress
from registries.roles import Right
from registries.services import overview, profiles
from registries.views.operation import present_operation
from registries.views.overview import present_card
from registries.views.profile_form import answer_profile_form

HEAD_GET_POST = ["GET", "HEAD", "POST"]


@require_safe
@signed_in
def profile_list(request: AuthedRequest) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:100]
    found = profiles_of(request.user)
    total = found.count()
    if q:
        found = (found.filter(name__icontains=q) | found.filter(base_url__icontains=q)).distinct()
    cards = [present_card(summary, is_loading=False) for summary in overview.summarise(found)]
    context = {"cards": cards, "q": q, "total": total}
    return render_page(request, "registries/profile_list.html", context, fragments=["profile-list"])


@require_safe
@admins_only
def profile_address(request: AuthedRequest) -> HttpResponse:
    """What would come of an address, as it is typed."""
    typed = request.GET.get("base_url", "")[:512]
    context: dict[str, Any] = {"typed": typed}
    if typed.strip():
        try:
            context["address"] = parse_base_url(typed)
        except BadAddress as error:
            context["problem"] = str(error)
    return render_page(request, "registries/profile_address.html", context, fragments=["address-check"])


@require_http_methods(HEAD_GET_POST)
@admins_only
def profile_create(request: AuthedRequest) -> HttpResponse:
    return answer_profile_form(request, None)


@require_http_methods(HEAD_GET_POST)
@admins_only
def profile_update(request: AuthedRequest, slug: str) -> HttpResponse:
    return answer_profile_form(request, load_access(request, slug).profile)


@require_safe
@profile_view(Right.READ_PROFILE)
def profile_detail(request: AuthedRequest, access: Access) -> HttpResponse:
    return render_page(request, "registries/profile_detail.html", detail_context(request, access))


@require_http_methods(HEAD_GET_POST)
@profile_view(Right.CHANGE_REGISTRIES)
def profile_check(request: AuthedRequest, access: Access) -> HttpResponse:
    """Checks the stored connection once more, without anything to type."""
    if request.method != "POST":
        return render_page(request, "registries/profile_check.html", {})
    found = profiles.check_again(access.profile)
    failed = found.failed_step
    toast(
        request,
        "bad" if failed else "good",
        f"{access.profile.name}: {'the check failed' if failed else 'the check passed'}",
        detail=failed.detail if failed else f"{found.elapsed_ms} ms",
    )
    return go(request, access.profile.get_absolute_url())


@require_http_methods(HEAD_GET_POST)
@admins_only
def profile_remove(request: AuthedRequest, slug: str) -> HttpResponse:
    profile = load_access(request, slug).profile
    form = ConfirmForm(request.POST or None, name=profile.name, is_protected=profile.is_protected)
    if request.method == "POST" and form.is_valid():
        profiles.remove_profile(profile)
        toast(request, "good", f"The profile {profile.name} was removed", detail="Nothing was changed in Rancher.")
        return go(request, reverse("profile_list"))
    context = {"form": form, "open_count": Operation.objects.filter(profile=profile, state__in=Operation.OPEN).count()}
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/profile_remove.html", context, fragments=["dialog"], status=status)


def detail_context(request: AuthedRequest, access: Access) -> dict[str, Any]:
    profile = access.profile
    (summary,) = overview.summarise([profile])
    certificate = None
    if profile.ca_certificate:
        certificate = profiles.read_certificate(profile.ca_certificate)
    return {
        "card": present_card(summary, is_loading=False),
        "checked_age": timezone.now() - profile.checked_at if profile.checked_at else None,
        "steps": profile.check_steps,
        "certificate": certificate,
        "may_check": access.may(Right.CHANGE_REGISTRIES),
        "operations": [present_operation(one) for one in profile.operations.all()[:8]],
        "may_edit": is_admin(request.user),
    }
