"""A credential's life in a real browser, against a real registry: wrong, right, kept, and one day refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from dashboard.people.models import User
from registries.models import Alert, AllowedTarget, ConnectionProfile, CredentialStatus
from registries.services.verification import schedule
from tests.browser.tools import Seen, complaints_in_all_looks
from tests.oci import real
from tests.oci.conftest import SECRET, USER
from tests.oci.test_real_registries import HTPASSWD, NEW_HTPASSWD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SignIn = Callable[[User], Page]
NEW = "/profiles/staging/registries/new/"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[real.RealRegistry]:
    with real.running(tmp_path, auth=real.by_htpasswd(tmp_path, HTPASSWD)) as running:
        AllowedTarget.objects.create(
            kind=AllowedTarget.Kind.REGISTRY, scheme="http", host="127.0.0.1", ports=running.address.partition(":")[2]
        )
        yield running


def beat() -> None:
    """What the reconciler and the worker do, once the time has come."""
    CredentialStatus.objects.exclude(next_check_at=None).update(next_check_at=timezone.now())
    schedule.enqueue_due()
    call_command("db_worker", "--batch", "--no-startup-delay", "--interval", "0")


def test_a_password_is_told_wrong_then_right_and_one_day_refused(
    signed_in: SignIn, operator: User, profile: ConnectionProfile, registry: real.RealRegistry, seen: Seen
) -> None:
    ConnectionProfile.objects.filter(pk=profile.pk).update(keeps_copies=True)
    page = signed_in(operator)
    page.goto(NEW)
    page.get_by_label("Server address").fill(registry.address)
    page.locator("#id_public_value").fill(USER)
    page.locator("#id_secret_value").fill("wrong")
    page.get_by_label("Name optional").fill("Ours")
    result = page.locator("#credential-test")
    page.get_by_role("button", name="Test").click()
    expect(result).to_contain_text("The registry refused the user or the password")
    assert complaints_in_all_looks(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#id_secret_value")).to_have_value("wrong")
    expect(page.get_by_label("Name optional")).to_have_value("Ours")

    page.locator("#id_secret_value").fill(SECRET)
    page.get_by_role("button", name="Test").click()
    expect(result).to_contain_text("The registry accepted the user and the password")
    page.get_by_label("Let Corral keep an encrypted copy").check()
    page.get_by_role("button", name="Create registry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(registry.address)
    expect(page.get_by_role("cell", name=USER).first).to_be_visible()
    assert seen.loads == 1

    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, document.cookie])")
    assert SECRET not in kept + page.content()
    assert page.evaluate("caches.keys().then((names) => names.length)") == 0

    beat()
    page.goto("/profiles/staging/registries/")
    expect(page.locator("tr", has_text=registry.address)).to_contain_text("Works")
    assert not Alert.objects.exists()

    registry.set_login(NEW_HTPASSWD)
    for _ in range(2):
        beat()
    page.goto("/profiles/staging/registries/")
    cell = page.locator("tr", has_text=registry.address).locator("td[data-label=Credentials]")
    badge = cell.locator(".state", has_text="Refused")
    expect(badge).to_have_attribute("data-tone", "bad")
    page.get_by_role("link", name=registry.address).click()
    page.get_by_role("link", name="Refused").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The registry refused the user or the password.")
    assert complaints_in_all_looks(page) == []
    assert Alert.objects.count() == 1
    assert CredentialStatus.objects.get().next_check_at is None, "two refusals stop the schedule"
