"""Views of people: list, detail, site role."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.people.forms.person import PersonFilter, RoleForm
from dashboard.people.services import invitations, people
from dashboard.policy import admins_and_auditors, admins_only
from dashboard.reauthentication import require_recent_sign_in

LAST_ADMIN = "This is the only admin who may sign in: make another one first."


@require_safe
@admins_and_auditors
def person_list(request: AuthedRequest) -> HttpResponse:
    context = PersonFilter(request.GET, queryset=people.find_people(), request=request).paged()
    if not context["filter"].is_narrowed:
        context["invitations"] = invitations.waiting_invitations()
    return render_page(request, "people/person_list.html", context, fragments=["person-list"])


@require_safe
@admins_and_auditors
def person_detail(request: AuthedRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(people.find_people(), pk=pk)
    context = {"person": person, "is_last_admin": people.is_last_admin(person)}
    return render_page(request, "people/person_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def person_role(request: AuthedRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(people.find_people(), pk=pk)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"site_role": person.site_role})
    if form.is_valid():
        role, reason = form.cleaned_data["site_role"], form.cleaned_data["reason"]
        try:
            people.change_site_role(request.user, person, role, reason=reason)
        except people.LastAdmin:
            form.add_error("site_role", LAST_ADMIN)
        else:
            add_toast(request, "good", f"{person} is {role or 'neither admin nor auditor'}", detail="It holds at once.")
            return go(request, reverse("person_detail", args=[pk]))
    status = 422 if form.is_bound else 200
    context = {"form": form, "person": person}
    return render_page(request, "people/person_role.html", context, fragments=["role-form"], status=status)
