"""The guided form: what is pasted, what is kept, what is refused, and what never comes back into a page."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client as Browser

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile
from registries.services.upstream import connection
from registries.views.profile_address import struck_out
from tests.registries.conftest import Rancher
from tests.registries.profiles.test_profile_pages import CANARY, NEW, form, text_of

pytestmark = pytest.mark.django_db(transaction=True)
IN_PLACE = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "profile-check"}
TYPING = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "address-check"}
EDIT = "/profiles/staging/edit/"


@pytest.fixture
def web(browse: Callable[[User], Browser], admin: User, loopback: AllowedTarget) -> Browser:
    return browse(admin)


@pytest.fixture
def stored(profile: ConnectionProfile) -> dict[str, Any]:
    """The form of the stored profile as it comes from its page: without keys."""
    return {"name": profile.name, "base_url": profile.base_url, "project_id": "1a5", "api_version": "v1"}


def certificate(*, days: int = 30) -> tuple[str, str]:
    """A CA certificate and its private key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "House CA")])
    until = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=90))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def test_swaps_the_check_in_place_without_the_inputs_of_the_keys(web: Browser, rancher: Rancher) -> None:
    answer = web.post(NEW, form(rancher, secret_key=CANARY, intent="check"), **IN_PLACE)  # type: ignore[arg-type]
    page = text_of(answer)
    assert answer.status_code == 422
    assert page.lstrip().startswith('<div class="stack" id="profile-check">')
    assert "Rancher rejects the keys" in page
    assert "Save all the same" in page
    assert page.count("hx-swap-oob") == 2
    for part in ('id="id_secret_key"', 'id="id_access_key"', CANARY, "type both again"):
        assert part not in page


def test_asks_for_the_keys_again_when_the_whole_page_comes_back(web: Browser, rancher: Rancher) -> None:
    page = text_of(web.post(NEW, form(rancher, secret_key=CANARY, description="kept")))
    assert "Keys are never put back into a page" in page
    assert "kept</textarea>" in page
    assert CANARY not in page
    assert rancher.sandbox.keys["env"][0] not in page


def test_puts_what_the_address_names_into_its_fields(web: Browser, rancher: Rancher) -> None:
    typed = {"base_url": "https://r.example/v2-beta/projects/1a7/registries", "project_id": ""}
    page = text_of(web.get("/profiles/address/", typed, **TYPING))  # type: ignore[arg-type]
    assert '<del class="address-cut">/v2-beta/projects/1a7/registries</del>' in page
    assert 'name="project_id" value="1a7"' in page
    assert '<option value="v2-beta" selected>' in page
    other = text_of(web.get("/profiles/address/", typed | {"project_id": "1a5"}, **TYPING))  # type: ignore[arg-type]
    assert "names the project 1a7, the field below 1a5" in other
    assert 'name="project_id"' not in other


def test_does_not_guess_which_of_two_projects_is_meant(web: Browser, rancher: Rancher) -> None:
    pasted = f"{rancher.base_url}/env/1a7/apps"
    answer = web.post(NEW, form(rancher, base_url=pasted, project_id="1a5"))
    assert answer.status_code == 422
    assert "The address names the project 1a7, this field 1a5" in text_of(answer)
    assert rancher.calls() == 0


@pytest.mark.parametrize(
    ("typed", "cleaned", "pieces"),
    [
        ("host:8080/v1", "http://host:8080", [("http://host:8080", True), ("/v1", False)]),
        ("  https://R.example/", "https://r.example", [("https://r.example", True), ("/", False)]),
        ("https://r.example:443", "https://r.example", [("https://r.example", True), (":443", False)]),
        ("https://bücher.example", "https://xn--bcher-kva.example", None),
    ],
)
def test_strikes_out_what_cleaning_cuts(typed: str, cleaned: str, pieces: list[tuple[str, bool]] | None) -> None:
    found = [(piece.text, piece.kept) for piece in struck_out(typed, cleaned)]
    assert found == (pieces or [(typed, False), (cleaned, True)])


def test_says_before_saving_that_another_origin_clears_the_keys(web: Browser, profile: ConnectionProfile) -> None:
    typed = {"base_url": "https://127.0.0.1/", "profile": profile.slug}
    page = text_of(web.get("/profiles/address/", typed, **TYPING))  # type: ignore[arg-type]
    assert "The scheme changed from http to https" in page
    assert "The stored ones are cleared with the new address" in page
    same = text_of(web.get("/profiles/address/", typed | {"base_url": profile.base_url}, **TYPING))  # type: ignore[arg-type]
    assert "Leave both fields empty to keep them" in same


def test_sends_stored_keys_to_no_other_origin(web: Browser, stored: dict[str, Any], rancher_14: Rancher) -> None:
    for intent in ("check", "save", "save_anyway"):
        web.post(EDIT, stored | {"base_url": rancher_14.base_url, "intent": intent})
    assert rancher_14.calls() == 0
    assert not ConnectionProfile.objects.get().has_keys


def test_saves_a_new_name_without_asking_rancher(web: Browser, stored: dict[str, Any], rancher: Rancher) -> None:
    rancher.fail("hang")
    assert web.post(EDIT, stored | {"name": "Renamed", "tags": "a, b, a", "project_id": "1a5"}).status_code == 303
    after = ConnectionProfile.objects.get()
    assert (after.name, after.slug, after.tags, after.check_passed) == ("Renamed", "staging", ["a", "b"], None)
    assert rancher.calls() == 0


