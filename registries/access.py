"""The only place that decides who may do what in a profile, and the only source of 404 and 403 there.

A view is stamped by the decorator that guards it (`profile_view` here, those of `dashboard.policy` for the site); a
test walks the URLconf and fails on a view without a stamp. Somebody without any role on a profile gets 404 for
everything under it, somebody with too low a role 403 with a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from dashboard.events import emit_event
from dashboard.http import AuthedRequest
from dashboard.people.models import SiteRole, User
from dashboard.policy import PersonsView, View, is_admin, only, stamp
from dashboard.reauthentication import is_recent, redirect_to_reauthentication
from registries.events import ProfileEvent
from registries.models import ConnectionProfile, Membership, Operation
from registries.roles import NEEDED_ROLE, READING, Right, Role

P = ParamSpec("P")
MAINTAIN_SOMETHING = "maintain a profile"
MAKE_PROFILES = "make profiles"
ROLES_IN = f"""
    SELECT role FROM {Membership._meta.db_table} WHERE profile_id = %s
    AND (user_id = %s OR team_id IN (SELECT group_id FROM {User.groups.through._meta.db_table} WHERE user_id = %s))
"""  # noqa: S608 - names of our own tables
NO_REAUTH_NEEDED = READING | {Right.CHECK_CONNECTION}  # what a protected profile asks no recent sign-in for


@dataclass
class Access:
    """What one person may do in one profile."""

    user: User
    profile: ConnectionProfile
    role: Role | None = None

    def may(self, right: Right) -> bool:
        if self.user.site_role == SiteRole.ADMIN:
            return True
        if self.user.site_role == SiteRole.AUDITOR:
            return right in READING
        needed = NEEDED_ROLE.get(right)
        return needed is not None and self.role is not None and self.role.rank >= needed.rank

    @property
    def role_name(self) -> str:
        """The role that decides here, for pages and the audit log: the site's before the profile's."""
        return self.user.site_role or (self.role or "")

    @property
    def may_manage(self) -> bool:
        return self.may(Right.MANAGE_PROFILE)

    @property
    def may_remove(self) -> bool:
        """Whether to offer removing and purging: the person's right and the key's."""
        return self.may(Right.REMOVE_REGISTRIES) and not self.profile.is_read_only

    @property
    def may_change(self) -> bool:
        """Whether to offer what writes to Rancher: the person's right and the key's."""
        return self.may(Right.CHANGE_REGISTRIES) and not self.profile.is_read_only

    @property
    def why_not(self) -> str:
        """Why nothing here can be changed, for the page; empty when it can."""
        if not self.may(Right.CHANGE_REGISTRIES):
            return f"You may read this profile; changing it takes the role {NEEDED_ROLE[Right.CHANGE_REGISTRIES]}."
        if self.profile.is_read_only:
            return "The stored key may only read this project, so nothing can be changed from here."
        return ""


def profiles_of(user: User) -> QuerySet[ConnectionProfile]:
    """The profiles that somebody may see."""
    everything = ConnectionProfile.objects.all()
    if user.site_role:
        return everything
    return everything.filter(pk__in=Membership.objects.filter(Q(user=user) | Q(team__user=user)).values("profile"))


def operations_of(user: User) -> QuerySet[Operation]:
    """The operations that somebody may see: those of the profiles they may see; of removed profiles, their own."""
    if user.site_role:
        return Operation.objects.all()
    return Operation.objects.filter(Q(profile__in=profiles_of(user)) | Q(profile=None, actor=user))


def maintained_teams(user: User) -> QuerySet[Group]:
    """The teams of somebody that maintain a profile: those that they may make new profiles for."""
    if user.site_role:
        return Group.objects.none()
    return Group.objects.filter(user=user, membership__role=Role.MAINTAINER).distinct().order_by("name")


def may_make_profiles(user: User) -> bool:
    """Admins, and whoever maintains a profile through a team; auditors never."""
    return is_admin(user) or maintained_teams(user).exists()


def maintains_something(user: User) -> bool:
    """Whether somebody manages any profile, through a role of their own or a team's; admins manage all."""
    if user.site_role:
        return is_admin(user)
    return Membership.objects.filter(Q(user=user) | Q(team__user=user), role=Role.MAINTAINER).exists()


