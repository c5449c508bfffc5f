"""Who gets what: one table of URL × person × method, walked over the URLconf. A URL without a row fails."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from dashboard.people.models import Invitation, User
from registries.models import AllowedTarget, ConnectionProfile, Membership, Operation
from registries.rancher.client import Client
from registries.roles import Role
from tests.registries.conftest import settled
from tests.registries.role_table import BY_POST, ELSEWHERE, NUMBER, ONLY_FRAGMENTS, PEOPLE, PUBLIC, TABLE, C, R

pytestmark = pytest.mark.django_db(transaction=True)

METHODS = ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PAGES = (R, f"{R}1sp1/", "/profiles/staging/", "/profiles/staging/members/", "/profiles/", "/account/access/", "/")
ACTIONS, REMOVALS = ("/activate/", "/deactivate/", "/check/"), ("/remove/", "/purge/")
IN_A_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def ours() -> list[URLPattern]:
    return [one for one in patterns(get_resolver()) if not one.callback.__module__.startswith(ELSEWHERE)]


def test_every_view_has_a_row() -> None:
    assert {one.callback.__name__ for one in ours()} - PUBLIC == set(TABLE)


def test_every_row_leads_to_its_view() -> None:
    assert [name for name, (url, _) in TABLE.items() if resolve(url.partition("?")[0]).func.__name__ != name] == []


def test_every_view_is_stamped_with_its_policy() -> None:
    assert [one.name for one in patterns(get_resolver()) if not hasattr(one.callback, "policy")] == []


@pytest.fixture
def people(
    make_user: Callable[..., User],
    make_profile: Callable[..., ConnectionProfile],
    profile: ConnectionProfile,
    upstream: Client,
    browse: Callable[[User], Browser],
) -> dict[str, Browser]:
    """Everybody, signed in, over the rows of two teams: the stranger maintains what the other one has."""
    registry = upstream.registries.create(server_address="quay.io")
    credential = upstream.credentials.create(registry_id=registry.id, public_value="robot", secret_value="x")
    assert f"{R}{registry.id}/credentials/{credential.id}/" == C
    settled(upstream, registry.id, "active")
    Operation.objects.create(
        pk=1, profile=profile, profile_name="Staging", actor_name="x", verb="create", state="failed"
    )
    Operation.objects.create(
        pk=2, profile=profile, profile_name="Staging", actor_name="x", verb="pull", state="failed", target_type="image"
    )
    AllowedTarget.objects.update_or_create(pk=1, defaults={"ports": "1-65535"})
    make_rows_of_the_shell()
    Membership.objects.create(pk=NUMBER, profile=profile, user_id=NUMBER, role=Role.VIEWER)
    stranger, maintainer, gone = (make_user(name) for name in ("stranger", "maintainer", "deactivated"))
    for team_name, its_profile, members in (
        ("Payments", profile, [maintainer, gone]),
        ("Logistics", make_profile(name="Logistics"), [stranger]),
    ):
        team = Group.objects.create(name=team_name)
        team.user_set.set(members)
        Membership.objects.create(profile=its_profile, team=team, role=Role.MAINTAINER)
    browsers = {
        "anonymous": Browser(),
        "stranger": browse(stranger),
        "viewer": browse(make_user("viewer", role=Role.VIEWER, profile=profile)),
        "operator": browse(make_user("operator", role=Role.OPERATOR, profile=profile)),
        "maintainer": browse(maintainer),
        "auditor": browse(make_user("auditor", site_role="auditor")),
        "admin": browse(make_user("admin", site_role="admin")),
        "deactivated": browse(gone),
    }
    User.objects.filter(pk=gone.pk).update(is_active=False)
    return browsers


def make_rows_of_the_shell() -> None:
    """A person, a team that they are in, and an invitation, under the number that the table names."""
    person = User.objects.create_user("subject", pk=NUMBER)
    Group.objects.create(name="Subject's", pk=NUMBER).user_set.add(person)
    Invitation.objects.create(
        pk=NUMBER, username="guest", token_hash="-", invited_by=person, expires_at=timezone.now() + timedelta(days=1)
    )


def rows() -> Iterator[tuple[str, str, str, int]]:
    """View, URL, person, and the status that the person gets by GET."""
    for name, (url, statuses) in TABLE.items():
        for person, expected in zip(PEOPLE, statuses, strict=True):
            yield name, url, person, expected


def differences_from_the_table(people: dict[str, Browser]) -> list[str]:
    wrong = []
    for name, url, person, expected in rows():
        for headers in ({}, IN_A_DIALOG):
            came = people[person].get(url, headers=headers).status_code
            if came != expected and not (headers and name in ONLY_FRAGMENTS and came == 200):
                wrong.append(f"{name} as {person}{' in a dialog' if headers else ''}: {came}, not {expected}")
    return wrong


def test_gives_each_person_what_the_table_says(people: dict[str, Browser]) -> None:
    assert differences_from_the_table(people) == []


def test_refuses_by_every_method_what_it_refuses_by_get(people: dict[str, Browser]) -> None:
    wrong = []
    for name, url, person, expected in rows():
        for method in METHODS if expected in {403, 404} else ():
            came = people[person].generic(method, url).status_code
            if came not in {expected, 405}:
                wrong.append(f"{method} {name} as {person}: {came}, not {expected}")
    assert wrong == []


def test_refuses_a_post_where_there_is_no_page(people: dict[str, Browser]) -> None:
    for name, statuses in BY_POST.items():
        for person, expected in zip(PEOPLE, statuses, strict=True):
            if expected in {403, 404}:
                assert people[person].post(TABLE[name][0]).status_code == expected, (name, person)


@pytest.mark.parametrize("headers", [{}, IN_A_DIALOG])
@pytest.mark.parametrize("person", ["anonymous", "deactivated"])
def test_sends_who_is_not_signed_in_to_the_sign_in(
    people: dict[str, Browser], person: str, headers: dict[str, str]
) -> None:
    wrong = []
    for name, (url, _) in TABLE.items():
        for method in ("GET", *METHODS):
            answer = people[person].generic(method, url, headers=headers)
            where = answer.headers.get("HX-Redirect") or answer.headers.get("Location", "")
            is_asked = answer.status_code == (401 if headers else 302) and where.startswith("/accounts/login/")
            if not is_asked and answer.status_code != 405 and name != "theme":
                wrong.append(f"{method} {name}: {answer.status_code} {where}")
    assert wrong == []


def test_shows_no_control_that_writes_to_who_may_only_read(people: dict[str, Browser]) -> None:
    for person in ("viewer", "auditor"):
        for url in PAGES:
            page = people[person].get(url).content.decode()
            for verb in ("/new/", "/edit/", "/add/", "/role/", *ACTIONS, *REMOVALS):
                assert verb not in page, f"{url} shows {verb} to {person}"


def test_shows_removing_to_maintainers_alone(people: dict[str, Browser]) -> None:
    for url in (R, f"{R}1sp1/"):
        for person, is_shown in (("operator", False), ("maintainer", True), ("admin", True)):
            page = people[person].get(url).content.decode()
            assert "/deactivate/" in page, f"{url} as {person}"
            assert ("/remove/" in page) is is_shown, f"{url} as {person}"
