"""Base URLs and addresses of resources: one form for each, and a reason for every address that is refused."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.outbound.base_url import MAX_TARGET_LENGTH, BaseURL, TargetURL, parse_base_url, parse_target_url
from registries.outbound.errors import BadAddress


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("https://server.example.com", "https://server.example.com"),
        ("HTTPS://Server.Example.com:443/", "https://server.example.com"),
        ("http://10.0.0.1:80", "http://10.0.0.1"),
        ("https://host:80//proxy//", "https://host:80/proxy"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
        ("https://bücher.example./", "https://xn--bcher-kva.example"),
    ],
)
def test_brings_addresses_to_one_form(text: str, parsed: str) -> None:
    assert parse_base_url(text).text == parsed


# Neither kind of address is any of these
NEVER = [
    ("", "scheme"),
    ("host", "scheme"),
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
    ("https://" + "ü" * 80 + ".example", "host"),
    ("http://" + "x" * MAX_TARGET_LENGTH, "malformed"),
]


@pytest.mark.parametrize(("text", "reason"), NEVER)
@pytest.mark.parametrize("parse", [parse_base_url, parse_target_url])
def test_refuses_an_address_with_its_reason(parse: Callable[[str], object], text: str, reason: str) -> None:
    with pytest.raises(BadAddress) as raised:
        parse(text)
    assert raised.value.reason == reason


@pytest.mark.parametrize("rest", ["/%2e%2e/x", "/a/../b", "?a=b", "/a#b", "/a;b"])
def test_refuses_a_base_url_with_more_than_a_path_of_a_proxy(rest: str) -> None:
    with pytest.raises(BadAddress) as raised:
        parse_base_url(f"http://host{rest}")
    assert raised.value.reason == "path"


def test_splits_the_address_of_a_resource_into_what_the_transport_takes() -> None:
    base = BaseURL("https", "hooks.example", 8443)
    found = parse_target_url("https://hooks.example:8443/a%20b/c?x=1&y=&x=2")
    assert found == TargetURL(base, "/a%20b/c", (("x", "1"), ("y", ""), ("x", "2")))
    assert parse_target_url("https://hooks.example:8443") == TargetURL(base, "/")
    with pytest.raises(BadAddress, match="after #"):
        parse_target_url("https://hooks.example:8443/a#z")


@given(st.text(max_size=80) | st.from_regex(r"https?://[\w.\[\]:@/?#-]{0,60}"))
def test_is_total_and_parsing_again_changes_nothing(text: str) -> None:
    try:
        base = parse_base_url(text)
    except BadAddress:
        return
    assert parse_base_url(base.text) == base


def test_binds_keys_to_scheme_host_and_port() -> None:
    origins = {BaseURL("https", "host", 443).origin, BaseURL("https", "host", 8443).origin}
    origins |= {BaseURL("http", "host", 443).origin, BaseURL("https", "other", 443).origin}
    assert len(origins) == 4
    assert BaseURL("https", "host", 443, "/proxy").origin == BaseURL("https", "host", 443).origin
