"""The shell in a real browser: navigation without reloads, theme, menus, dialogs, toasts, an expired session."""

import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.browser.tools import Seen, complaints_in_all_looks
from tests.registries.conftest import PASSWORD, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
LIST = "/profiles/staging/registries/"


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io", name="Quay", description=None)
    settled(upstream, made.id, "active")
    return made.id


def test_signs_in_and_out_with_the_form(page: Page, operator: User) -> None:
    page.goto("/operations/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/operations/")
    page.locator("summary", has_text="operator").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_navigates_without_a_reload_and_moves_the_focus(signed_in: SignIn, operator: User, seen: Seen) -> None:
    page = signed_in(operator)
    page.goto("/")
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_role("link", name="Operations").click()
    expect(page).to_have_title("Operations · Corral")
    expect(page.get_by_role("main")).to_be_focused()
    expect(navigation.get_by_role("link", name="Operations")).to_have_attribute("aria-current", "page")
    navigation.get_by_role("link", name="Overview").click()
    expect(page).to_have_title("Overview · Corral")
    assert seen.loads == 1


def test_changes_the_theme_at_once_and_keeps_it(signed_in: SignIn, operator: User, seen: Seen) -> None:
    page = signed_in(operator)
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.locator("summary", has_text="operator").click()
    with page.expect_response("**/theme/") as answer:
        page.get_by_text("Dark", exact=True).click()
    assert answer.value.status == 204
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_text("System", exact=True).click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != dark
    page.get_by_text("Dark", exact=True).click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Operations").click()
    expect(page).to_have_title("Operations · Corral")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    assert seen.loads == 1


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_changes_the_theme_when_javascript_is_off(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.goto("/operations/")
    page.locator("summary", has_text="operator").click()
    page.get_by_text("Dark", exact=True).click()
    page.get_by_role("button", name="Use theme").click()
    expect(page).to_have_url("/operations/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_closes_a_menu_with_escape_and_gives_the_focus_back(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.goto("/")
    summary = page.locator("summary", has_text="operator")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed in as operator")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Signed in as operator")).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.parametrize("close", ["Escape", "Keep it", "beside it"])
def test_keeps_the_focus_in_a_dialog_and_gives_it_back(
    signed_in: SignIn, operator: User, quay: str, close: str, seen: Seen
) -> None:
    page = signed_in(operator)
    page.goto(f"{LIST}{quay}/")
    opener = page.get_by_role("link", name="Deactivate…")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Keep it")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !document.activeElement.closest('.app')")
    if close == "Escape":
        page.keyboard.press("Escape")
    elif close == "beside it":
        page.locator(".dialog-layer").click(position={"x": 5, "y": 5})
    else:
        dialog.get_by_role("link", name=close).click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    assert seen.loads == 1


def test_keeps_a_dialog_when_selecting_its_text_ends_beside_it(signed_in: SignIn, operator: User, quay: str) -> None:
    page = signed_in(operator)
    page.goto(f"{LIST}{quay}/")
    page.get_by_role("link", name="Deactivate…").click()
    heading = page.get_by_role("dialog").get_by_role("heading")
    expect(heading).to_be_visible()
    heading.hover()
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(heading).to_be_visible()


def test_shows_the_next_page_from_its_top(signed_in: SignIn, operator: User, quay: str, seen: Seen) -> None:
    page = signed_in(operator)
    page.set_viewport_size({"width": 1280, "height": 240})
    page.goto(f"{LIST}{quay}/edit/")
    save = page.get_by_role("button", name="Save changes")
    save.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 0
    save.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("quay.io")
    expect(page).to_have_url(f"{LIST}{quay}/")
    page.wait_for_function("scrollY === 0")
    assert page.evaluate("document.documentElement.scrollHeight > innerHeight")
    assert seen.loads == 1


def test_tells_what_happened_and_returns_to_the_row(
    signed_in: SignIn, operator: User, quay: str, upstream: Client, seen: Seen
) -> None:
    page = signed_in(operator)
    page.goto(LIST)
    row = page.locator(f'tr[data-id="{quay}"]')
    row.locator("summary").click()
    row.get_by_role("link", name="Deactivate…").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".toast").first).to_contain_text("quay.io")
    expect(row).to_have_attribute("data-state", "inactive")
    settled(upstream, quay, "inactive")
    assert seen.loads == 1


def test_goes_to_sign_in_and_back_when_the_session_has_expired(signed_in: SignIn, operator: User, quay: str) -> None:
    page = signed_in(operator)
    page.goto(LIST)
    Session.objects.all().delete()
    page.get_by_label("Search address, name or description").fill("quay")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(LIST)


def test_says_so_when_corral_does_not_answer(signed_in: SignIn, operator: User, quay: str, seen: Seen) -> None:
    page = signed_in(operator)
    page.goto(f"{LIST}{quay}/")
    page.route("**/deactivate/", lambda route: route.abort())
    page.get_by_role("link", name="Deactivate…").click()
    toast = page.locator(".toast", has_text="Corral did not answer")
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_be_hidden()
    seen.faults.clear()  # the browser's and htmx's notes on the request that was stopped


def test_never_shows_a_proxys_error_page(signed_in: SignIn, operator: User, quay: str) -> None:
    page = signed_in(operator)
    page.goto(f"{LIST}{quay}/")
    page.route("**/deactivate/", lambda route: route.fulfill(status=503, body="<h1>Bad gateway of a proxy</h1>"))
    page.get_by_role("link", name="Deactivate…").click()
    expect(page.locator(".toast", has_text="Corral did not answer as it should")).to_be_visible()
    expect(page.get_by_text("Bad gateway of a proxy")).to_have_count(0)


def test_shows_a_refusal_as_a_toast_when_a_fragment_was_asked_for(
    signed_in: SignIn, viewer: User, profile: ConnectionProfile, quay: str
) -> None:
    page = signed_in(viewer)
    page.goto(f"{LIST}{quay}/")
    page.evaluate("(url) => { htmx.ajax('GET', url, '#dialog'); }", f"{LIST}{quay}/deactivate/")
    expect(page.locator(".toast", has_text="this takes the role operator")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("quay.io")


def test_opens_the_navigation_on_a_phone(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    page.get_by_role("link", name="Open navigation").click()
    navigation.get_by_role("link", name="Operations").click()
    expect(page).to_have_title("Operations · Corral")
    expect(navigation).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_reads_the_rules_for_a_new_password_with_its_field(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.goto("/accounts/password/change/")
    expect(page.get_by_label("New Password", exact=True)).to_have_accessible_description(re.compile("12 characters"))


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/logout/", "/nothing/"])
def test_axe_finds_nothing_on_the_shells_own_pages(signed_in: SignIn, operator: User, path: str) -> None:
    page = signed_in(operator)
    page.goto(path)
    page.locator("summary", has_text="operator").click()
    assert complaints_in_all_looks(page) == []


def test_axe_finds_nothing_on_the_sign_in_page(page: Page, db: None) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert complaints_in_all_looks(page) == []