def test_asks_for_both_keys_when_the_stored_ones_do_not_open(
    web: Browser, stored: dict[str, Any], profile: ConnectionProfile, rancher: Rancher
) -> None:
    ConnectionProfile.objects.update(access_key=profile.secret_key)
    answer = web.post(EDIT, stored | {"intent": "check"})
    assert answer.status_code == 422
    assert connection.KEYS_UNREADABLE in text_of(answer)
    assert rancher.calls() == 0


def test_leads_an_admin_to_the_list_that_keeps_the_address_out(
    web: Browser, rancher: Rancher, loopback: AllowedTarget
) -> None:
    loopback.delete()
    connection.forget_targets()
    page = text_of(web.post(NEW, form(rancher)))
    port = rancher.base_url.rpartition(":")[2]
    url = f"/targets/new/?scheme=http&host=127.0.0.1&ports={port}"
    assert url.replace("&", "&amp;") in page
    assert f'value="{port}"' in text_of(web.get(url))
    closed = text_of(web.post(NEW, form(rancher, base_url="http://127.0.0.1:9")))
    words = "The address is not among the allowed targets, or cannot be used as one"
    assert words in page
    assert words in closed  # whether anything listens there isn't told


def test_saves_no_profile_of_a_project_that_the_key_has_no_right_to(web: Browser, rancher: Rancher) -> None:
    rancher.fail("status", match="projects/1a7/schemas", status=403)
    answer = web.post(NEW, form(rancher, "admin", projects=["1a5", "1a7"]))
    assert answer.status_code == 422
    assert "no right to this project" in text_of(answer)
    assert not ConnectionProfile.objects.exists()


def test_names_several_profiles_after_their_projects(web: Browser, rancher: Rancher) -> None:
    web.post(NEW, form(rancher, "admin", name="Lab", projects=["1a5", "1a7"]))
    assert sorted(ConnectionProfile.objects.values_list("name", "project_name")) == [
        ("Lab – Default", "Default"),
        ("Lab – Staging", "Staging"),
    ]


def test_takes_only_one_project_when_a_profile_is_edited(
    web: Browser, stored: dict[str, Any], rancher: Rancher
) -> None:
    keys = dict(zip(("access_key", "secret_key"), rancher.sandbox.keys["admin"], strict=True))
    page = text_of(web.post(EDIT, stored | keys | {"project_id": "", "intent": "check"}))
    assert page.count('type="radio" name="projects"') == 2
    web.post(EDIT, stored | keys | {"project_id": "", "projects": ["1a7", "1a5"]})
    assert ConnectionProfile.objects.get().project_id == "1a7"


def test_keeps_certificates_and_nothing_else(web: Browser, rancher: Rancher) -> None:
    pem, _ = certificate()
    assert web.post(NEW, form(rancher, ca_certificate=f"House CA:\n{pem}\nend")).status_code == 303
    made = ConnectionProfile.objects.get()
    assert made.ca_certificate == pem
    assert "CN=House CA" in text_of(web.get(made.get_absolute_url()))
    assert "CN=House CA" in text_of(web.get(f"{made.get_absolute_url()}edit/"))


def test_neither_keeps_nor_shows_a_private_key(web: Browser, rancher: Rancher) -> None:
    pem, private = certificate()
    page = text_of(web.post(NEW, form(rancher, ca_certificate=pem + private, intent="save_anyway")))
    assert "holds a private key" in page
    assert private.splitlines()[1] not in page
    assert not ConnectionProfile.objects.exists()


def test_refuses_a_certificate_that_has_expired(web: Browser, rancher: Rancher) -> None:
    pem, _ = certificate(days=-2)
    assert "CN=House CA expired on" in text_of(web.post(NEW, form(rancher, ca_certificate=pem)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Give the profile a name."),
        ({"base_url": ""}, "Enter the address of the Rancher server"),
        ({"project_id": "Default"}, "A project&#x27;s id reads like 1a5"),
        ({"access_key": "a:b"}, "A key has no blanks, colons"),
        ({"tags": ", ".join("abcdefghijklm")}, "12 tags at most"),
    ],
)
def test_says_what_a_field_takes(web: Browser, rancher: Rancher, change: dict[str, str], words: str) -> None:
    answer = web.post(NEW, form(rancher, **change))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert rancher.calls() == 0


def test_gives_a_name_once_whatever_its_letters(web: Browser, rancher: Rancher, profile: ConnectionProfile) -> None:
    assert "Another profile has this name already" in text_of(web.post(NEW, form(rancher, name="STAGING")))


def test_checks_again_in_place(web: Browser, profile: ConnectionProfile) -> None:
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "profile-detail"}
    page = text_of(web.post(f"{profile.get_absolute_url()}check/", **headers))  # type: ignore[arg-type]
    assert page.lstrip().startswith('<div id="profile-detail"')
    assert "the check passed" in page
    assert "The key is accepted" in page


def test_finds_profiles_by_every_word_of_a_search(web: Browser, make_profile: Callable[..., ConnectionProfile]) -> None:
    make_profile(name="One", slug="one", tags=["frankfurt"], project_name="Default")
    make_profile(name="Two", slug="two", description="frankfurt")
    assert text_of(web.get("/profiles/", {"q": "frankfurt"})).count("<tr data-id") == 2
    assert text_of(web.get("/profiles/", {"q": "FRANKFURT default"})).count("<tr data-id") == 1


def test_shows_an_empty_list_with_the_first_thing_to_do(web: Browser) -> None:
    page = text_of(web.get("/profiles/"))
    assert "No connection profile yet" in page
    assert f'href="{NEW}"' in page


def test_shows_nobody_else_the_way_to_edit(browse: Callable[[User], Browser], operator: User) -> None:
    page = text_of(browse(operator).get("/profiles/staging/"))
    assert "Check again" in page
    for part in ("/edit/", "/remove/", "/targets/"):
        assert part not in page
