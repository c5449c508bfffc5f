"""Server addresses: judged by the grammar of image names and by what a real server chose (resolver.json)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.images.registry_hosts import DOCKER_HUB
from registries.images.server_addresses import examine_address, is_same_address, matches_host, never_matches

RESOLVER = json.loads((Path(__file__).parents[1] / "recordings" / "1.6" / "resolver.json").read_text())


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("quay.io", "quay.io"),
        ("registry.example.com:5000", "registry.example.com:5000"),
        ("https://Registry.Example.com:5000/v2/", "registry.example.com:5000"),
        ("  quay.io ", "quay.io"),
        ("quay.io/", "quay.io"),
        ("Quay.IO", "quay.io"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost:5000", "localhost:5000"),
        ("10.0.0.1:5000", "10.0.0.1:5000"),
        ("user@registry.example.com", "registry.example.com"),
    ],
)
def test_cleans_what_people_paste(typed: str, cleaned: str) -> None:
    assert examine_address(typed).cleaned == cleaned


@pytest.mark.parametrize(
    "address",
    [
        *("https://quay.io", "quay.io/team", "quay.io/", " quay.io", "quay .io", "localhost", "[::1]:5000", "registry"),
        "quay.io:0",
        "quay.io:65536",
        "quay.io:http",
        ":5000",
        "a_b.example",
        "-a.example",
        "a..example",
        "x" * 254 + ".io",
        "x" * 64 + "\N{LATIN SMALL LETTER E WITH ACUTE}.example",
        "\N{KELVIN SIGN}.example",  # small letters make it "k.example", but it isn't ASCII
    ],
)
def test_says_why_no_image_can_match_it(address: str) -> None:
    assert never_matches(address)


@pytest.mark.parametrize("address", ["quay.io", "U.Example", "quay.io:443", "docker.io", "localhost:5000"])
def test_lets_an_address_be_that_some_image_matches(address: str) -> None:
    assert not never_matches(address)


def test_agrees_with_the_addresses_for_which_a_real_server_found_a_credential() -> None:
    owner = {
        credential.split(" ")[0]: registry["serverAddress"]
        for case in RESOLVER
        for registry in case.get("registries", ())
        for credential in registry["credentials"]
    }
    result = {owner[image["credential"]] for case in RESOLVER for image in case["images"] if image.get("credential")}
    assert len(result) > 5
    assert [address for address in result if never_matches(address)] == []


def test_agrees_with_the_addresses_that_a_real_server_never_chose() -> None:
    first = RESOLVER[0]
    chosen = {image["credential"] for image in first["images"]}
    never = {one["serverAddress"] for one in first["registries"] if not chosen & set(one["credentials"])}
    assert {"https://s.example", "p.example/team", " b.example"} <= never
    assert all(never_matches(address) for address in never - {"docker.io"})


@pytest.mark.parametrize("typed", ["docker.io", "registry-1.docker.io", "hub.docker.com", "https://docker.io/"])
def test_suggests_docker_hubs_own_address(typed: str) -> None:
    assert examine_address(typed).suggestion == DOCKER_HUB


def test_never_shows_a_password_that_was_pasted_with_the_address() -> None:
    result = examine_address("https://robot:canary-5ecret@registry.example.com/v2/")
    shown = repr(result.pieces) + repr(result.notes) + result.cleaned + result.fault + result.hint
    assert "canary-5ecret" not in shown


def test_pieces_tell_what_was_cut_in_order() -> None:
    pieces = examine_address("https://quay.io/v2/").pieces
    assert [(piece.text, piece.kept) for piece in pieces] == [("https://", False), ("quay.io", True), ("/v2/", False)]


@given(st.text(max_size=300))
def test_is_total_and_cleaning_is_final(typed: str) -> None:
    result = examine_address(typed)
    if result.cleaned:
        again = examine_address(result.cleaned)
        assert (again.cleaned, again.fault) == (result.cleaned, "")
    assert result.cleaned or result.fault


@pytest.mark.parametrize(("typed", "is_changed"), [("quay.io", False), ("quay.io/", True), ("quay .io", False)])
def test_says_whether_cleaning_changed_it(typed: str, is_changed: bool) -> None:
    assert examine_address(typed).is_changed is is_changed


@pytest.mark.parametrize(
    ("address", "host", "is_match"),
    [
        ("QUAY.io", "quay.IO", True),
        ("quay.io:443", "quay.io", False),
        ("localhost", "localhost", False),
        ("[::1]:5000", "[::1]:5000", False),
        ("q uay.io", "q uay.io", False),
        ("a_b.example", "a_b.example", False),
        (None, "quay.io", False),
    ],
)
def test_matches_the_host_of_an_image_as_rancher_does(address: str | None, host: str, is_match: bool) -> None:
    assert matches_host(address, host) is is_match


def test_takes_addresses_for_the_same_by_letters_case_alone() -> None:
    assert is_same_address("DUP.Example:5000", "dup.example:5000")
    assert not is_same_address("dup.example:5000/", "dup.example:5000")
    assert is_same_address(None, "")
