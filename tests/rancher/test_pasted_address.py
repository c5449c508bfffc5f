"""Pasted addresses of a Rancher server: forgiving about what can be meant in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.outbound.base_url import parse_base_url
from registries.outbound.errors import BadAddress
from registries.rancher.pasted_address import clean_address


@pytest.mark.parametrize(
    ("typed", "text", "project_id", "version"),
    [
        ("https://rancher.example.com", "https://rancher.example.com", "", ""),
        ("rancher.example.com", "https://rancher.example.com", "", ""),
        ("host:8080", "http://host:8080", "", ""),
        ("host:443", "https://host", "", ""),
        ("http://host:8080/v1", "http://host:8080", "", "v1"),
        (
            "https://Host.Example.com:443/v2-beta/projects/1a5/registries/1sp3?x=1#y",
            "https://host.example.com",
            "1a5",
            "v2-beta",
        ),
        ("https://host/env/1a7/infra/registries", "https://host", "1a7", ""),
        ("https://host/rancher/v3/", "https://host/rancher", "", ""),
        ("https://host//rancher/", "https://host/rancher", "", ""),
        ("https://[::1]:8443/", "https://[::1]:8443", "", ""),
        ("https://bücher.example./", "https://xn--bcher-kva.example", "", ""),
        ("  http://10.0.0.1  ", "http://10.0.0.1", "", ""),
    ],
)
def test_cleans_what_people_paste(typed: str, text: str, project_id: str, version: str) -> None:
    found = clean_address(typed)
    assert (found.base.text, found.project_id, found.api_version) == (text, project_id, version)
    assert bool(found.notes) == (
        typed not in {"https://rancher.example.com", "https://[::1]:8443/", "https://host//rancher/"}
    )


def test_says_what_cleaning_did() -> None:
    assert clean_address(" bücher.example/v1/projects/1a5?x ").notes == (
        "The blanks around it are left out.",
        "No scheme was given; https:// is assumed.",
        "The host is written in its ASCII form.",
        "What follows ? or # is left out.",
        "The path of the API is left out; it is added to each call.",
        "It names the project 1a5.",
    )


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("ftp://host", "scheme"),
        ("user:pw@host", "userinfo"),
        ("http://host/?a\r\nX: y", "malformed"),
        ("http://host\\@evil", "malformed"),
        ("http://host:0", "port"),
        ("http://", "host"),
        ("http://host/%2e%2e/x", "path"),
        ("http://host/a/../b", "path"),
        ("http://host/?" + "x" * 600, "malformed"),
    ],
)
def test_refuses_what_cannot_be_meant(typed: str, reason: str) -> None:
    with pytest.raises(BadAddress) as raised:
        clean_address(typed)
    assert raised.value.reason == reason


def test_says_where_a_pasted_user_belongs() -> None:
    with pytest.raises(BadAddress, match="keys belong into the fields below"):
        clean_address("https://key:secret@rancher.example.com")


@given(st.text(max_size=80) | st.from_regex(r"https?://[\w.\[\]:@/?#-]{0,60}"))
def test_is_total_and_cleaning_is_final(typed: str) -> None:
    try:
        base = clean_address(typed).base
    except BadAddress:
        return
    assert clean_address(base.text).base == parse_base_url(base.text) == base
