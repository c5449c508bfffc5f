"""Teams: Django's groups. Roles in profiles refer to them, so leaving a team ends its rights at the next request."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from dashboard.events import Event, emit_event
from dashboard.people.models import User


class TeamNameTaken(Exception):
    """Another team has the name, ignoring case."""


def find_teams() -> QuerySet[Group]:
    """All teams with `member_count`, by name."""
    return Group.objects.annotate(member_count=Count("user")).order_by("name")


def members_of(team: Group) -> QuerySet[User]:
    return User.objects.filter(groups=team).order_by("username")


def people_to_add(team: Group) -> QuerySet[User]:
    """First hundred active people who are no members yet, by name."""
    return User.objects.filter(is_active=True).exclude(groups=team).order_by("username")[:100]


def make_team(actor: User, name: str) -> Group:
    """Creates a team. Raises TeamNameTaken."""
    try:
        with transaction.atomic():
            _refuse_taken(name)
            team = Group.objects.create(name=name)
            _emit("team.create", actor, team, after={"name": name})
    except IntegrityError:
        raise TeamNameTaken from None
    return team


def rename_team(actor: User, team: Group, name: str) -> None:
    """Renames a team; members and roles stay. Raises TeamNameTaken."""
    try:
        with transaction.atomic():
            held = Group.objects.select_for_update().get(pk=team.pk)
            before, held.name = held.name, name
            if before == name:
                return
            _refuse_taken(name, but=team)
            held.save()
            _emit("team.rename", actor, held, before={"name": before}, after={"name": name})
    except IntegrityError:
        raise TeamNameTaken from None


def remove_team(actor: User, team: Group, *, reason: str = "") -> None:
    """Removes a team and its roles in profiles; its members keep their accounts."""
    with transaction.atomic():
        members = list(members_of(team).values_list("username", flat=True))
        _emit("team.remove", actor, team, before={"name": team.name, "members": members}, reason=reason)
        team.delete()


def add_to_team(actor: User, team: Group, person: User) -> bool:
    """Adds a member, with the team's roles at once; False when they were in it already."""
    with transaction.atomic():
        _, is_new = User.groups.through.objects.get_or_create(user=person, group=team)
        if is_new:
            _emit("team.add", actor, team, after={"member": person.username})
    return is_new


def remove_from_team(actor: User, team: Group, person: User, *, reason: str = "") -> bool:
    """Removes a member, whose rights through the team end at the next request; False when they were not in it."""
    with transaction.atomic():
        gone, _ = User.groups.through.objects.filter(user=person, group=team).delete()
        if gone:
            _emit("team.leave", actor, team, before={"member": person.username}, reason=reason)
    return bool(gone)


def _refuse_taken(name: str, *, but: Group | None = None) -> None:
    namesakes = Group.objects.filter(name__iexact=name)
    if (namesakes.exclude(pk=but.pk) if but else namesakes).exists():
        raise TeamNameTaken


def _emit(action: str, actor: User, team: Group, **details: Any) -> None:
    emit_event(
        Event(action=action, actor=actor, target_type="team", target_id=str(team.pk), target_name=team.name, **details)
    )
