"""Connection profiles: list, detail, check, removal."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page, wants_fragment
from dashboard.policy import admins_only, is_admin, signed_in
from dashboard.reauthentication import require_recent_sign_in
from registries.access import Access, load_access, may_make_profiles, profile_view, profiles_of
from registries.forms.registry import ConfirmForm
from registries.models import ConnectionProfile, Operation
from registries.roles import Right
from registries.services.profiles import overview, profiles
from registries.services.upstream.certificates import Certificate, read_certificates
from registries.views.operation import present_operation
from registries.views.overview import present_card
from registries.views.profile_form import allow_url

HEAD_GET_POST = ["GET", "HEAD", "POST"]
PAGE_SIZE = 100
DETAIL = "registries/profile_detail.html"


@require_safe
@signed_in
def profile_list(request: AuthedRequest) -> HttpResponse:
    q = request.GET.get("q", "").strip()[:100]
    found = everybodys = profiles_of(request.user)
    for word in q.split():
        texts = ("name", "base_url", "project_id", "project_name", "description", "tags")
        found = found.filter(Q(*((f"{text}__icontains", word) for text in texts), _connector=Q.OR))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    cards = [present_card(summary, is_loading=False) for summary in overview.summarise(page)]
    context = {"cards": cards, "page": page, "q": q, "total": everybodys.count()}
    context["may_make"] = may_make_profiles(request.user)
    return render_page(request, "registries/profile_list.html", context, fragments=["profile-list"])


@require_safe
@profile_view(Right.READ_PROFILE)
def profile_detail(request: AuthedRequest, access: Access) -> HttpResponse:
    return render_page(request, DETAIL, _detail_context(request, access), fragments=["profile-detail"])


@require_http_methods(HEAD_GET_POST)
@profile_view(Right.CHECK_CONNECTION)
def profile_check(request: AuthedRequest, access: Access) -> HttpResponse:
    """Checks the stored connection again, without a form."""
    if request.method != "POST":
        return render_page(request, "registries/profile_check.html", {})
    found = profiles.check_again(access.profile, access=access)
    failed = found.failed_step
    if failed:
        add_toast(request, "bad", f"{access.profile.name}: the check did not pass", detail=failed.detail)
    else:
        add_toast(request, "good", f"{access.profile.name}: the check passed", detail=f"{found.elapsed_ms} ms")
    if wants_fragment(request, "profile-detail"):
        return render_page(request, DETAIL, _detail_context(request, access), fragments=["profile-detail"])
    return go(request, access.profile.get_absolute_url())


STILL_OPEN = (
    "Something that was sent to its Rancher is still under way. Nothing was removed: wait until it has ended, then "
    "remove the profile."
)


@require_http_methods(HEAD_GET_POST)
@admins_only
@require_recent_sign_in
def profile_remove(request: AuthedRequest, slug: str) -> HttpResponse:
    access = load_access(request, slug)
    profile = access.profile
    form = ConfirmForm(request.POST or None, name=profile.name, is_protected=profile.is_protected)
    if request.method == "POST" and form.is_valid():
        try:
            profiles.remove_profile(access, reason=form.cleaned_data["reason"])
        except profiles.StillOpen:
            form.add_error(None, STILL_OPEN)
    if form.is_bound and form.is_valid():
        add_toast(request, "good", f"The profile {profile.name} was removed", detail="Nothing was changed in Rancher.")
        return go(request, reverse("profile_list"))
    context = {"form": form, "open_count": Operation.objects.filter(profile=profile, state__in=Operation.OPEN).count()}
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/profile_remove.html", context, fragments=["dialog"], status=status)


def _detail_context(request: AuthedRequest, access: Access) -> dict[str, Any]:
    profile = access.profile
    (summary,) = overview.summarise([profile])
    base = profiles.origin_of(profile)
    is_blocked = profile.failure_reason == "blocked" and base is not None
    card = present_card(summary, is_loading=False)
    return {
        "card": card,
        "health": card["health"],
        "checked_age": timezone.now() - profile.checked_at if profile.checked_at else None,
        "failing_age": timezone.now() - profile.failing_since if profile.failing_since else None,
        "certificates": _certificates(profile),
        "may_check": access.may(Right.CHECK_CONNECTION),
        "may_edit": access.may_manage,
        "allow_url": allow_url(base) if base and is_blocked and is_admin(request.user) else "",
        "operations": [present_operation(one) for one in profile.operations.all()[:8]],
    }


def _certificates(profile: ConnectionProfile) -> list[Certificate]:
    """Stored CA certificates in words; none if the text can't be parsed."""
    try:
        return read_certificates(profile.ca_certificate)
    except ValueError:
        return []
