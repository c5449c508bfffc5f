"""Views of teams: list, detail with members, create, rename, add a member."""

from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.people.forms.team import MemberForm, TeamFilter, TeamForm
from dashboard.people.services import teams
from dashboard.policy import admins_and_auditors, admins_only
from dashboard.reauthentication import require_recent_sign_in

NAME_TAKEN = "Another team has this name."


@require_safe
@admins_and_auditors
def team_list(request: AuthedRequest) -> HttpResponse:
    context = TeamFilter(request.GET, queryset=teams.find_teams(), request=request).paged()
    return render_page(request, "people/team_list.html", context, fragments=["team-list"])


@require_safe
@admins_and_auditors
def team_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Group, pk=pk)
    return render_page(request, "people/team_detail.html", _context(team, MemberForm(team=team)))


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def team_add(request: AuthedRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Group, pk=pk)
    form = MemberForm(request.POST if request.method == "POST" else None, team=team)
    if form.is_valid():
        teams.add_to_team(request.user, team, form.person)
        add_toast(request, "good", f"{form.person} is in {team}", detail="The team's roles hold for them at once.")
        return go(request, _page_of(team))
    status = 422 if form.is_bound else 200
    return render_page(
        request, "people/team_detail.html", _context(team, form), fragments=["member-form"], status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def team_create(request: AuthedRequest) -> HttpResponse:
    form = TeamForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            team = teams.make_team(request.user, form.cleaned_data["name"])
        except teams.TeamNameTaken:
            form.add_error("name", NAME_TAKEN)
        else:
            add_toast(request, "good", f"{team} is a team", detail="Add its members, then give it a role in a profile.")
            return go(request, _page_of(team))
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def team_rename(request: AuthedRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Group, pk=pk)
    form = TeamForm(request.POST if request.method == "POST" else None, initial={"name": team.name})
    if form.is_valid():
        try:
            teams.rename_team(request.user, team, form.cleaned_data["name"])
        except teams.TeamNameTaken:
            form.add_error("name", NAME_TAKEN)
        else:
            add_toast(request, "good", f"{team} is now called {form.cleaned_data['name']}")
            return go(request, _page_of(team))
    return _form_page(request, form, team=team)


def _form_page(request: AuthedRequest, form: TeamForm, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render_page(
        request, "people/team_form.html", {"form": form, **context}, fragments=["team-form"], status=status
    )


def _context(team: Group, form: MemberForm) -> dict[str, Any]:
    return {
        "team": team,
        "members": teams.members_of(team),
        "form": form,
        "people_to_add": teams.people_to_add(team),
    }


def _page_of(team: Group) -> str:
    return reverse("team_detail", args=[team.pk])
