"""The list, one registry, exports: each state in its own words, and nothing from upstream taken for markup."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from dashboard import timed_cache
from dashboard.people.models import User
from registries.models import ConnectionProfile, Operation
from registries.rancher.client import Client
from tests.registries.conftest import Rancher, rest, settled

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/profiles/staging/registries/"


@pytest.fixture
def web(browse: Callable[[User], Browser], operator: User) -> Browser:
    return browse(operator)


@pytest.fixture
def three(upstream: Client) -> list[str]:
    """quay.io with two credentials, ghcr.io, and one that can never match; all at rest."""
    made = [
        upstream.registries.create(server_address=address, name=name, description=description).id
        for address, name, description in [
            ("quay.io", "Quay", "Robots of Zürich"),
            ("ghcr.io", "=cmd()", None),
            ("https://never.example", None, None),
        ]
    ]
    for user in ("robot", "second"):
        created = upstream.credentials.create(registry_id=made[0], public_value=user, secret_value="canary-5ecret")
        rest(upstream, created.id)
    for rancher_id in made:
        settled(upstream, rancher_id, "active")
    return made


def page(web: Browser, url: str = LIST, **query: str) -> str:
    answer = web.get(url, query)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def rows(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.partition("<tbody>")[2].split('data-id="')[1:]]


def test_shows_every_registry_with_its_user_and_the_number_of_its_credentials(web: Browser, three: list[str]) -> None:
    text = page(web)
    assert rows(text) == [three[1], three[2], three[0]]
    assert "robot" in text
    assert 'robot <span class="count">2</span>' in text
    assert "canary-5ecret" not in text


def test_searches_sorts_and_counts_from_the_url(web: Browser, three: list[str]) -> None:
    assert rows(page(web, q="zurich")) == [three[0]]
    assert rows(page(web, sort="address", order="desc")) == [three[0], three[2], three[1]]
    assert rows(page(web, state="attention")) == [three[2]]
    assert 'Active <span class="count">3</span>' in page(web)


def test_says_that_nothing_is_here_yet(web: Browser) -> None:
    text = page(web)
    assert "No registries in Staging" in text
    assert f'href="{LIST}new/"' in text


def test_says_what_the_filter_was_when_nothing_matches(web: Browser, three: list[str]) -> None:
    text = page(web, q="quya", state="inactive")
    assert "No registry matches “quya”, inactive" in text
    assert "Clear filter" in text


def test_shows_the_last_known_list_without_controls_when_rancher_is_gone(
    web: Browser, three: list[str], rancher: Rancher
) -> None:
    page(web)
    timed_cache.clear_all()
    rancher.fail("drop_before")
    text = page(web)
    assert rows(text) == [three[1], three[2], three[0]]
    assert "This list is" in text
    for control in ("/new/", "/edit/", "/deactivate/"):
        assert control not in text


def test_says_that_it_was_never_read_when_rancher_is_gone_from_the_start(
    web: Browser, profile: ConnectionProfile, rancher: Rancher
) -> None:
    rancher.fail("drop_before")
    assert "Staging was never read" in page(web)


def test_turns_controls_off_for_a_key_that_may_only_read_and_says_why(
    browse: Callable[[User], Browser], admin: User, make_profile: Callable[..., ConnectionProfile], rancher: Rancher
) -> None:
    make_profile(role="readonly", rights="read-only", name="Reporting", slug="reporting")
    web = browse(admin)
    text = page(web, "/profiles/reporting/registries/")
    assert "may only read this project" in text
    assert "/new/" not in text
    answer = web.get("/profiles/reporting/registries/new/")
    assert answer.status_code == 403
    assert "can only be read" in answer.content.decode()


def test_shows_every_documented_field_of_a_registry(web: Browser, three: list[str]) -> None:
    text = page(web, f"{LIST}{three[0]}/")
    fields = "Server address,Name,Description,Id,UUID,Account,Kind,State,Transitioning,Transitioning message,"
    fields += "Transitioning progress,Driver,External id,Block device path,Volume access mode,Volume capabilities,"
    fields += "Created,Removed,Remove time"
    assert [field for field in fields.split(",") if f"<dt>{field}</dt>" not in text] == []
    assert "$RANCHER_ACCESS_KEY:$RANCHER_SECRET_KEY" in text.replace("&#x27;", "'")
    assert "Used for pulls" in text


def test_shows_no_key_and_no_secret(web: Browser, three: list[str], rancher: Rancher) -> None:
    secrets = {"canary-5ecret", *rancher.sandbox.keys["env"]}
    for url in (LIST, f"{LIST}{three[0]}/", f"{LIST}{three[0]}/deactivate/", f"{LIST}new/", "/operations/", "/"):
        text = page(web, url)
        assert [secret for secret in secrets if secret in text] == [], url


def test_takes_nothing_from_upstream_for_markup(web: Browser, three: list[str], rancher: Rancher) -> None:
    rancher.fail("markup", match="GET ")
    for url in (LIST, f"{LIST}{three[0]}/", f"{LIST}{three[0]}/deactivate/", f"{LIST}{three[0]}/edit/"):
        text = page(web, url)
        assert "onerror" in text
        assert "<img" not in text
        assert "<b hx-get" not in text


def test_exports_what_is_shown_so_that_no_formula_runs(web: Browser, three: list[str]) -> None:
    answer = web.get(f"{LIST}export/", {"format": "csv", "q": "ghcr"})
    records = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [record["server_address"] for record in records] == ["ghcr.io"]
    assert records[0]["name"] == "'=cmd()"
    documents = json.loads(web.get(f"{LIST}export/", {"format": "json"}).content)
    assert [document["users"] for document in documents if document["id"] == three[0]] == [["robot", "second"]]


def test_says_that_a_purged_registry_is_gone_and_shows_how_it_was(
    web: Browser, three: list[str], rancher: Rancher
) -> None:
    page(web)
    rancher.fail("status", match=f"GET .*/{three[0]}", status=404, code="NotFound")
    text = page(web, f"{LIST}{three[0]}/")
    assert "no longer knows this registry" in text
    assert "quay.io" in text


def test_knows_no_registry_that_was_never_there(web: Browser, profile: ConnectionProfile) -> None:
    assert web.get(f"{LIST}1sp99999/").status_code == 404
    assert web.get(f"{LIST}..%2f..%2faccounts/").status_code == 404


def test_asks_for_the_name_before_anything_in_a_protected_profile(
    web: Browser, three: list[str], profile: ConnectionProfile
) -> None:
    ConnectionProfile.objects.update(protection="protected")
    url = f"{LIST}{three[0]}/deactivate/"
    assert "Type quay.io to confirm" in page(web, url)
    key = "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"
    refused = web.post(url, {"operation_key": key, "confirm": "quay"})
    assert (refused.status_code, Operation.objects.count()) == (422, 0)
    without_reason = web.post(url, {"operation_key": key, "confirm": "quay.io"})
    assert (without_reason.status_code, Operation.objects.count()) == (422, 0)
    assert "Say why: this profile is protected" in without_reason.content.decode()
    why = {"operation_key": key, "confirm": "quay.io", "reason": "moves to ghcr.io, CHG-17"}
    assert web.post(url, why).status_code == 303
    assert (Operation.objects.get().verb, Operation.objects.get().reason) == ("deactivate", "moves to ghcr.io, CHG-17")


def test_refuses_a_deed_that_rancher_does_not_offer_now(web: Browser, three: list[str], rancher: Rancher) -> None:
    url = f"{LIST}{three[0]}/activate/"
    assert "doesn&#x27;t offer it while the registry is active" in page(web, url)
    answer = web.post(url, {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"})
    assert answer.status_code == 422
    assert rancher.calls("POST .*action=activate") == 0


def test_says_that_somebody_else_was_quicker(web: Browser, three: list[str], rancher: Rancher) -> None:
    rancher.fail("status", match="POST .*action=deactivate", status=409, code="Conflict")
    url = f"{LIST}{three[0]}/deactivate/"
    web.post(url, {"operation_key": "6f1f1b5e-6d3c-4a57-9a3c-0d4b1b4f9d11"})
    operation = Operation.objects.get()
    assert operation.state == "failed"
    assert "Somebody else changed it" in operation.error_text
    assert "Somebody else changed it" in page(web, f"{LIST}{three[0]}/")


def test_makes_one_upstream_call_a_page_and_none_within_the_kept_copys_life(
    web: Browser, three: list[str], rancher: Rancher
) -> None:
    timed_cache.clear_all()
    rancher.sandbox.lines.clear()
    page(web)
    page(web)
    assert rancher.calls() == 1
    page(web, f"{LIST}{three[0]}/")
    assert rancher.calls() == 2


def test_looks_at_an_address_while_it_is_typed(web: Browser, three: list[str]) -> None:
    page(web)
    text = page(web, f"{LIST}address-check/", server_address="https://Quay.io/v1/")
    assert "Will be saved as" in text
    assert f'href="{LIST}{three[0]}/"' in text


def test_costs_one_card_when_one_rancher_is_dead(
    web: Browser, make_profile: Callable[..., ConnectionProfile], operator: User, three: list[str]
) -> None:
    from registries.models import Membership  # noqa: PLC0415

    dead = make_profile(base_url="http://127.0.0.1:9", name="Old office", slug="old-office")
    Membership.objects.create(profile=dead, user=operator, role="operator")
    text = page(web, "/")
    assert "Old office" in text
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "profile-card-x"}
    answer = web.get("/profiles/old-office/card/", **headers)  # type: ignore[arg-type]
    assert (answer.status_code, "Unreachable" in answer.content.decode()) == (503, True)
    answer = web.get("/profiles/staging/card/", **headers)  # type: ignore[arg-type]
    assert (answer.status_code, "1 warning" in answer.content.decode()) == (200, True)
