"""Edit forms that were opened before somebody else's change: only what the person changed is sent, a clash is asked."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AuditEvent, ConnectionProfile, CredentialStatus, Operation
from registries.rancher.client import Client
from tests.registries.conftest import Rancher, rest, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"
CANARY = "c4n4ry-secret-7Qm2"


class Fields(HTMLParser):
    """What a browser would send of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "input" and (given.get("type") not in {"radio", "checkbox", "submit"} or "checked" in given):
            self.values[name] = given.get("value") or ("on" if given.get("type") == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data.removeprefix("\n").removeprefix("\r\n")

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area


def form_of(browser: Browser, url: str) -> dict[str, str]:
    return Fields(browser.get(url).content.decode()).values


@pytest.fixture
def web(browse: Callable[[User], Browser], operator: User) -> Browser:
    return browse(operator)


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io", name="Quay", description="Robots\nof the team").id
    settled(upstream, made, "active")
    return made


@pytest.fixture
def robot(upstream: Client, quay: str) -> str:
    made = upstream.credentials.create(
        registry_id=quay, public_value="a+robot", secret_value=CANARY, email="ops@example.com", name="Robot"
    ).id
    rest(upstream, made)
    return made


def test_a_stale_form_leaves_a_colleagues_change(web: Browser, upstream: Client, quay: str) -> None:
    url = f"{LIST}{quay}/edit/"
    stale = form_of(web, url)
    upstream.registries.update(quay, description="of a colleague")
    assert web.post(url, stale | {"name": "Mine"}).status_code == 303
    assert Operation.objects.latest("pk").input == {"name": "Mine"}
    registry = upstream.registries.get(quay)
    assert (registry.name, registry.description) == ("Mine", "of a colleague")


def test_a_clash_shows_both_values_and_lets_the_person_choose(
    web: Browser, upstream: Client, rancher: Rancher, quay: str
) -> None:
    url = f"{LIST}{quay}/edit/"
    stale = form_of(web, url) | {"name": "Mine", "description": "also mine"}
    upstream.registries.update(quay, name="A <colleague>")
    answer = web.post(url, stale)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "A &lt;colleague&gt;" in page
    assert rancher.calls("^PUT") == 1  # the colleague's own
    assert not Operation.objects.exists()

    shown = Fields(page).values
    assert (shown["name"], shown["description"]) == ("Mine", "also mine")
    assert web.post(url, shown).status_code == 409  # nothing was chosen
    upstream.registries.update(quay, name="Moved on")
    answer = web.post(url, shown | {"choice_name": "mine"})
    assert answer.status_code == 409  # chosen against a value that is no longer there
    assert "Moved on" in answer.content.decode()

    again = Fields(answer.content.decode()).values
    assert web.post(url, again | {"choice_name": "mine"}).status_code == 303
    assert Operation.objects.latest("pk").input == {"name": "Mine", "description": "also mine"}


def test_a_clash_can_be_decided_for_ranchers_value(web: Browser, upstream: Client, quay: str) -> None:
    url = f"{LIST}{quay}/edit/"
    stale = form_of(web, url) | {"name": "Mine", "description": "also mine"}
    upstream.registries.update(quay, name="Theirs")
    shown = Fields(web.post(url, stale).content.decode()).values
    assert web.post(url, shown | {"choice_name": "theirs"}).status_code == 303
    assert Operation.objects.latest("pk").input == {"description": "also mine"}
    assert upstream.registries.get(quay).name == "Theirs"


def test_an_untouched_field_follows_rancher_in_a_clash(web: Browser, upstream: Client, quay: str) -> None:
    url = f"{LIST}{quay}/edit/"
    stale = form_of(web, url) | {"name": "Mine"}
    upstream.registries.update(quay, name="Theirs", description="theirs too")
    shown = Fields(web.post(url, stale).content.decode()).values
    assert shown["description"] == "theirs too"
    assert web.post(url, shown | {"choice_name": "mine"}).status_code == 303
    assert Operation.objects.latest("pk").input == {"name": "Mine"}


def test_a_form_that_does_not_say_what_it_showed_overwrites_nothing(web: Browser, quay: str) -> None:
    url = f"{LIST}{quay}/edit/"
    fields = {name: value for name, value in form_of(web, url).items() if not name.startswith("shown_")}
    assert web.post(url, fields | {"name": "Mine"}).status_code == 409


@pytest.mark.parametrize("of_colleague", [None, "of a colleague"])
def test_says_that_nothing_was_changed_and_sends_nothing(
    web: Browser, upstream: Client, rancher: Rancher, quay: str, of_colleague: str | None
) -> None:
    url = f"{LIST}{quay}/edit/"
    same = form_of(web, url)
    same["description"] = same["description"].replace("\n", "\r\n")  # as a browser sends it
    same["shown_description"] = same["shown_description"].replace("\n", "\r\n")
    if of_colleague:
        upstream.registries.update(quay, description=of_colleague)
    before = rancher.calls("^PUT")
    answer = web.post(url, same, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert rancher.calls("^PUT") == before
    assert not Operation.objects.exists()


def test_the_same_form_twice_is_one_operation(web: Browser, quay: str) -> None:
    url = f"{LIST}{quay}/edit/"
    fields = form_of(web, url) | {"name": "Mine"}
    for _ in range(2):
        assert "Nothing was changed" not in web.post(url, fields, follow=True).content.decode()
    assert Operation.objects.count() == 1


def test_a_stale_credential_form_sends_what_was_changed(web: Browser, upstream: Client, quay: str, robot: str) -> None:
    url = f"{LIST}{quay}/credentials/{robot}/edit/"
    stale = form_of(web, url)
    assert not [name for name in stale if name.startswith("shown_secret")]
    upstream.credentials.update(robot, public_value="b+robot", email="new@example.com")
    assert web.post(url, stale | {"description": "Mine"}).status_code == 303
    assert Operation.objects.latest("pk").input == {"description": "Mine"}
    credential = upstream.credentials.get(robot)
    assert (credential.public_value, credential.email) == ("b+robot", "new@example.com")


def test_a_clash_of_a_credential_is_asked_without_its_password(
    web: Browser, upstream: Client, rancher: Rancher, quay: str, robot: str
) -> None:
    url = f"{LIST}{quay}/credentials/{robot}/edit/"
    mine = {"public_value": "mine+robot", "secret_choice": "replace", "secret_value": "typed 4nd g0ne"}
    stale = form_of(web, url) | mine
    upstream.credentials.update(robot, public_value="b+robot")
    answer = web.post(url, stale)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "b+robot" in page
    assert "typed 4nd g0ne" not in page
    again = Fields(page).values
    assert again["public_value"] == "mine+robot"
    assert again["secret_choice"] == "replace"
    assert web.post(url, again | {"choice_public_value": "mine", "secret_value": "new"}).status_code == 303
    assert rancher.sandbox.secrets()[-1] == "new"
    assert upstream.credentials.get(robot).public_value == "mine+robot"


def test_an_untouched_credential_is_not_sent(web: Browser, rancher: Rancher, quay: str, robot: str) -> None:
    url = f"{LIST}{quay}/credentials/{robot}/edit/"
    answer = web.post(url, form_of(web, url), follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert rancher.calls("^PUT") == 0
    assert not Operation.objects.exists()


def test_giving_up_the_copy_alone_is_done_here_and_on_record(
    web: Browser, rancher: Rancher, quay: str, robot: str, profile: ConnectionProfile
) -> None:
    ConnectionProfile.objects.update(keeps_copies=True)
    kept = CredentialStatus(profile=profile, credential_id=robot, registry_id=quay, public_value="a+robot")
    kept.server_address, kept.secret = "quay.io", CANARY
    kept.save()
    url = f"{LIST}{quay}/credentials/{robot}/edit/"
    fields = form_of(web, url)
    assert fields.pop("keep_copy") == "on"
    answer = web.post(url, fields, follow=True)
    assert "its copy" in answer.content.decode()
    assert not CredentialStatus.objects.get(credential_id=robot).secret
    assert rancher.calls("^PUT") == 0
    assert AuditEvent.objects.filter(action="credential.forget_copy", target_id=robot).exists()
