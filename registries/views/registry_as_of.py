"""A profile's registries as of a date."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from registries.access import Access, profile_view
from registries.display import state_icon, state_word
from registries.forms.as_of import AsOfForm
from registries.roles import Right
from registries.services.inventory.as_of import registries_at
from registries.views.registry_list_rows import address_html


@require_safe
@profile_view(Right.READ_PROFILE)
def registry_as_of(request: AuthedRequest, access: Access) -> HttpResponse:
    form = AsOfForm(request.GET)
    past = registries_at(access.profile, form.cleaned_data["at"]) if form.is_valid() else None
    rows = [
        {
            "id": one.id,
            "address": address_html(one.server_address or ""),
            "name": one.name or "–",
            "state": one.state,
            "word": state_word(one.state),
            "icon": state_icon(one.state),
            "users": ", ".join(credential.public_value or "no user" for credential in one.credentials or ()) or "–",
        }
        for one in (past.registries if past else ())
    ]
    context = {"form": form, "past": past, "rows": rows}
    status = 422 if form.errors else 200
    return render_page(request, "registries/registry_as_of.html", context, fragments=["as-of"], status=status)
