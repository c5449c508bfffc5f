"""A profile from the pasted address to its removal in Chromium, with JavaScript and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile
from registries.services.upstream import connection
from tests.browser import tools
from tests.registries.conftest import Rancher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
NEW = "/profiles/new/"


def fill(page: Page, rancher: Rancher, role: str = "env", **fields: str) -> None:
    access_key, secret_key = rancher.sandbox.keys[role]
    values = {"Name": "Lab", "Rancher's address": rancher.base_url, "Access key": access_key, "Secret key": secret_key}
    for label, value in (values | fields).items():
        page.get_by_label(label, exact=True).fill(value)


def test_leads_from_a_pasted_address_to_a_profile_without_a_reload(
    signed_in: SignIn, admin: User, loopback: AllowedTarget, rancher: Rancher, seen: tools.Seen
) -> None:
    page = signed_in(admin)
    page.goto("/profiles/")
    page.get_by_role("link", name="New profile").first.click()
    fill(page, rancher, **{"Rancher's address": f"{rancher.base_url}/v2-beta/projects/1a5/x", "Secret key": "wrong"})
    expect(page.locator("#address-check")).to_contain_text("Will be saved as")
    expect(page.get_by_label("Project id")).to_have_value("1a5")
    expect(page.get_by_label("API version")).to_have_value("v2-beta")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Rancher's address", exact=True)).to_have_value(rancher.base_url)
    page.get_by_text("Protected", exact=True).click()

    page.get_by_role("button", name="Check connection").click()
    panel = page.locator("#profile-check")
    expect(panel).to_contain_text("Did not pass")
    expect(panel.locator("[data-step=key]")).to_contain_text("Rancher rejects the keys")
    expect(panel.get_by_role("button", name="Save all the same")).to_be_visible()
    expect(page.locator("#check-panel")).to_be_focused()
    expect(page.get_by_label("Secret key")).to_have_value("wrong")  # it stayed in the browser
    expect(page.get_by_label("API version")).to_have_value("v2-beta")

    page.get_by_label("Secret key").fill(rancher.sandbox.keys["env"][1])
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lab")
    expect(page.locator(".page-title .state")).to_have_text("Answers")
    made = ConnectionProfile.objects.get()
    assert (made.api_version, made.project_id, made.protection) == ("v2-beta", "1a5", "protected")

    rancher.sandbox.switch_key("env", active=False)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator(".page-title .state")).to_have_text("Keys rejected")
    rancher.sandbox.switch_key("env", active=True)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator(".page-title .state")).to_have_text("Answers")

    page.get_by_role("link", name="Remove…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is removed in Rancher")
    dialog.get_by_label("Type Lab to confirm").fill("Lab")
    dialog.get_by_label("Reason").fill("Was for trying it out")
    dialog.get_by_role("button", name="Remove profile").click()
    expect(page.get_by_role("heading", name="Connection profiles")).to_be_visible()
    assert not ConnectionProfile.objects.exists()
    assert seen.loads == 1


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_leads_there_without_javascript(
    signed_in: SignIn, admin: User, loopback: AllowedTarget, rancher: Rancher
) -> None:
    page = signed_in(admin)
    page.goto(NEW)
    fill(page, rancher, **{"Rancher's address": f"{rancher.base_url}/env/1a5/apps", "Secret key": "wrong"})
    page.get_by_label("Description").fill("kept")
    page.get_by_role("button", name="Save profile").click()
    expect(page.locator("#profile-check")).to_contain_text("Rancher rejects the keys")
    expect(page.locator("#address-check")).to_contain_text("Will be saved as")
    expect(page.get_by_label("Description")).to_have_value("kept")
    expect(page.get_by_label("Project id")).to_have_value("1a5")
    expect(page.get_by_label("Secret key")).to_have_value("")
    expect(page.locator("#keys-note")).to_contain_text("type both again")

    access_key, secret_key = rancher.sandbox.keys["env"]
    page.get_by_label("Access key").fill(access_key)
    page.get_by_label("Secret key").fill(secret_key)
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lab")
    page.get_by_role("button", name="Check again").click()
    expect(page.locator(".toast")).to_contain_text("the check passed")
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove profile").click()
    expect(page.get_by_role("heading", name="Connection profiles")).to_be_visible()


def test_makes_a_profile_for_each_project_in_one_go(
    signed_in: SignIn, admin: User, loopback: AllowedTarget, rancher: Rancher, seen: tools.Seen
) -> None:
    page = signed_in(admin)
    page.goto(NEW)
    fill(page, rancher, "admin")
    page.get_by_role("button", name="Save profile").click()
    choice = page.get_by_role("group", name="Projects that the key sees")
    choice.get_by_label("Default").check()
    choice.get_by_label("Staging").check()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_role("heading", name="Connection profiles")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert seen.loads == 1


def test_opens_the_address_that_was_refused_from_the_step_that_refused_it(
    signed_in: SignIn, admin: User, db: None, rancher: Rancher
) -> None:
    page = signed_in(admin)
    page.goto(NEW)
    fill(page, rancher)
    page.get_by_role("button", name="Check connection").click()
    page.locator("[data-step=connect]").get_by_role("link", name="Allow it").click()
    expect(page.get_by_label("Host or network")).to_have_value("127.0.0.1")
    page.get_by_role("button", name="Allow target").click()
    expect(page.get_by_role("row").filter(has_text="127.0.0.1")).to_be_visible()
    assert AllowedTarget.objects.get().ports == rancher.base_url.rpartition(":")[2]


def test_asks_for_keys_beside_the_address_that_clears_them(
    signed_in: SignIn, admin: User, profile: ConnectionProfile
) -> None:
    page = signed_in(admin)
    page.goto("/profiles/staging/edit/")
    expect(page.locator("#keys-note")).to_contain_text("Stored, never shown")
    page.get_by_label("Rancher's address", exact=True).fill("https://127.0.0.1:9")
    expect(page.locator("#address-check")).to_contain_text("so the stored keys are cleared")
    expect(page.locator("#keys-note")).to_contain_text("Type both parts again")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("alert")).to_contain_text("type both")
    page.get_by_role("button", name="Save all the same").click()
    expect(page.locator(".page-title .state")).to_have_text("Needs keys")


def test_searches_profiles_without_a_reload(
    signed_in: SignIn, admin: User, make_profile: Callable[..., ConnectionProfile], seen: tools.Seen
) -> None:
    for name in ("Staging", "Sandbox"):
        make_profile(name=name, slug=name.lower())
    page = signed_in(admin)
    page.goto("/profiles/")
    page.get_by_role("searchbox").fill("sand")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=sand"))
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert seen.loads == 1


def test_is_accessible_in_every_look(
    signed_in: SignIn, admin: User, profile: ConnectionProfile, rancher: Rancher
) -> None:
    page = signed_in(admin)
    found = []
    target = AllowedTarget.objects.get()
    urls = ("/profiles/", "/profiles/?q=none", NEW, "/profiles/staging/", "/profiles/staging/edit/")
    others = ("/profiles/staging/check/", "/profiles/staging/remove/", "/targets/", "/targets/new/")
    members = ("/profiles/staging/members/", "/profiles/staging/members/add/", "/account/access/")
    for url in (*urls, *others, *members, f"/targets/{target.pk}/remove/", "/profiles/address/?base_url=host:8080/v1"):
        page.goto(url)
        assert page.get_by_role("heading", level=1).count() == 1, url
        found += [f"{url}: {one}" for one in tools.complaints_in_all_looks(page)]
    page.goto(NEW)
    fill(page, rancher, **{"Secret key": "wrong", "Rancher's address": f"{rancher.base_url}/v1"})
    page.get_by_role("button", name="Check connection").click()
    expect(page.locator("#profile-check")).to_contain_text("Did not pass")
    found += [f"failed check: {one}" for one in tools.complaints_in_all_looks(page)]
    connection.note_failure(profile, connection.ProfileUnusable("keys_unreadable", connection.KEYS_UNREADABLE))
    page.goto("/profiles/staging/")
    found += [f"failing: {one}" for one in tools.complaints_in_all_looks(page)]
    assert found == []
