"""The life of a registry in Chromium, with JavaScript and without; what moves moves by itself; nothing reloads."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.people.models import User
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.services.operations import removal
from tests.browser import tools
from tests.registries.conftest import Rancher, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/profiles/staging/registries/"


def work_off() -> None:
    """What the worker does, in this thread: looks at every removal until it ends."""
    for _ in range(100):
        waiting = Operation.objects.filter(verb="remove", state__in=Operation.OPEN).exclude(step="")
        if not waiting:
            return
        for operation in waiting:
            removal.advance_removal(operation.pk)
        time.sleep(0.02)
    raise AssertionError("the removal did not end")


@pytest.fixture
def page_without_script(browser: Browser, base_url: str, seen: tools.Seen) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, base_url=base_url, viewport=tools.WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    seen.watch(page)
    yield page
    context.close()


def test_lives_without_a_reload(
    signed_in: Callable[[User], Page], maintainer: User, profile: ConnectionProfile, seen: tools.Seen, upstream: Client
) -> None:
    page = signed_in(maintainer)
    page.goto(LIST)
    page.get_by_role("link", name="New registry").first.click()
    page.get_by_text("Custom", exact=True).click()
    page.get_by_label("Server address").fill("https://Registry.Example.com:5000/v2/")
    expect(page.locator("#address-check")).to_contain_text("Will be saved as")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("Server address")).to_have_value("registry.example.com:5000")
    page.get_by_role("textbox", name="Name").fill("House")
    page.get_by_role("button", name="Create registry").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("registry.example.com:5000")
    expect(page.locator(".page-title .state")).to_have_text("Active")  # it polls itself to rest
    page.get_by_role("link", name="Edit…").click()
    page.get_by_label("Description").fill("Images of the house")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#registry-detail")).to_contain_text("Images of the house")

    page.get_by_role("link", name="Deactivate…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It has no credential, so nothing changes for hosts.")
    dialog.get_by_role("button", name="Deactivate").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".page-title .state")).to_have_text("Inactive")

    page.get_by_role("link", name="Registries", exact=True).first.click()
    line = page.get_by_role("row").filter(has_text="registry.example.com")
    line.locator("summary").click()
    line.get_by_role("link", name="Activate…").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(line.locator(".state")).to_have_text("Active")

    line.locator("summary").click()
    line.get_by_role("link", name="Remove…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Deactivate it")
    page.get_by_role("dialog").get_by_role("button", name="Deactivate and remove").click()
    expect(line.locator(".state")).to_have_text("Removing…")
    work_off()
    expect(line).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("registry.example.com:5000: removed")

    page.get_by_role("link", name=re.compile("^Removed")).click()
    page.get_by_role("link", name="registry.example.com:5000").click()
    page.get_by_role("link", name="Purge…").click()
    page.get_by_role("dialog").get_by_role("button", name="Purge").click()
    expect(page.locator(".page-title .state")).to_have_text("Purged")
    expect(page.locator("#toasts")).to_contain_text("purged")
    states = Operation.objects.order_by("pk").values_list("verb", "state")
    wanted = ["create", "update", "deactivate", "activate", "remove", "purge"]
    assert list(states) == [(verb, "succeeded") for verb in wanted]
    assert seen.loads == 1


def test_lives_without_javascript(
    page_without_script: Page, maintainer: User, base_url: str, profile: ConnectionProfile, upstream: Client
) -> None:
    page = page_without_script
    tools.sign_in(page, maintainer, base_url)
    page.goto(LIST)
    page.get_by_role("link", name="New registry").first.click()
    page.get_by_label("Server address").fill("https://quay.io/v1/")
    page.get_by_label("Description").fill("kept")
    page.get_by_role("button", name="Create registry").click()
    expect(page.locator("#registry-form")).to_contain_text("No image can ever match this address")
    expect(page.get_by_label("Description")).to_have_value("kept")
    page.get_by_role("button", name="Create as quay.io").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("quay.io")
    made = Operation.objects.get().target_id
    url = f"{LIST}{made}/"

    def do(label: str, button: str, state: str, word: str) -> None:
        page.goto(url)
        page.get_by_role("link", name=f"{label}…").click()
        page.get_by_role("button", name=button).click()
        if label == "Remove":
            work_off()
        settled(upstream, made, state)
        page.goto(url)
        expect(page.locator(".page-title .state")).to_have_text(word)

    settled(upstream, made, "active")
    page.goto(url)
    page.get_by_role("link", name="Edit…").click()
    page.get_by_role("textbox", name="Name").fill("Quay")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator(".page-title")).to_contain_text("Quay")
    do("Deactivate", "Deactivate", "inactive", "Inactive")
    do("Activate", "Activate", "active", "Active")
    do("Remove", "Deactivate and remove", "removed", "Removed")
    do("Purge", "Purge", "purged", "Purged")
    assert Operation.objects.filter(state="succeeded").count() == 6


def test_brings_a_removed_registry_back_from_the_toast_where_rancher_can(
    signed_in: Callable[[User], Page], admin: User, make_profile: Callable[..., ConnectionProfile], rancher_14: Rancher
) -> None:
    profile = make_profile(server=rancher_14, name="Staging", slug="staging")
    page = signed_in(admin)
    page.goto(f"{LIST}new/")
    page.get_by_label("Server address").fill("quay.io")
    page.get_by_role("button", name="Create registry").click()
    expect(page.locator(".page-title .state")).to_have_text("Active")
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Deactivate and remove").click()
    expect(page.locator(".page-title .state")).to_have_text("Removing…")
    work_off()
    expect(page.locator(".page-title .state")).to_have_text("Removed")
    page.locator("#toasts").get_by_role("link", name="Restore…").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.locator(".page-title .state")).to_have_text("Inactive")
    assert profile.operations.filter(verb="restore", state="succeeded").count() == 1


def test_searches_sorts_and_filters_without_a_reload_and_keeps_it_in_the_url(
    signed_in: Callable[[User], Page], operator: User, upstream: Client, seen: tools.Seen
) -> None:
    for address in ("quay.io", "ghcr.io", "gcr.io"):
        settled(upstream, upstream.registries.create(server_address=address).id, "active")
    page = signed_in(operator)
    page.goto(LIST)
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("searchbox").fill("gcr")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=gcr"))
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.locator("#registry-list")).to_contain_text("No registry matches “nothing like it”")
    page.get_by_role("link", name="Clear filter").click()
    page.get_by_role("link", name="Address").click()
    expect(page.locator("tbody tr").first).to_contain_text("quay.io")
    assert seen.loads == 1


def test_says_that_a_row_is_still_pending_when_rancher_takes_its_time(
    signed_in: Callable[[User], Page],
    operator: User,
    upstream: Client,
    rancher: Rancher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registries.views.registry_list_rows.PAUSES_S", (0.1, 0.1))
    rancher.sandbox.clockwork.transition_ms = 10**9
    upstream.registries.create(server_address="quay.io")
    page = signed_in(operator)
    page.goto(LIST)
    expect(page.locator("tbody tr")).to_contain_text("still pending")


def test_shows_the_last_known_list_when_rancher_goes_away_and_heals_by_itself(
    signed_in: Callable[[User], Page], operator: User, upstream: Client, rancher: Rancher, seen: tools.Seen
) -> None:
    settled(upstream, upstream.registries.create(server_address="quay.io").id, "active")
    page = signed_in(operator)
    page.goto(LIST)
    rancher.fail("drop_before", times=2)
    page.get_by_role("link", name="Read again").click()
    expect(page.locator("#registry-list")).to_contain_text("This list is")
    expect(page.get_by_role("link", name="New registry")).to_have_count(0)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("link", name="New registry")).to_be_visible()


def test_runs_nothing_that_comes_from_upstream(
    signed_in: Callable[[User], Page], operator: User, upstream: Client, rancher: Rancher, seen: tools.Seen
) -> None:
    made = upstream.registries.create(server_address="quay.io", name="Quay").id
    settled(upstream, made, "active")
    rancher.fail("markup", match="GET ")
    page = signed_in(operator)
    for url in (LIST, f"{LIST}{made}/", "/"):
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.locator("img, b[hx-get]").count() == 0
    expect(page.get_by_text(operator.username).first).to_be_attached()


def test_sends_the_whole_page_to_the_sign_in_when_the_session_ended(
    signed_in: Callable[[User], Page], operator: User, upstream: Client
) -> None:
    settled(upstream, upstream.registries.create(server_address="quay.io").id, "active")
    page = signed_in(operator)
    page.goto(f"{LIST}?q=quay")
    page.context.clear_cookies()
    page.get_by_role("searchbox").fill("qu")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    expect(page.locator("main, form").first).to_be_visible()
    assert page.get_by_role("searchbox").count() == 0


def test_is_accessible_in_every_look(signed_in: Callable[[User], Page], operator: User, upstream: Client) -> None:
    made = upstream.registries.create(server_address="quay.io", name="Quay", description="Robots").id
    upstream.registries.create(server_address="https://never.example")
    upstream.credentials.create(registry_id=made, public_value="robot", secret_value="x")
    settled(upstream, made, "active")
    page = signed_in(operator)
    found = []
    for url in ("/", LIST, f"{LIST}?q=none", f"{LIST}{made}/", f"{LIST}new/", f"{LIST}{made}/edit/", "/operations/"):
        page.goto(url)
        assert page.get_by_role("heading", level=1).count() == 1, url
        found += [f"{url}: {one}" for one in tools.complaints_in_all_looks(page)]
    page.set_viewport_size(tools.WIDE)  # type: ignore[arg-type]
    page.goto(f"{LIST}{made}/")
    page.get_by_role("link", name="Deactivate…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += [f"dialog: {one}" for one in tools.complaints_in_all_looks(page)]
    assert found == []


def test_profiles_are_accessible_in_every_look(
    signed_in: Callable[[User], Page], admin: User, profile: ConnectionProfile
) -> None:
    page = signed_in(admin)
    found = []
    urls = ("/profiles/", "/profiles/new/", "/profiles/staging/", "/profiles/staging/edit/", "/profiles/staging/check/")
    for url in (*urls, "/profiles/staging/remove/", "/targets/", "/targets/new/", "/operations/?q=none"):
        page.goto(url)
        assert page.get_by_role("heading", level=1).count() == 1, url
        found += [f"{url}: {one}" for one in tools.complaints_in_all_looks(page)]
    assert found == []


def test_is_reached_by_keyboard_alone(signed_in: Callable[[User], Page], operator: User, upstream: Client) -> None:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    page = signed_in(operator)
    page.goto(f"{LIST}{made}/")
    opener = page.get_by_role("link", name="Deactivate…")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_clash_of_two_edits_shows_both_values_and_lets_choose(
    signed_in: Callable[[User], Page], operator: User, upstream: Client, seen: tools.Seen
) -> None:
    quay = upstream.registries.create(server_address="quay.io", name="Quay", description="one line").id
    settled(upstream, quay, "active")
    page = signed_in(operator)
    page.goto(f"{LIST}{quay}/edit/")
    page.get_by_label("Name").fill("Mine")
    page.get_by_label("Description").fill("two\nlines of mine, " + "long" * 40)
    upstream.registries.update(quay, name="Theirs", description="theirs")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("alert")).to_contain_text("changed after this form was opened")
    assert tools.complaints_in_all_looks(page) == []
    expect(page.get_by_label("Name optional")).to_have_value("Mine")
    page.get_by_role("group", name="Description").get_by_label("Keep Rancher’s").check()
    page.get_by_role("group", name="Name").get_by_label("Replace it by mine").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page).to_have_url(f"{LIST}{quay}/")
    registry = upstream.registries.get(quay)
    assert (registry.name, registry.description) == ("Mine", "theirs")
    assert (seen.loads, seen.faults) == (1, [])
