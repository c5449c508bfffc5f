"""The theme that somebody prefers: kept in a cookie, with and without htmx."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("theme", ["system", "light", "dark"])
def test_shows_pages_in_the_chosen_theme(client: Client, theme: str) -> None:
    assert client.post("/theme/", {"theme": theme}, headers=HTMX).status_code == 204
    assert f'<html lang="en" data-theme="{theme}">' in client.get("/accounts/login/").content.decode()


def test_takes_the_systems_theme_when_none_or_nonsense_was_chosen(client: Client) -> None:
    assert 'data-theme="system"' in client.get("/accounts/login/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert 'data-theme="system"' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("theme", ["", "purple"])
def test_refuses_a_theme_that_does_not_exist(client: Client, theme: str) -> None:
    answer = client.post("/theme/", {"theme": theme})
    assert answer.status_code == 400
    assert not answer.cookies


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://testserver/operations/?q=quay", "/operations/?q=quay"),
        ("http://testserver/profiles/", "/profiles/"),
        ("https://elsewhere.example/operations/", "/"),
        ("http://testserver//elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_goes_back_to_the_page_that_sent_the_form(client: Client, before: str, back: str) -> None:
    answer = client.post("/theme/", {"theme": "dark"}, headers={"Referer": before})
    assert (answer.status_code, answer["Location"]) == (302, back)


def test_keeps_the_cookie_from_scripts_and_other_sites(client: Client, settings: object) -> None:
    settings.SECURE = True  # type: ignore[attr-defined]
    cookie = client.post("/theme/", {"theme": "dark"}, headers=HTMX).cookies["theme"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
