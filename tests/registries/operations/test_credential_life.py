"""The life of a credential through Corral's pages, against the stand-in Rancher."""

import time
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AuditEvent, ConnectionProfile, CredentialStatus, Operation
from registries.rancher.client import Client
from registries.services.operations import removal
from tests.registries.conftest import Rancher, rest, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"
GOOGLE_KEY = '{\n  "type": "service_account",\n  "private_key": "-----BEGIN-----\\nMIIE\\n-----END-----\\n"\n}\n'
CANARY = "c4n4ry-secret-7Qm2"
keys = iter(f"00000000-0000-4000-8000-{number:012d}" for number in range(10_000))


def form(**fields: str) -> dict[str, str]:
    return {"operation_key": next(keys), "public_value": "platform+deploy", "secret_value": CANARY} | fields


@pytest.fixture
def web(browse: Callable[[User], Browser], make_user: Callable[..., User], profile: ConnectionProfile) -> Browser:
    return browse(make_user("maintainer", role="maintainer", profile=profile))


@pytest.fixture
def quay(upstream: Client) -> str:
    made = upstream.registries.create(server_address="quay.io").id
    settled(upstream, made, "active")
    return made


@pytest.fixture
def add(web: Browser, quay: str, upstream: Client) -> Callable[..., str]:
    """Adds a credential through the form; its id."""

    def create(**fields: str) -> str:
        answer = web.post(f"{LIST}{quay}/credentials/new/", form(**fields))
        assert answer.status_code == 303, answer.content.decode()
        made = Operation.objects.latest("pk").target_id
        rest(upstream, made)
        return made

    return create


def test_shows_a_new_credential_and_says_which_one_is_used(web: Browser, quay: str, add: Callable[..., str]) -> None:
    first, second = add(public_value="first+robot"), add(public_value="second+robot", name="Spare")
    page = web.get(f"{LIST}{quay}/").content.decode()
    assert page.index("first+robot") < page.index("Used for pulls") < page.index("second+robot")
    assert page.count("Used for pulls") == 1
    assert "Never verified" in page
    assert {first, second} <= set(CredentialStatus.objects.values_list("credential_id", flat=True))


def test_takes_an_empty_user_or_password_for_a_mistake(web: Browser, quay: str, rancher: Rancher) -> None:
    for fields in ({"public_value": ""}, {"secret_value": ""}):
        answer = web.post(f"{LIST}{quay}/credentials/new/", form(**fields))
        assert answer.status_code == 422
        assert "no registry does" in answer.content.decode()
    assert rancher.calls("^POST") == 1  # the registry's own


def test_counts_the_limit_in_characters(web: Browser, quay: str, add: Callable[..., str]) -> None:
    add(secret_value="ä" * 4096)
    answer = web.post(f"{LIST}{quay}/credentials/new/", form(secret_value="ä" * 4097))
    assert answer.status_code == 422


