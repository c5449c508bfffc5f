"""Canary secrets are typed wherever one can be; afterwards they are nowhere but sealed, and in Rancher."""

import logging
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard.people.models import User
from dashboard.people.services.invitations import invite_person
from registries.events import ProfileEvent
from registries.models import AllowedTarget, ConnectionProfile, CredentialStatus, Operation
from registries.services.audit.write import write_audit_event
from tests import audit_table, canaries
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "canary-passphrase-k7Wq"
SECRET_KEY = "canary-secret-key-Zt5p"
TOKENS = [f"canary-token-{number}-hV3x" for number in range(6)]
GOOGLE = '{\n  "private_key": "canary-json-key-Lm8c",\n  "type": "service_account"\n}'
EVERY = [PASSWORD, SECRET_KEY, GOOGLE, "canary-json-key-Lm8c", *TOKENS]
keys = iter(f"00000000-0000-4000-9000-{number:012d}" for number in range(1_000))


@pytest.fixture
def pages() -> list[str]:
    return []


@pytest.fixture
def web(make_user: Callable[..., User], browse: Callable[[User], Browser]) -> Browser:
    return browse(make_user("admin", site_role="admin"))


def type_them_everywhere(web: Browser, rancher: Rancher, pages: list[str]) -> None:
    """Signs in wrongly and rightly, makes a profile, registries and credentials; every second try fails somehow."""

    def post(url: str, **fields: str) -> None:
        for headers in ({}, {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "registry-form"}):
            answer = web.post(url, {"operation_key": next(keys), **fields}, **headers)  # type: ignore[arg-type]
            pages.append(f"{url}\n{answer.headers}\n{answer.content.decode()}")

    for name in ("admin", "nobody"):
        pages.append(Browser().post("/accounts/login/", {"login": name, "password": PASSWORD}).content.decode())
    access_key = rancher.sandbox.keys["env"][0]
    profile = {"name": "Staging", "base_url": rancher.base_url, "project_id": "1a5", "access_key": access_key}
    post("/profiles/new/", **profile, secret_key=SECRET_KEY)
    post("/profiles/new/", **profile, secret_key=SECRET_KEY, intent="save_anyway")
    stored = ConnectionProfile.objects.get()
    stored.secret_key = rancher.sandbox.keys["env"][1]
    stored.keeps_copies = True
    stored.save()
    new = f"/profiles/{stored.slug}/registries/new/"
    post(new, server_address="quay.io", public_value="a+robot", secret_value=TOKENS[0], keep_copy="on")
    post(new, server_address="bad address", public_value="a+robot", secret_value=TOKENS[1])
    registry_id = Operation.objects.filter(target_type="registry").latest("pk").target_id
    credentials = f"/profiles/{stored.slug}/registries/{registry_id}/credentials/"
    post(f"{credentials}new/", public_value="_json_key", secret_value=GOOGLE, keep_copy="on")
    post(f"{credentials}new/", public_value="", secret_value=TOKENS[2])
    made = Operation.objects.filter(target_type="credential").latest("pk").target_id
    post(f"{credentials}{made}/edit/", public_value="b+robot", secret_choice="replace", secret_value=TOKENS[3])
    for fault in ("drop_after", "html", "deep_json", "truncated"):
        rancher.fail(fault, match="(POST|PUT) .*registrycredential", times=1)
        post(f"{credentials}new/", public_value="c+robot", secret_value=TOKENS[4])
    AllowedTarget.objects.create(kind=AllowedTarget.Kind.REGISTRY, scheme="http", host="127.0.0.1", ports="1")
    post(new, server_address="127.0.0.1:1", public_value="a+robot", secret_value=TOKENS[1], test="1")
    post(
        f"{credentials}{made}/edit/", public_value="b+robot", secret_choice="replace", secret_value=TOKENS[2], test="1"
    )
    type_passwords_of_people(web, post)
    registry = credentials[: -len("credentials/")]
    for url in (
        "/operations/",
        "/audit/",
        registry,
        f"{registry}history/",
        f"/profiles/{stored.slug}/registries/export/",
    ):
        pages.append(web.get(url).content.decode())
    for kind in ("csv", "jsonl"):
        pages.append(b"".join(web.get(f"/audit/export/?format={kind}")).decode())
    pages += [web.get(one.get_absolute_url()).content.decode() for one in Operation.objects.all()]


def type_passwords_of_people(web: Browser, post: Callable[..., None]) -> None:
    """Invited, confirmed, changed: rightly and wrongly."""
    post("/people/invite/", username="olga")
    link = invite_person(User.objects.get(username="admin"), username="olaf", email="", site_role="", teams=[])[1]
    guest = Browser()
    guest.get(f"/invitations/{link}/")
    for again in ("something else", PASSWORD):
        guest.post("/invitations/password/", {"password1": PASSWORD, "password2": again})
    for path in ("/accounts/confirm/", "/accounts/second-factor/code/"):
        post(path, password=PASSWORD, code=PASSWORD, next="/")
    post("/accounts/password/change/", oldpassword=PASSWORD, password1=PASSWORD, password2=PASSWORD)


def places(pages: list[str], caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    return {
        **canaries.database(),
        **canaries.kept_in_cache(),
        "log": caplog.text,
        **{f"page {page.partition(chr(10))[0]}": page for page in pages},
    }


def test_secrets_that_were_typed_are_nowhere(
    web: Browser, rancher: Rancher, loopback: AllowedTarget, pages: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    type_them_everywhere(web, rancher, pages)
    assert Operation.objects.filter(state="succeeded", target_type="credential").exists()
    assert any(one.secret for one in CredentialStatus.objects.all())
    assert GOOGLE in rancher.sandbox.secrets()
    assert len(pages) > 30
    assert canaries.leaks(EVERY, places(pages, caplog)) == []


def test_an_error_of_our_own_shows_no_secret(
    web: Browser,
    rancher: Rancher,
    profile: ConnectionProfile,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(*_: object, **values: object) -> None:
        raise RuntimeError(f"something went wrong with password={values}")

    monkeypatch.setattr("registries.services.operations.registries.read_registries", fail)
    web.raise_request_exception = False
    form = {"operation_key": next(keys), "server_address": "quay.io", "public_value": "a", "secret_value": TOKENS[5]}
    answer = web.post("/profiles/staging/registries/new/", form)
    assert answer.status_code == 500
    found = {"page": answer.content.decode(), "log": caplog.text, **canaries.database()}
    assert canaries.leaks([TOKENS[5]], found) == []


def plant_in_an_event() -> None:
    write_audit_event(ProfileEvent(action="registry.create", actor_name="x", after={"secret": TOKENS[0]}))


def plant_in_the_log() -> None:
    logging.getLogger("corral").debug("sent %s", GOOGLE)


def plant_in_an_operation() -> None:
    Operation.objects.create(profile_name="x", actor_name="x", verb="create", input={"secret_value": TOKENS[1]})


@pytest.mark.parametrize("plant", [plant_in_an_event, plant_in_the_log, plant_in_an_operation])
def test_a_planted_leak_is_found(
    plant: Callable[[], None], pages: list[str], caplog: pytest.LogCaptureFixture, transactional_db: None
) -> None:
    caplog.set_level(logging.DEBUG)
    plant()
    assert canaries.leaks(EVERY, places(pages, caplog)) != []
    assert canaries.leaks(EVERY, places([f"/planted\n{SECRET_KEY}"], caplog)) != []
    assert audit_table.events().count() <= 1
