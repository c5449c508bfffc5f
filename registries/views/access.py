"""Access report of one person: their role in each profile, with reasons."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from dashboard.people.models import User
from dashboard.policy import admins_and_auditors, signed_in
from registries.services.profiles.access_report import find_profile_access

TEMPLATE = "registries/person_access.html"


@require_safe
@admins_and_auditors
def person_access(request: AuthedRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    return render_page(request, TEMPLATE, {"person": person, "grants": find_profile_access(person)})


@require_safe
@signed_in
def my_access(request: AuthedRequest) -> HttpResponse:
    context = {"person": request.user, "is_me": True, "grants": find_profile_access(request.user)}
    return render_page(request, TEMPLATE, context)
