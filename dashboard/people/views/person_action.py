"""Actions on people: deactivate, activate, reset the second factor. A GET asks, a POST acts."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, add_toast, go
from dashboard.people.models import User
from dashboard.people.services import invitations, people
from dashboard.people.views.confirmation import Confirmation, ask, reason_form
from dashboard.people.views.person import LAST_ADMIN
from dashboard.policy import admins_only
from dashboard.reauthentication import require_recent_sign_in


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def person_deactivate(request: AuthedRequest, pk: int) -> HttpResponse:
    person, form = get_object_or_404(User, pk=pk), reason_form(request)
    if form.is_valid():
        try:
            people.deactivate_person(request.user, person, reason=form.cleaned_data["reason"])
        except people.LastAdmin:
            form.add_error(None, LAST_ADMIN)
        else:
            add_toast(request, "good", f"{person} is deactivated", detail="Their sessions have ended.")
            return go(request, _page_of(person))
    open_links = invitations.invitations_of(person).count()
    lead = "You are signed out at once." if person == request.user else "They are signed out at their next request."
    confirmation = Confirmation(
        subject=person.username,
        question=f"Deactivate {person}?",
        lead=f"{lead} Nothing else changes: what they did stays in the audit log, and they keep roles and teams for "
        "the day when they are activated again.",
        impact=[(open_links, f"open invitation{pluralize(open_links)} of theirs end{pluralize(open_links, 's,')}")],
        deed="Deactivate",
        icon="pause",
        keep="Keep active",
        back_url=_page_of(person),
    )
    return ask(request, form, confirmation)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def person_activate(request: AuthedRequest, pk: int) -> HttpResponse:
    person, form = get_object_or_404(User, pk=pk), reason_form(request)
    if form.is_valid():
        people.activate_person(request.user, person, reason=form.cleaned_data["reason"])
        add_toast(request, "good", f"{person} may sign in again")
        return go(request, _page_of(person))
    confirmation = Confirmation(
        subject=person.username,
        question=f"Activate {person}?",
        lead="They can sign in again, with the password, the second factor, the roles and the teams that they had.",
        deed="Activate",
        icon="play",
        keep="Keep deactivated",
        back_url=_page_of(person),
        is_danger=False,
    )
    return ask(request, form, confirmation)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def person_reset_second_factor(request: AuthedRequest, pk: int) -> HttpResponse:
    person, form = get_object_or_404(User, pk=pk), reason_form(request)
    if form.is_valid():
        people.reset_second_factor(request.user, person, reason=form.cleaned_data["reason"])
        add_toast(request, "good", f"{person} has no second factor any more", detail="Their sessions have ended.")
        return go(request, _page_of(person))
    confirmation = Confirmation(
        subject=person.username,
        question=f"Reset the second factor of {person}?",
        lead="Codes, keys and recovery codes are forgotten and their sessions end; the password alone signs in until "
        "they set up a new one. Make sure that it is them who asks: call back, don't answer a mail.",
        deed="Reset second factor",
        icon="key",
        keep="Keep it",
        back_url=_page_of(person),
    )
    return ask(request, form, confirmation)


def _page_of(person: User) -> str:
    return reverse("person_detail", args=[person.pk])
