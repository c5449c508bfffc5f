"""Who gets what: one table of URL × person, walked over the URLconf. A URL without a row fails."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile, Operation
from registries.roles import Role
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = ("anonymous", "stranger", "viewer", "operator", "auditor", "admin")
R = "/profiles/staging/registries/"
SIGN_IN = "sign-in"  # what somebody gets who is not signed in

# name -> URL, and the status for a stranger, a viewer, an operator, the auditor and an admin; GET
READING = (404, 200, 200, 200, 200)
CHANGING = (404, 403, 200, 403, 200)
ADMINISTERING = (403, 403, 403, 403, 200)
EVERYBODY = (200, 200, 200, 200, 200)
REDIRECTS = (404, 302, 302, 302, 302)
TABLE: dict[str, tuple[str, tuple[int, ...]]] = {
    "overview": ("/", EVERYBODY),
    "profile_switcher": ("/switcher/", (302, 302, 302, 302, 302)),
    "profile_list": ("/profiles/", EVERYBODY),
    "profile_create": ("/profiles/new/", ADMINISTERING),
    "profile_address": ("/profiles/address/", ADMINISTERING),
    "profile_detail": ("/profiles/staging/", READING),
    "profile_card": ("/profiles/staging/card/", REDIRECTS),
    "profile_update": ("/profiles/staging/edit/", ADMINISTERING),
    "profile_remove": ("/profiles/staging/remove/", ADMINISTERING),
    "profile_check": ("/profiles/staging/check/", CHANGING),
    "registry_list": (R, READING),
    "registry_export": (f"{R}export/?format=csv", READING),
    "registry_create": (f"{R}new/", CHANGING),
    "address_check": (f"{R}address-check/?server_address=quay.io", CHANGING),
    "registry_detail": (f"{R}1sp1/", READING),
    "registry_row": (f"{R}1sp1/row/", REDIRECTS),
    "registry_update": (f"{R}1sp1/edit/", CHANGING),
    "registry_act": (f"{R}1sp1/deactivate/", CHANGING),
    "operation_list": ("/operations/", EVERYBODY),
    "operation_detail": ("/operations/1/", READING),
    "target_list": ("/targets/", ADMINISTERING),
    "target_create": ("/targets/new/", ADMINISTERING),
    "target_remove": ("/targets/1/remove/", ADMINISTERING),
    "theme": ("/theme/", (405, 405, 405, 405, 405)),
}
# open to everybody by their nature, or allauth's own
PUBLIC = {"healthz", "readyz", "metrics"}


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def ours() -> dict[str, URLPattern]:
    return {str(one.name): one for one in patterns(get_resolver()) if not str(one.name).startswith("account_")}


def test_every_url_has_a_row() -> None:
    assert set(ours()) - PUBLIC == set(TABLE)


def test_every_view_is_stamped_with_its_policy() -> None:
    assert [name for name, pattern in ours().items() if not hasattr(pattern.callback, "policy")] == []


@pytest.fixture
def people(
    make_user: Callable[..., User], profile: ConnectionProfile, rancher: Rancher, browse: Callable[[User], Browser]
) -> dict[str, Browser]:
    rancher.sandbox.handle(
        "POST",
        "/v1/projects/1a5/registries",
        {"Authorization": rancher_auth(rancher), "Content-Type": "application/json"},
        b'{"serverAddress":"quay.io"}',
        0,
    )
    Operation.objects.create(
        pk=1, profile=profile, profile_name="Staging", actor_name="x", verb="create", state="failed"
    )
    AllowedTarget.objects.update_or_create(pk=1, defaults={"ports": "1-65535"})
    return {
        "anonymous": Browser(),
        "stranger": browse(make_user("stranger")),
        "viewer": browse(make_user("viewer", role=Role.VIEWER, profile=profile)),
        "operator": browse(make_user("operator", role=Role.OPERATOR, profile=profile)),
        "auditor": browse(make_user("auditor", site_role="auditor")),
        "admin": browse(make_user("admin", site_role="admin")),
    }


def rancher_auth(rancher: Rancher) -> str:
    import base64  # noqa: PLC0415

    return "Basic " + base64.b64encode(":".join(rancher.sandbox.keys["env"]).encode()).decode()


def test_gives_each_person_what_the_table_says(people: dict[str, Browser]) -> None:
    wrong = []
    for name, (url, statuses) in TABLE.items():
        for person, expected in zip(PEOPLE[1:], statuses, strict=True):
            came = people[person].get(url).status_code
            if came != expected:
                wrong.append(f"{name} as {person}: {came}, not {expected}")
    assert wrong == []


@pytest.mark.parametrize("headers", [{}, {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "dialog"}])
def test_sends_who_is_not_signed_in_to_the_sign_in(people: dict[str, Browser], headers: dict[str, str]) -> None:
    for name, (url, _) in TABLE.items():
        answer = people["anonymous"].get(url, **headers)  # type: ignore[arg-type]
        if name == "theme":
            continue
        where = answer.headers.get("HX-Redirect") or answer.headers.get("Location", "")
        assert (answer.status_code, where.startswith("/accounts/login/")) == (401 if headers else 302, True), name


@pytest.mark.parametrize("name", [name for name, (_, statuses) in TABLE.items() if 403 in statuses])
def test_refuses_a_post_as_it_refuses_the_page(people: dict[str, Browser], name: str) -> None:
    url, statuses = TABLE[name]
    for person, expected in zip(PEOPLE[1:], statuses, strict=True):
        if expected in {403, 404}:
            assert people[person].post(url).status_code in {expected, 405}, person


def test_shows_no_control_that_writes_to_who_may_only_read(people: dict[str, Browser]) -> None:
    for person in ("viewer", "auditor"):
        for url in (R, f"{R}1sp1/", "/profiles/staging/", "/"):
            page = people[person].get(url).content.decode()
            for verb in ("/new/", "/edit/", "/activate/", "/deactivate/", "/remove/", "/purge/"):
                assert verb not in page, f"{url} shows {verb} to {person}"
