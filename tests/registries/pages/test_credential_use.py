"""Which credential hosts use, as list, detail and dialogs say it: one answer over all registries of the project."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import ConnectionProfile
from registries.rancher.client import Client
from tests.registries.conftest import Rancher, rest, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"


@pytest.fixture
def web(browse: Callable[[User], Browser], make_user: Callable[..., User], profile: ConnectionProfile) -> Browser:
    return browse(make_user("maintainer", role="maintainer", profile=profile))


@dataclass
class Twins:
    """quay.io with the credential of `early`, and QUAY.IO with the one of `late`."""

    first: str
    second: str
    early: str
    late: str


@pytest.fixture
def add(upstream: Client) -> Callable[[str, str], tuple[str, str]]:
    """Makes a registry with one credential, both at rest; their ids."""

    def make(address: str, user: str) -> tuple[str, str]:
        made = upstream.registries.create(server_address=address).id
        settled(upstream, made, "active")
        credential = upstream.credentials.create(registry_id=made, public_value=user, secret_value="s3cret").id
        rest(upstream, credential)
        return made, credential

    return make


@pytest.fixture
def twins(rancher: Rancher, web: Browser, add: Callable[[str, str], tuple[str, str]]) -> Twins:
    (first, early), (second, late) = add("quay.io", "early"), add("twin.example", "late")
    (row,) = (one for one in rancher.sandbox.state.registries.values() if one.fields["serverAddress"] == "twin.example")
    row.fields["serverAddress"] = "QUAY.IO"  # as two creates at the same moment leave it
    page(web, LIST)
    return Twins(first, second, early, late)


def page(web: Browser, url: str) -> str:
    answer = web.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def never_reached(reason: str) -> str:
    return f'<span class="tag">Never reached</span><span class="hint">{reason}'


def row_of(text: str, rancher_id: str) -> str:
    return text.partition(f'<tr id="registry-{rancher_id}"')[2].partition("</tr>")[0]


def test_of_twins_one_is_labelled(web: Browser, twins: Twins) -> None:
    reason = f"{twins.early} of {twins.first}, which has the same address, has the lower id."
    first, second = page(web, f"{LIST}{twins.first}/"), page(web, f"{LIST}{twins.second}/")
    assert ("Used for pulls" in first, "Never reached" in first) == (True, False)
    assert ("Used for pulls" in second, never_reached(reason) in second) == (False, True)
    listed = page(web, LIST)
    assert "Never reached" not in row_of(listed, twins.first)
    assert f'title="{reason}">Never reached' in row_of(listed, twins.second)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://never.example", "No image can match its address. Rancher matches an image by host and port only;"),
        ("harbor", "No image can match its address. Without a dot or a port, Rancher takes the first part"),
    ],
)
def test_an_address_that_never_matches_is_never_labelled(
    web: Browser, add: Callable[[str, str], tuple[str, str]], address: str, reason: str
) -> None:
    made, credential = add(address, "robot")
    text = page(web, f"{LIST}{made}/")
    assert "Used for pulls" not in text
    assert never_reached(reason) in text
    assert "Never reached" in row_of(page(web, LIST), made)
    for verb in ("deactivate", "remove"):
        assert "Hosts don&#x27;t pull with it now" in page(web, f"{LIST}{made}/credentials/{credential}/{verb}/")
        assert "Hosts don&#x27;t pull with its credentials now" in page(web, f"{LIST}{made}/{verb}/")


def test_an_inactive_registry_is_never_labelled(web: Browser, upstream: Client, twins: Twins) -> None:
    upstream.registries.act(twins.first, "deactivate")
    settled(upstream, twins.first, "inactive")
    assert never_reached("Its registry is inactive;") in page(web, f"{LIST}{twins.first}/")
    assert "Used for pulls" in page(web, f"{LIST}{twins.second}/")
    assert f"Hosts go on pulling with late of {twins.second}" not in page(web, f"{LIST}{twins.first}/activate/")
    assert "with its credential again" in page(web, f"{LIST}{twins.first}/activate/")


def test_dialogs_know_of_the_twin(web: Browser, twins: Twins) -> None:
    instead = f"pull with late of {twins.second} instead."
    assert f"Hosts will {instead}" in page(web, f"{LIST}{twins.first}/credentials/{twins.early}/remove/")
    assert f"Hosts of this project will {instead}" in page(web, f"{LIST}{twins.first}/remove/")
    assert "nothing changes for them" in page(web, f"{LIST}{twins.second}/credentials/{twins.late}/deactivate/")
    dialog = page(web, f"{LIST}{twins.second}/deactivate/")
    assert "nothing changes for them. It can be activated again." in dialog


def test_dialogs_say_what_activating_comes_to(web: Browser, upstream: Client, twins: Twins) -> None:
    activate = f"{LIST}{twins.second}/credentials/{twins.late}/activate/"
    for credential in (twins.early, twins.late):
        upstream.credentials.act(credential, "deactivate")
        rest(upstream, credential)
    page(web, f"{LIST}{twins.first}/")
    assert "Hosts will pull with it." in page(web, activate)
    upstream.credentials.act(twins.early, "activate")
    rest(upstream, twins.early)
    page(web, f"{LIST}{twins.first}/")
    lower = f"Hosts go on pulling with early of {twins.first}: its id is lower."
    assert lower in page(web, activate)
    upstream.registries.act(twins.second, "deactivate")
    settled(upstream, twins.second, "inactive")
    assert lower in page(web, f"{LIST}{twins.second}/activate/")
    upstream.credentials.act(twins.early, "deactivate")
    rest(upstream, twins.early)
    page(web, f"{LIST}{twins.first}/")
    assert "pull with it. Its registry is inactive;" in page(web, activate)
    assert "pull with its credentials. It is inactive." in page(web, f"{LIST}{twins.second}/activate/")


def test_a_registry_that_was_purged_uses_nothing(web: Browser, upstream: Client, twins: Twins) -> None:
    upstream.registries.act(twins.first, "deactivate")
    settled(upstream, twins.first, "inactive")
    upstream.registries.remove(twins.first)
    settled(upstream, twins.first, "removed")
    upstream.registries.act(twins.first, "purge")
    settled(upstream, twins.first, "purged")
    assert "Used for pulls" not in page(web, f"{LIST}{twins.first}/")
    assert "Used for pulls" in page(web, f"{LIST}{twins.second}/")
