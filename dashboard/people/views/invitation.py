"""Invitation views: an admin creates and revokes a link; its recipient chooses a password.

The token is in the link alone: opening it stores the invitation's id in the session and redirects to an address without
the token, so that no log, history or `Referer` holds a usable token.
"""

from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.current import current_address
from dashboard.errors import too_many_requests
from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.people.forms.invitation import InvitationForm, PasswordForm
from dashboard.people.models import Invitation
from dashboard.people.services import invitations
from dashboard.people.views.confirmation import Confirmation, ask, reason_form
from dashboard.policy import PUBLIC, admins_only, stamp
from dashboard.rate_limits import RateLimit, take_slot
from dashboard.reauthentication import require_recent_sign_in

OPENED = "invitation"  # session key: id of the invitation whose link was opened
PER_ADDRESS = RateLimit("invitation", slots=20, seconds=60)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
@never_cache
def person_invite(request: AuthedRequest) -> HttpResponse:
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            invitation, token = invitations.invite_person(request.user, **form.cleaned_data)
        except invitations.NameTaken:
            form.add_error("username", "Somebody is called that already. Choose another name.")
        except invitations.AlreadyInvited:
            form.add_error("username", "Is invited already. Revoke that invitation to make a new link.")
        else:
            link = request.build_absolute_uri(reverse("invitation_accept", args=[token]))
            return render_page(request, "people/invitation_link.html", {"invitation": invitation, "link": link})
    status = 422 if form.is_bound else 200
    context = {"form": form, "has_teams": Group.objects.exists()}
    return render_page(request, "people/person_invite.html", context, fragments=["invite-form"], status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def invitation_revoke(request: AuthedRequest, pk: int) -> HttpResponse:
    invitation, form = get_object_or_404(Invitation, pk=pk), reason_form(request)
    if form.is_valid():
        try:
            invitations.revoke_invitation(request.user, invitation, reason=form.cleaned_data["reason"])
        except invitations.InvitationGone:
            add_toast(request, "warn", "Nothing was changed.", detail="The link was used or revoked a moment ago.")
        else:
            add_toast(request, "good", f"The link for {invitation} opens nothing any more")
        return go(request, reverse("person_list"))
    confirmation = Confirmation(
        subject=invitation.username,
        question=f"Revoke the invitation of {invitation}?",
        lead="Its link stops working at once. Nobody was made by it yet.",
        deed="Revoke invitation",
        icon="remove",
        keep="Keep it",
        back_url=reverse("person_list"),
    )
    return ask(request, form, confirmation)


@require_safe
@stamp(PUBLIC)
@never_cache
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Opens a link. The answer is the same redirect for every token."""
    if wait_s := take_slot(PER_ADDRESS, current_address.get()):
        response = redirect(f"{reverse('invitation_password')}?wait={wait_s}")
    else:
        if invitation := invitations.find_invitation(token):
            request.session[OPENED] = invitation.pk
        else:
            request.session.pop(OPENED, None)
        response = redirect("invitation_password")
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@stamp(PUBLIC)
@never_cache
def invitation_password(request: HttpRequest) -> HttpResponse:
    """Password page of an opened link; 404 without a usable invitation, whatever the reason."""
    if "wait" in request.GET or (request.method == "POST" and take_slot(PER_ADDRESS, current_address.get())):
        return too_many_requests(request)
    invitation = invitations.recall_invitation(request.session.get(OPENED))
    if invitation is None:
        return render_page(request, "people/invitation_gone.html", status=404)
    form = PasswordForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if form.is_valid():
        try:
            invitations.accept_invitation(invitation, form.cleaned_data["password1"])
        except invitations.InvitationGone:
            return render_page(request, "people/invitation_gone.html", status=404)
        del request.session[OPENED]
        add_toast(request, "good", f"Welcome, {invitation}", detail="Sign in with the password that you just chose.")
        return go(request, reverse("account_login"))
    context = {"form": form, "invitation": invitation}
    return render_page(request, "people/invitation_password.html", context, status=422 if form.is_bound else 200)
