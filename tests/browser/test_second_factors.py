"""Second factors in a real browser: an authenticator app, and a passkey of a virtual authenticator."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard.people.models import User
from tests.browser.tools import complaints_in_all_looks
from tests.people.test_second_factors import code_of
from tests.registries.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def plug_in_authenticator(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def sign_out(page: Page, name: str) -> None:
    page.locator("summary", has_text=name).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_signs_in_with_a_passkey_alone(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.goto("/accounts/second-factor/")
    plug_in_authenticator(page)
    assert complaints_in_all_looks(page) == []
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("This passkey alone signs me in").check()
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert complaints_in_all_looks(page) == []
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("cell", name="Laptop", exact=True)).to_be_visible()
    sign_out(page, "operator")
    assert complaints_in_all_looks(page) == []
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("summary", has_text="operator")).to_be_visible()


def test_says_what_is_wrong_where_no_passkey_answers(page: Page, operator: User) -> None:
    page.goto("/accounts/login/")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | {"isUserVerified": False}})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("It was cancelled, or took too long.")


def test_asks_an_app_for_its_code_after_the_password(signed_in: SignIn, operator: User) -> None:
    page = signed_in(operator)
    page.goto("/account/")
    assert complaints_in_all_looks(page) == []
    page.get_by_role("link", name="Set one up").click()
    page.get_by_role("link", name="Set up an app").click()
    assert complaints_in_all_looks(page) == []
    secret = page.locator("#totp-key").inner_text()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Set up the app").click()
    codes = page.locator("#recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    sign_out(page, "operator")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert complaints_in_all_looks(page) == []
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile("/$"))
