"""Members of a profile: the list, and dialogs that add, change and remove roles."""

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.people.views.confirmation import Confirmation, ask, reason_form
from dashboard.reauthentication import require_recent_sign_in
from registries.access import Access, profile_view, profiles_of
from registries.forms.member import MemberForm, RoleForm
from registries.models import Membership
from registries.roles import Right, Role
from registries.services.profiles import access_report, members
from registries.services.profiles.access_report import Grant, GrantQuery

HEAD_GET_POST = ["GET", "HEAD", "POST"]
PAGE_SIZE = 50
GONE = "Somebody else took this role away just now; nothing was changed."


@require_safe
@profile_view(Right.READ_PROFILE)
def member_list(request: AuthedRequest, access: Access) -> HttpResponse:
    query = GrantQuery.parse(request.GET)
    grants = access_report.find_grants(access.profile)
    page = Paginator(query.narrow(grants), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "total": len(grants),
        "query": query,
        "facets": _facets(query, grants),
        "previous_url": query.url(page=page.previous_page_number()) if page.has_previous() else "",
        "next_url": query.url(page=page.next_page_number()) if page.has_next() else "",
    }
    return render_page(request, "registries/member_list.html", context, fragments=["member-list"])


@require_http_methods(HEAD_GET_POST)
@profile_view(Right.MANAGE_PROFILE)
@require_recent_sign_in
def member_add(request: AuthedRequest, access: Access) -> HttpResponse:
    form = MemberForm(request.POST if request.method == "POST" else None, profile=access.profile)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            members.add_member(access, form.who, role, reason=form.cleaned_data["reason"])
        except (members.AlreadyMember, members.OnlyReads) as problem:
            form.add_error("person" if form.cleaned_data["person"] else "team", str(problem))
        else:
            add_toast(
                request, "good", f"{form.who} is {role} of {access.profile.name}", detail=f"{role.may.capitalize()}."
            )
            return go(request, reverse("member_list", args=[access.profile.slug]))
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/member_add.html", {"form": form}, fragments=["dialog"], status=status)


@require_http_methods(HEAD_GET_POST)
@profile_view(Right.MANAGE_PROFILE)
@require_recent_sign_in
def member_role(request: AuthedRequest, access: Access, pk: int) -> HttpResponse:
    membership = _load(access, pk)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": membership.role})
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            members.change_member_role(access, membership, role, reason=form.cleaned_data["reason"])
        except members.OnlyReads as problem:
            form.add_error("role", str(problem))
        except members.NoLongerMember:
            form.add_error(None, GONE)
        else:
            add_toast(request, "good", f"{membership.holder} is {role} of {access.profile.name}")
            return go(request, _back(access))
    context = {"form": form, "membership": membership, "loss": members.describe_loss(access, membership)}
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/member_role.html", context, fragments=["dialog"], status=status)


@require_http_methods(HEAD_GET_POST)
@profile_view(Right.MANAGE_PROFILE)
@require_recent_sign_in
def member_remove(request: AuthedRequest, access: Access, pk: int) -> HttpResponse:
    membership, form = _load(access, pk), reason_form(request)
    if form.is_valid():
        try:
            members.remove_member(access, membership, reason=form.cleaned_data["reason"])
        except members.NoLongerMember:
            form.add_error(None, GONE)
        else:
            add_toast(request, "good", f"{membership.holder} is no longer {membership.role} of {access.profile.name}")
            return go(request, _back(access))
    return ask(request, form, _confirmation(access, membership))


def _confirmation(access: Access, membership: Membership) -> Confirmation:
    who = membership.holder
    what_stays = "At their next request they can do only what another role gives them."
    return Confirmation(
        subject=access.profile.name,
        question=f"Take the role {membership.role} from {who}?",
        lead=f"{what_stays} {members.describe_loss(access, membership)}".strip(),
        deed="Take the role away",
        icon="remove",
        keep="Keep it",
        back_url=reverse("member_list", args=[access.profile.slug]),
    )


def _load(access: Access, pk: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user", "team"), pk=pk, profile=access.profile)


def _back(access: Access) -> str:
    """URL of the members, or the overview if the person lost their own last role."""
    still_in = profiles_of(access.user).filter(pk=access.profile.pk).exists()
    return reverse("member_list", args=[access.profile.slug]) if still_in else reverse("overview")


def _facets(query: GrantQuery, grants: list[Grant]) -> list[dict[str, Any]]:
    """Facets: all, then each role among the grants that match the search."""
    counts = Counter(one.role for one in query.search(grants))
    facets = [("", "All", counts.total())]
    facets += [(role, f"{role.capitalize()}s", counts[role]) for role in access_report.EVERY_ROLE]
    return [
        {"url": query.url(role=role), "label": label, "count": count, "is_current": role == query.role}
        for role, label, count in facets
        if count or role in {"", query.role}
    ]
