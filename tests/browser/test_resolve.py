"""Which credential Rancher uses, asked in a browser: on its own page, and on that of a registry."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard import timed_cache
from dashboard.people.models import User
from registries.rancher.client import Client
from tests.browser.tools import Seen, complaints_in_all_looks
from tests.registries.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]


@pytest.fixture
def quay(upstream: Client) -> str:
    made = {one: upstream.registries.create(server_address=one).id for one in ("quay.io", "https://quay.io")}
    for user in ("acme+rancher", "acme+old"):
        upstream.credentials.create(registry_id=made["quay.io"], public_value=user, secret_value="x")
    settled(upstream, made["quay.io"], "active")
    timed_cache.clear_all()
    return made["quay.io"]


def test_answers_in_place_and_keeps_the_question_in_the_address(
    signed_in: SignIn, viewer: User, quay: str, seen: Seen
) -> None:
    page = signed_in(viewer)
    page.goto("/profiles/staging/")
    page.get_by_role("link", name="Which credential?").click()
    page.get_by_role("textbox", name="Image").fill("quay.io/team/app:1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Rancher uses acme+rancher of quay.io.")).to_be_visible()
    expect(page).to_have_url("/profiles/staging/resolve/?image=quay.io%2Fteam%2Fapp%3A1")
    assert seen.loads == 1
    assert complaints_in_all_looks(page) == []
    page.reload()
    expect(page.get_by_role("textbox", name="Image")).to_have_value("quay.io/team/app:1")
    expect(page.get_by_text("never matches; the registry")).to_be_visible()


def test_answers_on_the_page_of_a_registry(signed_in: SignIn, viewer: User, quay: str, seen: Seen) -> None:
    page = signed_in(viewer)
    page.goto(f"/profiles/staging/registries/{quay}/")
    page.get_by_role("textbox", name="Image").fill("nginx")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("no registry has the address index.docker.io")).to_be_visible()
    expect(page).to_have_url(f"/profiles/staging/registries/{quay}/")
    assert seen.loads == 1
    assert complaints_in_all_looks(page) == []
