"""Actions on teams: remove a member, remove the team. A GET asks, a POST acts."""

from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, add_toast, go
from dashboard.people.services import teams
from dashboard.people.views.confirmation import Confirmation, ask, reason_form
from dashboard.policy import admins_only
from dashboard.reauthentication import require_recent_sign_in


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def team_leave(request: AuthedRequest, pk: int, person_pk: int) -> HttpResponse:
    team, form = get_object_or_404(Group, pk=pk), reason_form(request)
    person = get_object_or_404(teams.members_of(team), pk=person_pk)
    if form.is_valid():
        teams.remove_from_team(request.user, team, person, reason=form.cleaned_data["reason"])
        add_toast(request, "good", f"{person} is not in {team} any more", detail="What the team may do, they can't.")
        return go(request, reverse("team_detail", args=[pk]))
    confirmation = Confirmation(
        subject=team.name,
        question=f"Take {person} out of {team}?",
        lead="At their next request they can do only what they may themselves or through another team.",
        deed="Take out of the team",
        icon="removed",
        keep="Keep in the team",
        back_url=reverse("team_detail", args=[pk]),
    )
    return ask(request, form, confirmation)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def team_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    team, form = get_object_or_404(Group, pk=pk), reason_form(request)
    if form.is_valid():
        teams.remove_team(request.user, team, reason=form.cleaned_data["reason"])
        add_toast(request, "good", f"The team {team} is removed")
        return go(request, reverse("team_list"))
    members = teams.members_of(team).count()
    confirmation = Confirmation(
        subject=team.name,
        question=f"Remove the team {team}?",
        lead="Its roles in profiles go with it: members keep what they may themselves or through another team. Nobody "
        "is deactivated.",
        impact=[(members, f"{pluralize(members, 'person loses,people lose')} what the team lets its members do")],
        deed="Remove team",
        icon="remove",
        keep="Keep it",
        back_url=reverse("team_detail", args=[pk]),
    )
    return ask(request, form, confirmation)
