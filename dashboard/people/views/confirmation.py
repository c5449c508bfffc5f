"""The page and dialog before something is done to people and teams: what it does, then a button that says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse

from dashboard.http import AuthedRequest, render_page
from dashboard.people.forms.confirm import ReasonForm


@dataclass(frozen=True)
class Confirmation:
    """What a confirmation says. `impact` has a figure and what it counts on each line."""

    subject: str
    question: str
    lead: str
    deed: str
    icon: str
    keep: str
    back_url: str
    impact: Sequence[tuple[int, str]] = ()
    is_danger: bool = True


def reason_form(request: AuthedRequest) -> ReasonForm:
    return ReasonForm(request.POST if request.method == "POST" else None)


def ask(request: AuthedRequest, form: ReasonForm, confirmation: Confirmation) -> HttpResponse:
    """The page or the dialog; 422 with what was typed when the form was not taken."""
    status = 422 if form.is_bound else 200
    context = {"form": form, "asked": confirmation, "action": request.path}
    return render_page(request, "people/confirm.html", context, fragments=["dialog"], status=status)
