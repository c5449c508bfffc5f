"""The life of a registry through the pages, without JavaScript: every step a form, every write an operation."""

import re
import time
import uuid
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from registries.services.operations import reconcile, removal
from tests.registries.conftest import Rancher, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"


def key() -> str:
    return str(uuid.uuid4())


def run_worker() -> None:
    """What the worker does, without its process: every removal is looked at until it ends."""
    for _ in range(50):
        waiting = Operation.objects.filter(verb="remove", state__in=Operation.OPEN).exclude(step="")
        if not waiting:
            return
        for operation in waiting:
            removal.advance_removal(operation.pk)
        time.sleep(0.02)
    raise AssertionError("the removal did not end")


def post(browser: Browser, url: str, **fields: str) -> Operation:
    """Sends a form; the operation that came of it."""
    answer = browser.post(url, {"operation_key": key(), **fields})
    assert answer.status_code == 303, answer.content.decode()
    operation = Operation.objects.first()
    assert operation is not None
    return operation


def test_lives_from_create_to_purge(
    browse: Callable[[User], Browser], maintainer: User, profile: ConnectionProfile, upstream: Client
) -> None:
    browser = browse(maintainer)
    created = post(browser, f"{LIST}new/", server_address="quay.io", name="Quay", description="Robots")
    url = f"{LIST}{created.target_id}/"
    settled(upstream, created.target_id, "active")
    assert "Active" in browser.get(url).content.decode()
    created.refresh_from_db()
    assert created.state == "succeeded"
    assert created.after
    assert created.after["server_address"] == "quay.io"

    shown = {"shown_name": "Quay", "shown_description": "Robots"}
    renamed = post(browser, f"{url}edit/", name="Quay robots", description="Robots", **shown)
    assert (renamed.state, renamed.input) == ("succeeded", {"name": "Quay robots"})

    for verb, state in [("deactivate", "inactive"), ("activate", "active")]:
        post(browser, f"{url}{verb}/")
        settled(upstream, created.target_id, state)
        browser.get(url)

    removed = post(browser, f"{url}remove/")
    assert (removed.state, removed.step) == ("pending", "queued")
    run_worker()
    removed.refresh_from_db()
    assert removed.state == "succeeded"
    settled(upstream, created.target_id, "removed")

    row = f'data-id="{created.target_id}"'
    assert row not in browser.get(LIST, {"q": "quay"}).content.decode()
    assert row in browser.get(LIST, {"state": "removed"}).content.decode()
    post(browser, f"{url}purge/")
    settled(upstream, created.target_id, "purged")
    browser.get(url)
    verbs = [(operation.verb, operation.state) for operation in Operation.objects.order_by("pk")]
    wanted = ["create", "update", "deactivate", "activate", "remove", "purge"]
    assert verbs == [(verb, "succeeded") for verb in wanted]


def test_restores_what_was_removed_where_rancher_offers_it(
    browse: Callable[[User], Browser],
    admin: User,
    make_profile: Callable[..., ConnectionProfile],
    rancher_14: Rancher,
) -> None:
    profile = make_profile(server=rancher_14, name="Staging", slug="staging")
    browser = browse(admin)
    created = post(browser, f"{LIST}new/", server_address="quay.io")
    url = f"{LIST}{created.target_id}/"
    _rest(browser, url, "Active")
    post(browser, f"{url}remove/")
    run_worker()
    page = _rest(browser, url, "Removed")
    assert f"{url}restore/" in page
    post(browser, f"{url}restore/")
    assert f"{url}activate/" in _rest(browser, url, "Inactive")
    assert profile.operations.filter(state="succeeded").count() == 3


def test_offers_no_restore_where_rancher_does_not(
    browse: Callable[[User], Browser], maintainer: User, upstream: Client
) -> None:
    browser = browse(maintainer)
    created = post(browser, f"{LIST}new/", server_address="quay.io")
    settled(upstream, created.target_id, "active")
    post(browser, f"{LIST}{created.target_id}/remove/")
    run_worker()
    page = _rest(browser, f"{LIST}{created.target_id}/", "Removed")
    assert "/restore/" not in page
    assert "no way back" in page


