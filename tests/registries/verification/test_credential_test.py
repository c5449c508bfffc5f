"""The test beside saving, the verification of a stored credential, and the badge in the list."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from dashboard.people.models import User
from registries.models import AuditEvent, ConnectionProfile, CredentialStatus, Verification
from registries.oci import ProbeResult, Reason, Step, StepName
from registries.rancher.client import Client
from registries.services.verification import verify
from tests.registries.conftest import settled

pytestmark = pytest.mark.django_db
LIST = "/profiles/staging/registries/"
IN_PLACE = {"HX-Request": "true", "HX-Target": "credential-test"}
SECRET = "canary-of-a-test"
Asked = list[tuple[str, str, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Logins that were tried; the registry takes the password "right"."""
    tried: Asked = []

    def probe(address: str, *, user: str, secret: str, **_: object) -> ProbeResult:
        tried.append((address, user, secret))
        reason = Reason.OK if secret == "right" else Reason.BAD_CREDENTIALS
        step = Step(StepName.LOGIN, "ok" if reason == Reason.OK else "failed")
        return ProbeResult(reason=reason, login_reason=reason, steps=(step,), milliseconds=12)

    monkeypatch.setattr(verify, "probe", probe)
    return tried


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io", name=None, description=None)
    upstream.credentials.create(registry_id=made.id, public_value="robot", secret_value="x")
    settled(upstream, made.id, "active")
    return made.id


def credential_of(browser: Browser, quay: str) -> str:
    found = re.search(r"/credentials/(1c\d+)/", browser.get(f"{LIST}{quay}/").content.decode())
    assert found
    return found.group(1)


@pytest.fixture
def browser(browse: Callable[[User], Browser], operator: User) -> Browser:
    return browse(operator)


def test_tries_what_is_typed_for_a_new_registry_and_saves_nothing(browser: Browser, asked: Asked) -> None:
    form = {"server_address": "quay.io", "public_value": "robot", "secret_value": SECRET, "test": "1"}
    answer = browser.post(f"{LIST}new/", form, headers=IN_PLACE)
    page = answer.content.decode()
    assert asked == [("quay.io", "robot", SECRET)]
    assert page.lstrip().startswith("<div")
    assert 'id="credential-test"' in page
    assert "refused the user or the password" in page
    assert SECRET not in page
    assert not browser.get(LIST).content.decode().count("quay.io")


def test_without_javascript_the_page_comes_back_with_result_and_what_was_typed(browser: Browser, asked: Asked) -> None:
    form = {"server_address": "quay.io", "public_value": "robot", "secret_value": "right", "name": "Ours", "test": "1"}
    answer = browser.post(f"{LIST}new/", form)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "accepted the user and the password" in page
    assert ('value="robot"' in page, 'value="Ours"' in page, ">right<" in page) == (True, True, False)


@pytest.mark.parametrize("missing", ["server_address", "public_value", "secret_value"])
def test_sends_nothing_while_something_is_missing(browser: Browser, asked: Asked, missing: str) -> None:
    form = {"server_address": "quay.io", "public_value": "robot", "secret_value": SECRET, "test": "1"} | {missing: ""}
    page = browser.post(f"{LIST}new/", form, headers=IN_PLACE).content.decode()
    assert (asked, "Enter the address, the user and the password first" in page) == ([], True)


def test_counts_ten_tests_a_minute_for_a_person(browser: Browser, asked: Asked, quay: str) -> None:
    form = {"public_value": "robot", "secret_value": SECRET, "test": "1"}
    pages = [browser.post(f"{LIST}{quay}/credentials/new/", form, headers=IN_PLACE).content.decode() for _ in range(11)]
    assert len(asked) == 10
    assert "Ten verifications a minute" in pages[-1]


def test_saving_in_spite_of_a_refusal_is_possible_and_on_record(browser: Browser, asked: Asked, quay: str) -> None:
    url = f"{LIST}{quay}/credentials/new/"
    form = {"public_value": "another", "secret_value": SECRET}
    browser.post(url, form | {"test": "1"}, headers=IN_PLACE)
    key = re.search(r'name="operation_key" value="([^"]+)"', browser.get(url).content.decode()).group(1)  # type: ignore[union-attr]
    assert browser.post(url, form | {"operation_key": key}).status_code == 303
    row = AuditEvent.objects.filter(action="credential.create", outcome="begun").get()
    assert row.after_values["tested"] == "bad_credentials"
    assert AuditEvent.objects.filter(action="credential.verify", outcome="failed").count() == 1
    assert SECRET not in str(list(AuditEvent.objects.values()))


def test_tries_the_kept_copy_of_a_stored_one_and_asks_for_a_password_where_there_is_none(
    browser: Browser, asked: Asked, quay: str, profile: ConnectionProfile
) -> None:
    credential_id = credential_of(browser, quay)
    url = f"{LIST}{quay}/credentials/{credential_id}/edit/"
    form = {"public_value": "robot", "secret_choice": "keep", "test": "1"}
    assert "Enter the address" in browser.post(url, form, headers=IN_PLACE).content.decode()
    watched = CredentialStatus(
        profile=profile,
        registry_id=quay,
        credential_id=credential_id,
        server_address="quay.io",
        public_value="robot",
    )
    watched.secret = "right"
    watched.save()
    assert "accepted the user" in browser.post(url, form, headers=IN_PLACE).content.decode()
    assert asked == [("quay.io", "robot", "right")]


def test_verifies_a_stored_credential_and_shows_the_badge_in_the_list(
    browser: Browser, viewer: User, browse: Callable[[User], Browser], asked: Asked, quay: str
) -> None:
    credential_id = credential_of(browser, quay)
    url = f"{LIST}{quay}/credentials/{credential_id}/verify/"
    assert browser.post(f"{url}run/", {"secret_value": ""}).status_code == 422
    answer = browser.post(f"{url}run/", {"secret_value": "wrong"})
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    assert "Refused" in browser.get(LIST).content.decode()
    in_place = browser.post(
        f"{url}run/", {"secret_value": "right"}, headers={"HX-Request": "true", "HX-Target": "verification"}
    )
    assert "accepted the user and the password" in in_place.content.decode()
    assert [one.reason for one in Verification.objects.all()] == ["ok", "bad_credentials"]
    reader = browse(viewer)
    assert "run/" not in reader.get(url).content.decode()
    assert reader.post(f"{url}run/", {"secret_value": "right"}).status_code == 403


def test_the_badge_says_how_old_it_is(browser: Browser, quay: str, profile: ConnectionProfile) -> None:
    credential_id = credential_of(browser, quay)
    checked_at = timezone.now() - timedelta(hours=3)
    CredentialStatus.objects.create(
        profile=profile, registry_id=quay, credential_id=credential_id, reason="ok", checked_at=checked_at
    )
    page = browser.get(f"{LIST}?read=now").content.decode()
    assert re.search(r'data-tone="good">.*Works</span> <span class="hint" title="Verified 3 h ago">3 h<', page)
