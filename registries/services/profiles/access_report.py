"""Access report: effective roles with their reasons, per profile and per person.

`registries.access` decides by the same rules."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db.models import Q

from dashboard.people.models import SiteRole, User
from dashboard.url_query import ParsedQuery, choice, text
from registries.models import ConnectionProfile, Membership
from registries.roles import Role

EVERY_ROLE = (*(role.value for role in reversed(Role)), SiteRole.ADMIN.value, SiteRole.AUDITOR.value)


@dataclass(frozen=True)
class Reason:
    """Source of a role: the person's own, a team's or the site's. `counts` is False if a site role overrules it."""

    role: str
    team: Group | None = None
    is_site_wide: bool = False
    counts: bool = True


@dataclass(frozen=True)
class Grant:
    """Role of a person or team in a profile, with all reasons; `membership` is the one given in this profile."""

    who: User | Group
    role: str
    reasons: tuple[Reason, ...] = ()
    membership: Membership | None = None
    people: int = 0  # members of a team who may sign in

    @property
    def is_team(self) -> bool:
        return isinstance(self.who, Group)

    @property
    def name(self) -> str:
        return str(self.who)


@dataclass(frozen=True)
class ProfileAccess:
    """Effective role of one person in one profile, by their own role or their teams'."""

    profile: ConnectionProfile
    role: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class GrantQuery(ParsedQuery):
    """Filter of the list of grants, from the URL; invalid values are ignored."""

    q: str = text(longest=100)
    role: str = choice("", *EVERY_ROLE)  # the effective one

    def narrow(self, grants: Iterable[Grant]) -> list[Grant]:
        return [one for one in self.search(grants) if self.role in {"", one.role}]

    def search(self, grants: Iterable[Grant]) -> list[Grant]:
        """Grants whose name has every word of `q`, with any role."""
        words = self.q.lower().split()
        return [one for one in grants if all(word in one.name.lower() for word in words)]


def find_grants(profile: ConnectionProfile) -> list[Grant]:
    """Finds the grants of a profile: teams first, then people, by name. Three queries."""
    given = list(Membership.objects.filter(profile=profile).select_related("user", "team"))
    teams = {one.team_id: one for one in given if one.team_id}
    reasons: dict[User, list[Reason]] = defaultdict(list)
    own: dict[int, Membership] = {}
    for one in given:
        if one.user and one.user.is_active:
            own[one.user.pk] = one
            reasons[one.user].append(Reason(one.role))
    sizes: dict[int, int] = defaultdict(int)
    for team_id, person in _people_of(teams):
        sizes[team_id] += 1
        reasons[person].append(Reason(teams[team_id].role, teams[team_id].team))
    for person in User.objects.filter(is_active=True).exclude(site_role=""):
        reasons.setdefault(person, [])
    people = [
        Grant(person, *effective_role(person, found), membership=own.get(person.pk))
        for person, found in reasons.items()
    ]
    in_teams = [Grant(one.holder, one.role, membership=one, people=sizes[pk]) for pk, one in teams.items()]
    return [*sorted(in_teams, key=_by_name), *sorted(people, key=_by_name)]


def find_profile_access(person: User) -> list[ProfileAccess]:
    """Finds the profiles in which a person or one of their teams has a role, by name. One query."""
    found: dict[ConnectionProfile, list[Reason]] = defaultdict(list)
    given = Membership.objects.filter(Q(user=person) | Q(team__user=person)).select_related("profile", "team")
    for one in given.order_by("profile__name", "pk"):
        found[one.profile].append(Reason(one.role, one.team))
    return [ProfileAccess(profile, *effective_role(person, reasons)) for profile, reasons in found.items()]


def effective_role(person: User, reasons: Iterable[Reason]) -> tuple[str, tuple[Reason, ...]]:
    """Returns the effective role and all reasons; a site role overrules roles in the profile."""
    if person.site_role:
        idle = (Reason(one.role, one.team, counts=False) for one in reasons)
        return person.site_role, (Reason(person.site_role, is_site_wide=True), *idle)
    ordered = sorted(reasons, key=lambda one: -Role(one.role).rank)
    return ordered[0].role, tuple(ordered)


def _people_of(teams: Iterable[int]) -> Iterable[tuple[int, User]]:
    """Pairs of team id and member, for members who may sign in."""
    rows = User.groups.through.objects.filter(group__in=list(teams), user__is_active=True).select_related("user")
    return ((row.group_id, row.user) for row in rows)


def _by_name(grant: Grant) -> str:
    return grant.name.lower()
