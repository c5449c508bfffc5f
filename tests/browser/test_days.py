"""A day of each kind of person: the admin lets a team in, the team changes something, the auditor proves it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from playwright.sync_api import Browser, Page, expect

from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.browser.tools import WIDE, Seen, complaints_in_all_looks
from tests.people.test_second_factors import code_of
from tests.registries.conftest import PASSWORD, settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "OPS-2198: names people recognise"


@pytest.fixture
def seen() -> Iterator[Seen]:
    """Of all three browsers."""
    seen = Seen()
    yield seen
    assert seen.faults == []


@pytest.fixture
def open_browser(browser: Browser, base_url: str, seen: Seen) -> Iterator[object]:
    """Another person at another machine."""
    contexts = []

    def another() -> Page:
        context = browser.new_context(base_url=base_url, viewport=WIDE, accept_downloads=True)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        seen.watch(page)
        return page

    yield another
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("summary", has_text=name)).to_be_visible()


def let_a_team_in(page: Page) -> str:
    """The admin's day: a team, somebody for it, and a profile for the team. The link that the somebody gets."""
    navigation = page.get_by_role("navigation", name="Main")
    navigation.get_by_role("link", name="Teams").click()
    page.get_by_role("link", name="New team").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New team")
    page.get_by_label("Name").fill("Payments")
    page.get_by_role("button", name="Make team").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Payments")
    navigation.get_by_role("link", name="People").click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Payments").check()
    assert complaints_in_all_looks(page) == []
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.get_by_role("button", name="Make the link").click()
    link = page.locator("#invitation-link").inner_text()
    page.goto("/profiles/staging/members/")
    page.get_by_role("link", name="Give a role").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Team").select_option(label="Payments")
    dialog.get_by_text("Operator", exact=True).click()
    dialog.get_by_role("button", name="Give role").click()
    expect(page.get_by_role("row", name="Payments").first).to_contain_text("Operator")
    return link


def change_a_registry(page: Page, link: str) -> None:
    """The operator's day: in through the link, a second factor, and one change with a reason."""
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, "olga")
    page.goto("/accounts/second-factor/app/add/")
    page.get_by_label("Authenticator code").fill(code_of(page.locator("#totp-key").inner_text()))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/profiles/staging/registries/")
    page.get_by_role("link", name="quay.io").click()
    expect(page.get_by_role("link", name="Remove…")).to_have_count(0)
    page.get_by_role("link", name="Edit…").click()
    page.get_by_label("Description").fill("Ours since today")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Ours since today").first).to_be_visible()


# htmx pushes the address first and listens to what it swapped in 20 ms later: nobody chooses that fast, a test does
SETTLED = "document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added') === null"


def prove_it(page: Page, folder: Path) -> None:
    """The auditor's day: find the change, read its difference and its reason, take it away and have it proven."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    page.get_by_label("Person", exact=True).select_option("olga")
    expect(page).to_have_url(re.compile("person=olga"))
    page.wait_for_function(SETTLED)
    page.get_by_label("Action", exact=True).select_option("registry.update")
    expect(page).to_have_url(re.compile("action=registry.update"))
    row = page.get_by_role("row", name="edited registry")
    expect(row).to_have_count(1)
    row.get_by_role("link", name="edited registry").click()
    details = page.locator(".row-detail")
    expect(details.locator(".diff-new", has_text="Ours since today")).to_be_visible()
    expect(details).to_contain_text(REASON)
    assert complaints_in_all_looks(page) == []
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    for name in ("CSV", "JSON lines"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        assert REASON in file.read_text(encoding="utf-8")
        call_command("verify_audit", str(file))
        file.write_text(
            file.read_text(encoding="utf-8").replace("Ours since today", "Theirs for long"), encoding="utf-8"
        )
        with pytest.raises(CommandError, match="it was altered"):
            call_command("verify_audit", str(file))
    call_command("verify_audit")
    for path in ("/", "/profiles/staging/registries/", "/profiles/staging/", "/profiles/staging/members/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".main form[method=post]")).to_have_count(0)


def test_an_admin_an_operator_and_an_auditor_do_their_day(
    open_browser: object, tmp_path: Path, profile: ConnectionProfile, upstream: Client, admin: User, auditor: User
) -> None:
    made = upstream.registries.create(server_address="quay.io", name="Quay", description=None)
    settled(upstream, made.id, "active")
    pages = [open_browser() for _ in range(3)]  # type: ignore[operator]
    sign_in(pages[0], "admin")
    change_a_registry(pages[1], let_a_team_in(pages[0]))
    sign_in(pages[2], "auditor")
    prove_it(pages[2], tmp_path)
