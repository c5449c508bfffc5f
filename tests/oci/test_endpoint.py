"""Endpoints of providers' registries, and the hosts that may be sent their passwords for a token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.oci import endpoint_of
from registries.oci.endpoint import Endpoint
from registries.oci.token_realm import may_send_password_to, parse_realm
from registries.outbound.errors import BadAddress


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("docker.io", Endpoint("registry-1.docker.io")),
        ("Index.Docker.io", Endpoint("registry-1.docker.io")),
        ("https://index.docker.io/v1/", Endpoint("registry-1.docker.io")),
        ("index.docker.io:443", Endpoint("registry-1.docker.io")),
        ("quay.io", Endpoint("quay.io")),
        ("R.example.com:5000", Endpoint("r.example.com", 5000)),
        ("r.example.com:443", Endpoint("r.example.com", 443)),
        ("http://r.example.com:80/team?x#y", Endpoint("r.example.com", 80)),
        ("[2001:DB8::1]:5000", Endpoint("2001:db8::1", 5000)),
    ],
)
def test_finds_where_a_registry_is_asked(address: str, wanted: Endpoint) -> None:
    assert endpoint_of(address) == wanted


@given(st.text())
def test_takes_any_text_for_an_address_or_for_none(text: str) -> None:
    try:
        result = endpoint_of(text)
    except BadAddress:
        return
    assert result.host
    assert "@" not in result.secure.text


@pytest.mark.parametrize(
    ("address", "realm", "followed"),
    [
        ("docker.io", "https://auth.docker.io/token", True),
        ("docker.io", "https://auth.docker.io:443/token", True),
        ("docker.io", "http://auth.docker.io/token", False),
        ("docker.io", "https://auth.docker.io:8443/token", False),
        ("docker.io", "https://auth.docker.io.example.com/token", False),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth", True),
        ("registry.gitlab.com", "https://auth.docker.io/token", False),
        ("registry.example.com", "https://gitlab.com/jwt/auth", False),
        ("quay.io", "https://quay.io/v2/auth", True),
        ("ghcr.io", "https://ghcr.io/token", True),
        ("example.azurecr.io", "https://example.azurecr.io/oauth2/token", True),
        ("example.azurecr.io", "https://other.azurecr.io/oauth2/token", False),
        ("europe-west1-docker.pkg.dev", "https://europe-west1-docker.pkg.dev/v2/token", True),
        ("gcr.io", "https://gcr.io/v2/token", True),
    ],
)
def test_knows_the_token_hosts_of_providers(address: str, realm: str, followed: bool) -> None:
    parsed, endpoint = parse_realm(realm), endpoint_of(address)
    assert parsed is not None
    assert may_send_password_to(parsed, asked=endpoint.secure, endpoint=endpoint, realm_hosts=()) is followed
