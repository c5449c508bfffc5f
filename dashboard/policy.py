"""Site-wide access policy of views: decorators that guard a view and stamp it with its policy.

A system check walks the URLconf and fails on a view without a stamp. Rights in a profile are decided in
`registries.access`, which stamps the rights of `registries.roles`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from dashboard.events import Event, emit_event
from dashboard.http import AuthedRequest
from dashboard.people.models import SiteRole, User

V = TypeVar("V", bound=Callable[..., object])
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]  # what Django calls
PersonsView = Callable[Concatenate[AuthedRequest, P], HttpResponseBase]  # what is written here: the user is signed in

PUBLIC = "public"
SIGNED_IN = "signed in"
READ_SITE = "read everything"
ADMINISTER = "administer the site"


def stamp(policy: str) -> Callable[[V], V]:
    """Stamps a view with its policy: `PUBLIC`, or the right that its guard requires."""

    def decorate(view: V) -> V:
        view.policy = policy  # type: ignore[attr-defined]
        return view

    return decorate


def is_admin(user: Any) -> bool:
    return getattr(user, "site_role", "") == SiteRole.ADMIN


def reads_everything(user: Any) -> bool:
    """Admins and auditors."""
    return bool(getattr(user, "site_role", ""))


def signed_in(view: PersonsView[P]) -> View[P]:
    """View for every signed-in user; `registries.access.profiles_of` and its like filter what they see."""
    return cast("View[P]", stamp(SIGNED_IN)(login_required(view)))


def admins_only(view: PersonsView[P]) -> View[P]:
    """View for admins of the site; other users get 403 with the reason."""
    return only(view, is_admin, ADMINISTER, "This page is for admins. Ask one of them to do it, or to make you one.")


def admins_and_auditors(view: PersonsView[P]) -> View[P]:
    """View for users who may read everything; the view itself lets only admins change something."""
    return only(view, reads_everything, READ_SITE, "This page is for admins and auditors. Ask an admin for the role.")


def record_refusal(request: HttpRequest, why_not: str) -> None:
    """Writes a refused request to the audit log."""
    emit_event(
        Event(
            action="page.open" if request.method in {"GET", "HEAD"} else "page.send",
            actor=request.user if isinstance(request.user, User) else None,
            outcome="refused",
            target_type="page",
            target_name=request.path,
            reason=why_not,
        )
    )


def only(view: PersonsView[P], may: Callable[[Any], bool], policy: str, why_not: str) -> View[P]:
    """Guards a view by `may`, stamps it with the policy, and answers 403 with `why_not` to other users."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may(request.user):
            record_refusal(request, why_not)
            raise PermissionDenied(why_not)
        return view(cast("AuthedRequest", request), *args, **kwargs)

    return cast("View[P]", stamp(policy)(login_required(guarded)))