def profile_makers_only(view: PersonsView[P]) -> View[P]:
    """Whoever may make profiles; everybody else gets 403 with the reason."""
    why_not = "A new profile is made by an admin, or by somebody whose team maintains another one. Ask one of them."
    return only(view, may_make_profiles, MAKE_PROFILES, why_not)


def maintainers_only(view: PersonsView[P]) -> View[P]:
    """Whoever manages at least one profile; everybody else gets 403 with the reason."""
    return only(view, maintains_something, MAINTAIN_SOMETHING, "This page is for maintainers of a profile and admins.")


def profile_view(right: Right) -> Callable[[Callable[Concatenate[AuthedRequest, Access, P], HttpResponse]], Any]:
    """For views under ``/profiles/<slug>/``: the view gets an `Access` in place of the slug.

    What writes to a protected profile asks who is there when the sign-in was long ago.
    """

    def decorate(view: Callable[Concatenate[AuthedRequest, Access, P], HttpResponse]) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            access = load_access(request, slug)
            if not access.may(right):
                needed = NEEDED_ROLE.get(right)
                why_not = (
                    f"Your role in {access.profile.name} is {access.role_name}; "
                    f"this takes {f'the role {needed}. A maintainer can give it to you' if needed else 'an admin'}."
                )
                _note_refusal(request, access.profile, role=access.role_name, why_not=why_not)
                raise PermissionDenied(why_not)
            if access.profile.is_protected and right not in NO_REAUTH_NEEDED and not is_recent(request):
                return redirect_to_reauthentication(request)
            return view(cast("AuthedRequest", request), access, *args, **kwargs)

        return stamp(right)(login_required(guarded))

    return decorate


def _site_wide(user: User, slug: str) -> Access | None:
    profile = ConnectionProfile.objects.filter(slug=slug).first()
    return Access(user, profile) if profile else None


def _as_member(user: User, slug: str) -> Access | None:
    """The profile and the strongest role in it, of the person's own and their teams'."""
    try:
        profile = ConnectionProfile.objects.get(slug=slug)
    except ConnectionProfile.DoesNotExist:
        return None
    strongest = max(_roles_in(profile, user), key=lambda role: role.rank, default=None)
    return Access(user, profile, strongest) if strongest else None


def _roles_in(profile: ConnectionProfile, user: User) -> list[Role]:
    """In SQL: every page of a profile asks this, and the ORM takes a fifth of the list's time to write the question."""
    with connection.cursor() as cursor:
        cursor.execute(ROLES_IN, [profile.pk, user.pk, user.pk])
        return [Role(role) for (role,) in cursor.fetchall()]


def _note_refusal(request: HttpRequest, profile: ConnectionProfile, *, role: str, why_not: str) -> None:
    emit_event(
        ProfileEvent(
            action="page.open" if request.method in {"GET", "HEAD"} else "page.send",
            actor=cast("User", request.user),
            role=role,
            profile=profile,
            outcome="refused",
            target_type="page",
            target_name=request.path,
            reason=why_not,
        )
    )


def load_access(request: HttpRequest, slug: str) -> Access:
    """The profile of a URL with what the person may do in it. Raises Http404 where they may not even read."""
    if not isinstance(request.user, User):
        raise Http404("No such profile.")
    access = _site_wide(request.user, slug) if request.user.site_role else _as_member(request.user, slug)
    if access is None or not access.may(Right.READ_PROFILE):
        if hidden := ConnectionProfile.objects.filter(slug=slug).first():
            _note_refusal(request, hidden, role="", why_not="No role in this profile: it was answered as not there.")
        raise Http404("No such profile.")
    profile = access.profile
    request.profile = profile  # type: ignore[attr-defined]  # for the shell: band, switcher, navigation
    request.access = access  # type: ignore[attr-defined]
    return access
