"""Adds, changes and removes roles of people and teams in a profile, each with an audit event."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from dashboard.events import emit_event
from dashboard.people.models import SiteRole, User
from registries.access import Access
from registries.events import ProfileEvent
from registries.models import Membership
from registries.roles import Role

ONLY_READS = "{} is an auditor: they see everything and change nothing, and can be given nothing more on the side."


class AlreadyMember(Exception):
    """The person or team has a role in the profile already; its text is for people."""


class OnlyReads(Exception):
    """The person is an auditor and can't be given a role; its text is for people."""


class NoLongerMember(Exception):
    """The role was removed by another person a moment ago."""


def add_member(access: Access, who: User | Group, role: Role, *, reason: str = "") -> Membership:
    """Adds a role; it takes effect at the next request. Raises AlreadyMember, OnlyReads."""
    holder = {"user": who} if isinstance(who, User) else {"team": who}
    try:
        with transaction.atomic():
            _refuse_auditors(who)
            membership = Membership.objects.create(profile=access.profile, role=role, **holder)
            _emit("member.add", access, membership, after={"role": role.value}, reason=reason)
    except IntegrityError:
        raise AlreadyMember(f"{who} has a role in {access.profile.name} already.") from None
    return membership


def change_member_role(access: Access, membership: Membership, role: Role, *, reason: str = "") -> None:
    """Changes a role; it takes effect at the next request. Raises NoLongerMember, OnlyReads."""
    with transaction.atomic():
        held = _lock(membership)
        before = held.role
        if role == before:
            return
        _refuse_auditors(held.holder)
        held.role = role
        held.save(update_fields=["role"])
        _emit("member.role", access, held, before={"role": before}, after={"role": role.value}, reason=reason)


def remove_member(access: Access, membership: Membership, *, reason: str = "") -> None:
    """Removes a role; it takes effect at the next request. Raises NoLongerMember."""
    with transaction.atomic():
        held = _lock(membership)
        _emit("member.remove", access, held, before={"role": held.role}, reason=reason)
        held.delete()


def describe_loss(access: Access, membership: Membership) -> str:
    """Warning before a role is removed or lowered: loss of the last maintainer's role; "" if nothing is lost."""
    if membership.role != Role.MAINTAINER:
        return ""
    others = Membership.objects.filter(profile=access.profile, role=Role.MAINTAINER).exclude(pk=membership.pk)
    user, teams = access.user, set(access.user.groups.values_list("pk", flat=True))
    is_mine = membership.user_id == user.pk or membership.team_id in teams
    have_another = any(one.user_id == user.pk or one.team_id in teams for one in others)
    lost = []
    if is_mine and not have_another and user.site_role != SiteRole.ADMIN:
        lost.append("It is your own last role of a maintainer here: without it you can't give it back to yourself.")
    if not others:
        lost.append("Nobody else is a maintainer here: without it only admins can manage this profile.")
    return " ".join(lost)


def _lock(membership: Membership) -> Membership:
    """Locks the row until the transaction ends. Raises NoLongerMember."""
    held = Membership.objects.select_for_update(of=("self",)).select_related("user", "team")
    row = held.filter(pk=membership.pk).first()
    if row is None:
        raise NoLongerMember
    return row


def _refuse_auditors(who: User | Group) -> None:
    """Raises OnlyReads for auditors; locks the person, so that they don't become one at the same moment."""
    if isinstance(who, User) and User.objects.select_for_update().get(pk=who.pk).site_role == SiteRole.AUDITOR:
        raise OnlyReads(ONLY_READS.format(who))


def _emit(action: str, access: Access, membership: Membership, **details: Any) -> None:
    who = membership.holder
    emit_event(
        ProfileEvent(
            action=action,
            actor=access.user,
            role=access.role_name,
            profile=access.profile,
            target_type="person" if isinstance(who, User) else "team",
            target_id=str(who.pk),
            target_name=str(who),
            **details,
        )
    )