def test_sends_a_form_that_comes_twice_only_once(
    browse: Callable[[User], Browser], operator: User, rancher: Rancher
) -> None:
    browser, once = browse(operator), key()
    answers = [browser.post(f"{LIST}new/", {"operation_key": once, "server_address": "quay.io"}) for _ in range(2)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert Operation.objects.count() == 1
    assert rancher.calls("POST .*/registries$") == 1


def test_refuses_a_twin_before_the_call_whatever_the_letters_case(
    browse: Callable[[User], Browser], operator: User, rancher: Rancher
) -> None:
    browser = browse(operator)
    first = post(browser, f"{LIST}new/", server_address="quay.io")
    answer = browser.post(f"{LIST}new/", {"operation_key": key(), "server_address": "QUAY.io", "name": "kept text"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="{LIST}{first.target_id}/"' in page
    assert "kept text" in page
    assert Operation.objects.count() == 1


def test_points_at_the_twin_that_somebody_made_at_the_same_moment(
    browse: Callable[[User], Browser],
    operator: User,
    upstream: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from registries.services.operations import lifecycle  # noqa: PLC0415 - patched: somebody else is quicker after our look

    begin = lifecycle.begin

    def begin_late(*args: object, **kwargs: object) -> object:
        upstream.registries.create(server_address="quay.io/", name=None, description=None)
        return begin(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "begin", begin_late)
    monkeypatch.setattr(
        "registries.services.operations.registries.is_same_address", lambda one, other: one.strip("/") == other
    )
    operation = post(browse(operator), f"{LIST}new/", server_address="quay.io")
    assert "exists twice" in operation.warning
    assert operation.warning.count("1sp") == 2


@pytest.mark.parametrize(
    ("address", "cleaned"), [("https://quay.io/v1/", "quay.io"), ("quay.io/team", "quay.io"), ("my host", "")]
)
def test_refuses_an_address_that_no_image_matches_and_offers_the_cleaned_one(
    browse: Callable[[User], Browser], operator: User, address: str, cleaned: str
) -> None:
    answer = browse(operator).post(f"{LIST}new/", {"operation_key": key(), "server_address": address})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "No image can ever match this address" in page
    assert (f'name="use_address" value="{cleaned}"' in page) == bool(cleaned)
    assert not Operation.objects.exists()


def test_creates_what_was_cleaned_in_one_click(browse: Callable[[User], Browser], operator: User) -> None:
    fields = {"server_address": "https://quay.io/v1/", "use_address": "quay.io"}
    assert post(browse(operator), f"{LIST}new/", **fields).target_name == "quay.io"


def test_creates_exactly_what_was_typed_when_the_person_insists(
    browse: Callable[[User], Browser], operator: User
) -> None:
    fields = {"server_address": "https://quay.io/v1/", "as_typed": "1"}
    assert post(browse(operator), f"{LIST}new/", **fields).target_name == "https://quay.io/v1/"


def test_takes_the_providers_address_when_none_was_typed(browse: Callable[[User], Browser], operator: User) -> None:
    operation = post(browse(operator), f"{LIST}new/", provider="docker-hub", server_address="")
    assert operation.target_name == "index.docker.io"


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [("name", "n" * 256, "255"), ("description", "d" * 1025, "1024"), ("name", "whale 🐳", "cannot store")],
)
def test_keeps_what_was_typed_when_a_field_is_refused(
    browse: Callable[[User], Browser], operator: User, field: str, text: str, reason: str
) -> None:
    fields = {"operation_key": key(), "server_address": "quay.io", field: text}
    answer = browse(operator).post(f"{LIST}new/", fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert reason in page
    assert text in page
    assert not Operation.objects.exists()


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "reset", "status"])
def test_reads_instead_of_resending_when_the_answer_of_a_create_is_lost(
    browse: Callable[[User], Browser], operator: User, rancher: Rancher, fault: str, settings: object
) -> None:
    rancher.fail(fault, match="POST .*/registries", times=1)
    browser = browse(operator)
    answer = browser.post(f"{LIST}new/", {"operation_key": key(), "server_address": "quay.io"})
    operation = Operation.objects.get()
    assert (answer.status_code, operation.state) == (303, "unknown")
    assert "checking" in browser.get(f"/operations/{operation.pk}/").content.decode()
    _let_time_pass(operation)
    reconcile.reconcile()
    operation.refresh_from_db()
    assert operation.state == ("succeeded" if fault == "drop_after" else "failed")
    assert rancher.calls("POST .*/registries$") <= 1


def test_settles_what_a_killed_web_process_left(
    browse: Callable[[User], Browser], operator: User, rancher: Rancher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after Rancher took the call and before the answer was noted."""

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    browser = browse(operator)
    with monkeypatch.context() as patched:
        patched.setattr("registries.services.operations.lifecycle.accept", die)
        with pytest.raises(SystemExit):
            browser.post(f"{LIST}new/", {"operation_key": key(), "server_address": "quay.io"})
    operation = Operation.objects.get()
    assert (operation.state, operation.target_id) == ("pending", "")
    _let_time_pass(operation)
    browser.get(LIST)  # the next view is enough
    operation.refresh_from_db()
    assert (operation.state, operation.target_name) == ("succeeded", "quay.io")
    assert operation.target_id
    assert rancher.calls("POST .*/registries$") == 1


def _let_time_pass(operation: Operation) -> None:
    """As if the operation had begun a minute ago."""
    from datetime import timedelta  # noqa: PLC0415

    started_at = operation.started_at - timedelta(minutes=1)
    Operation.objects.filter(pk=operation.pk).update(started_at=started_at)


def _rest(browser: Browser, url: str, word: str) -> str:
    for _ in range(60):
        page = browser.get(url).content.decode()
        if re.search(rf"</svg>{word}</span>", page):
            return page
    raise AssertionError(f"{url} never showed {word}")
