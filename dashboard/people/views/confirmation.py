"""Confirmation page and dialog for actions on people and teams: the effect, and a button that names the action."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse

from dashboard.http import AuthedRequest, render_page
from dashboard.people.forms.confirm import ReasonForm


@dataclass(frozen=True)
class Confirmation:
    """Texts of a confirmation. Each line of `impact` is a number and what it counts."""

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
    """Renders the page or the dialog; 422 with the typed values when the form is invalid."""
    status = 422 if form.is_bound else 200
    context = {"form": form, "asked": confirmation, "action": request.path}
    return render_page(request, "people/confirm.html", context, fragments=["dialog"], status=status)
