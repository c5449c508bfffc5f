"""The checks of `test_roles` are worth what they catch: each fault planted here turns one of them red."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import clear_url_caches

from dashboard.people.models import User
from registries import access, roles
from registries.models import ConnectionProfile
from registries.roles import Right, Role
from tests.registries import test_roles
from tests.registries.test_roles import people  # noqa: F401 - the same people, over the same rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _planted(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.registries.planted_urls"
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.mark.usefixtures("_planted")
def test_a_view_without_a_stamp_turns_it_red() -> None:
    with pytest.raises(AssertionError, match="forgotten_stamp"):
        test_roles.test_every_view_is_stamped_with_its_policy()


@pytest.mark.usefixtures("_planted")
def test_a_url_without_a_row_turns_it_red() -> None:
    with pytest.raises(AssertionError, match="forgotten_row"):
        test_roles.test_every_view_has_a_row()


def test_another_teams_profile_that_leaks_turns_it_red(
    people: dict[str, Browser],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leaky(user: User, slug: str) -> access.Access | None:
        profile = ConnectionProfile.objects.filter(slug=slug).first()  # whoever it belongs to
        return access.Access(user, profile, Role.VIEWER) if profile else None

    monkeypatch.setattr(access, "_as_member", leaky)
    assert "registry_list as stranger: 200, not 404" in test_roles.differences_from_the_table(people)


def test_a_right_that_is_given_too_low_turns_it_red(
    people: dict[str, Browser],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(roles.NEEDED_ROLE, Right.REMOVE_REGISTRIES, Role.OPERATOR)
    assert "registry_remove as operator: 200, not 403" in test_roles.differences_from_the_table(people)


def test_an_auditor_who_is_given_more_on_the_side_turns_it_red(
    people: dict[str, Browser],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "READING", frozenset(Right))
    assert "registry_create as auditor: 200, not 403" in test_roles.differences_from_the_table(people)
