"""A registry's history: Corral's record and Rancher's own log, joined."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.audit_logs import AuditLogRow
from registries.rancher.client import Client
from registries.services.operations.history import read_history
from tests.registries.conftest import settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"


@pytest.fixture
def browser(browse: Callable[[User], Browser], maintainer: User) -> Browser:
    return browse(maintainer)


def key_of(page: str) -> str:
    return page.split('name="operation_key" value="')[1].split('"', maxsplit=1)[0]


def test_joins_what_was_done_here_and_shows_what_was_done_past_us(
    browser: Browser, profile: ConnectionProfile, upstream: Client
) -> None:
    form = {"server_address": "quay.io", "operation_key": key_of(browser.get(f"{LIST}new/").content.decode())}
    url = browser.post(f"{LIST}new/", form).headers["Location"]
    registry_id = url.split("/")[-2]
    settled(upstream, registry_id, "active")
    upstream.registries.update(registry_id, description="by a script")
    browser.get(LIST)
    rows = read_history(profile, registry_id).rows
    found = {(row.event.action if row.event else "", row.logged.event_type if row.logged else "") for row in rows}
    assert found == {("", "api.registry.update"), ("registry.create", "api.registry.create")}
    assert [row.logged.fields for row in rows if row.logged and not row.event] == [{"description": "by a script"}]
    page = browser.get(f"{url}history/").content.decode()
    assert page.count('data-through="rancher"') == page.count('data-through="corral"') == 1
    assert "by a script" in page


def test_credentials_of_the_registry_are_part_of_it_and_no_secret_is(
    browser: Browser, profile: ConnectionProfile, upstream: Client
) -> None:
    registry_id = upstream.registries.create(server_address="quay.io").id
    settled(upstream, registry_id, "active")
    url = f"{LIST}{registry_id}/credentials/new/"
    form = {"public_value": "robot", "secret_value": "canary-of-history"}
    browser.post(url, form | {"operation_key": key_of(browser.get(url).content.decode())})
    page = browser.get(f"{LIST}{registry_id}/history/").content.decode()
    assert "created credential" in page
    assert "canary-of-history" not in page


def test_shows_corrals_part_with_rancher_out_of_reach(
    browser: Browser, profile: ConnectionProfile, upstream: Client
) -> None:
    registry_id = upstream.registries.create(server_address="quay.io").id
    browser.get(LIST)
    timed_cache.clear_all()
    ConnectionProfile.objects.filter(pk=profile.pk).update(base_url="http://127.0.0.1:9")
    answer = browser.get(f"{LIST}{registry_id}/history/")
    assert (answer.status_code, "could not be read" in answer.content.decode()) == (200, True)
    assert browser.get(f"{LIST}1sp999/history/").status_code == 404


@pytest.mark.parametrize(
    "text", [None, "", "[", "[1]", "null", '{"a": null, "secretValue": "s", "b": [1]}', "[" * 9999]
)
def test_a_request_in_ranchers_log_reads_whatever_it_holds(text: str | None) -> None:
    row = AuditLogRow(id="1al1", request_object=text)
    assert row.fields in ({}, {"b": "[1]"})
    assert (row.actor, row.verb) == ("unknown", "")
