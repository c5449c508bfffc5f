"""Base URLs: forgiving about what can be meant in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.outbound.base_url import BaseURL, parse_base_url
from registries.rancher.errors import BadAddress


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
    found = parse_base_url(typed)
    assert (found.base.text, found.project_id, found.api_version) == (text, project_id, version)
    assert bool(found.notes) == (
        typed not in {"https://rancher.example.com", "https://[::1]:8443/", "https://host//rancher/"}
    )


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("ftp://host", "scheme"),
        ("javascript://alert", "scheme"),
        ("http://user:pw@host", "userinfo"),
        ("http://host\r\nX: y", "malformed"),
        ("http://a b", "malformed"),
        ("http://host\\@evil", "malformed"),
        ("http://host:0", "port"),
        ("http://host:99999", "port"),
        ("http://host:http", "port"),
        ("http://", "host"),
        ("http://-x.example", "host"),
        ("http://a_b", "host"),
        ("http://[::g]", "malformed"),
        ("http://[v1.a:b]", "host"),
        ("http://[fe80::1%25eth0]", "host"),
        ("http://host/%2e%2e/x", "path"),
        ("http://host/a/../b", "path"),
        ("https://" + "ü" * 80 + ".example", "host"),
        ("http://" + "x" * 600, "malformed"),
    ],
)
def test_refuses_what_cannot_be_meant(typed: str, reason: str) -> None:
    with pytest.raises(BadAddress) as raised:
        parse_base_url(typed)
    assert raised.value.reason == reason


@given(st.text(max_size=80) | st.from_regex(r"https?://[\w.\[\]:@/?#-]{0,60}"))
def test_is_total_and_cleaning_is_final(typed: str) -> None:
    try:
        base = parse_base_url(typed).base
    except BadAddress:
        return
    assert parse_base_url(base.text).base == base


def test_binds_keys_to_scheme_host_and_port() -> None:
    origins = {BaseURL("https", "host", 443).origin, BaseURL("https", "host", 8443).origin}
    origins |= {BaseURL("http", "host", 443).origin, BaseURL("https", "other", 443).origin}
    assert len(origins) == 4
    assert BaseURL("https", "host", 443, "/rancher").origin == BaseURL("https", "host", 443).origin