def test_keeps_what_was_typed_and_never_the_password(web: Browser, quay: str) -> None:
    answer = web.post(f"{LIST}{quay}/credentials/new/", form(email="no address", name="Robots", description="of team"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert all(word in page for word in ("platform+deploy", "Robots", "of team", "Enter the password again"))
    assert CANARY not in page


@pytest.mark.parametrize("typed", [GOOGLE_KEY, "  blanks around  ", "p%C3%A4ss&=+#ü✓"])
def test_hands_a_secret_on_byte_for_byte(add: Callable[..., str], rancher: Rancher, typed: str) -> None:
    add(secret_value=typed.replace("\n", "\r\n"))  # as a browser sends a textarea
    assert rancher.sandbox.secrets()[-1] == typed


def test_edits_without_touching_the_stored_password(
    web: Browser, quay: str, add: Callable[..., str], rancher: Rancher
) -> None:
    made = add()
    url = f"{LIST}{quay}/credentials/{made}/edit/"
    fields = form(secret_choice="keep", secret_value="typed, then thought better of", name="Robots", shown_name="")
    assert web.post(url, fields).status_code == 303
    assert rancher.sandbox.secrets()[-1] == CANARY
    operation = Operation.objects.latest("pk")
    assert (operation.state, operation.input) == ("succeeded", {"name": "Robots"})


def test_replaces_the_password_by_the_switch(
    web: Browser, quay: str, add: Callable[..., str], rancher: Rancher
) -> None:
    made = add()
    url = f"{LIST}{quay}/credentials/{made}/edit/"
    assert web.post(url, form(secret_choice="replace", secret_value="")).status_code == 422
    assert web.post(url, form(secret_choice="replace", secret_value="new one")).status_code == 303
    assert rancher.sandbox.secrets()[-1] == "new one"
    assert Operation.objects.latest("pk").input == {"new_secret": True, "tested": "not tested"}


def test_sends_an_email_to_v1_alone(
    web: Browser, add: Callable[..., str], upstream: Client, profile: ConnectionProfile, quay: str
) -> None:
    neutral, given = add(), add(email="ops@example.com")
    assert upstream.credentials.get(neutral).email == "none@example.invalid"
    assert upstream.credentials.get(given).email == "ops@example.com"
    ConnectionProfile.objects.update(api_version="v2-beta")
    assert 'name="email"' not in web.get(f"{LIST}{quay}/credentials/new/").content.decode()
    assert web.post(f"{LIST}{quay}/credentials/new/", form()).status_code == 303


def test_deactivates_activates_and_removes_in_two_steps(
    web: Browser, quay: str, add: Callable[..., str], upstream: Client
) -> None:
    made = add()
    base = f"{LIST}{quay}/credentials/{made}/"
    for verb, state in (("deactivate", "inactive"), ("activate", "active")):
        assert web.post(f"{base}{verb}/", form()).status_code == 303
        rest(upstream, made)
        assert upstream.credentials.get(made).state == state
        web.get(f"{LIST}{quay}/")
        assert Operation.objects.latest("pk").state == "succeeded"
    assert "pull without a password" in web.get(f"{base}remove/").content.decode()
    assert web.post(f"{base}remove/", form(reason="left the company")).status_code == 303
    operation = Operation.objects.latest("pk")
    for _ in range(200):
        if removal.advance_removal(operation.pk) is None:
            break
        time.sleep(0.02)
    operation.refresh_from_db()
    assert (operation.state, upstream.credentials.get(made).state) == ("succeeded", "removed")
    assert web.post(f"{base}purge/", form()).status_code == 303
    rest(upstream, made)
    assert "platform+deploy" not in web.get(f"{LIST}{quay}/").content.decode().partition("operations-title")[0]


def test_a_credential_of_another_registry_is_not_here(web: Browser, add: Callable[..., str], upstream: Client) -> None:
    made = add()
    other = upstream.registries.create(server_address="ghcr.io").id
    settled(upstream, other, "active")
    for what in ("edit", "verify", "deactivate", "remove"):
        assert web.get(f"{LIST}{other}/credentials/{made}/{what}/").status_code == 404, what


def test_an_operator_changes_but_does_not_remove(
    browse: Callable[[User], Browser], operator: User, quay: str, add: Callable[..., str]
) -> None:
    made = add()
    web = browse(operator)
    assert web.get(f"{LIST}{quay}/credentials/{made}/deactivate/").status_code == 200
    assert web.post(f"{LIST}{quay}/credentials/{made}/remove/", form()).status_code == 403
    page = web.get(f"{LIST}{quay}/").content.decode()
    assert f"credentials/{made}/deactivate/" in page
    assert f"credentials/{made}/remove/" not in page


def test_a_lost_answer_is_settled_by_reading(web: Browser, quay: str, rancher: Rancher) -> None:
    rancher.fail("drop_after", match="POST .*registrycredentials", times=1)
    assert web.post(f"{LIST}{quay}/credentials/new/", form()).status_code == 303
    operation = Operation.objects.latest("pk")
    assert operation.state == "unknown"
    web.get(f"{LIST}{quay}/")
    operation.refresh_from_db()
    assert (operation.state, bool(operation.target_id)) == ("succeeded", True)
    assert rancher.calls("^POST .*registrycredentials") == 1


def test_what_is_on_record_holds_no_password(add: Callable[..., str]) -> None:
    add(reason="new robot, CHG-7")
    begun = AuditEvent.objects.filter(action="credential.create").first()
    assert begun is not None
    assert (begun.reason, begun.target_name) == ("new robot, CHG-7", "platform+deploy at quay.io")
    told = " ".join(str(vars(row)) for row in AuditEvent.objects.all()) + str(list(Operation.objects.values()))
    assert CANARY not in told


REGISTRY = {"server_address": "quay.io", "name": "Quay"}


def test_creates_a_registry_and_its_credential_from_one_form(
    web: Browser, rancher: Rancher, profile: ConnectionProfile
) -> None:
    sent = form(**REGISTRY)
    first = web.post(f"{LIST}new/", sent)
    assert first.status_code == 303
    assert [(one.target_type, one.verb) for one in Operation.objects.order_by("pk")] == [
        ("registry", "create"),
        ("credential", "create"),
    ]
    assert rancher.sandbox.secrets() == [CANARY]
    assert web.post(f"{LIST}new/", sent)["Location"] == first["Location"]  # a double click
    assert rancher.sandbox.secrets() == [CANARY]


def test_says_what_exists_when_the_second_half_fails(
    web: Browser, rancher: Rancher, profile: ConnectionProfile
) -> None:
    rancher.fail("status", match="POST .*registrycredentials", status=422, code="InvalidReference")
    answer = web.post(f"{LIST}new/", form(**REGISTRY))
    assert answer.status_code == 303
    page = web.get(answer["Location"]).content.decode()
    assert "quay.io exists, without a credential" in page
    assert f"{answer['Location']}credentials/new/" in page
    assert rancher.sandbox.secrets() == []


def test_does_not_send_the_credential_of_a_registry_that_may_not_exist(
    web: Browser, rancher: Rancher, profile: ConnectionProfile
) -> None:
    rancher.fail("drop_after", match="POST .*/registries", times=1)
    page = web.get(web.post(f"{LIST}new/", form(**REGISTRY))["Location"]).content.decode()
    assert "The credential was not sent" in page
    assert rancher.sandbox.secrets() == []


@pytest.mark.parametrize(
    ("left_out", "said"), [("public_value", "Enter the user"), ("secret_value", "the password as")]
)
def test_half_a_credential_is_taken_for_a_mistake(
    web: Browser, rancher: Rancher, profile: ConnectionProfile, left_out: str, said: str
) -> None:
    answer = web.post(f"{LIST}new/", form(**REGISTRY, **{left_out: ""}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert rancher.calls("^POST") == 0
