"""Docker Hub's names, and hosts that differ by nothing but a default port."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.images.registry_hosts import (
    is_docker_hub,
    is_meant_as_docker_hub,
    is_same_place,
    split_port,
    without_default_port,
)


@pytest.mark.parametrize(
    ("host", "is_hub", "is_meant"),
    [
        ("docker.io", True, True),
        ("index.docker.io", True, True),
        ("Registry-1.Docker.io", True, True),
        ("hub.docker.com", False, True),
        ("WWW.docker.com", False, True),
        ("auth.docker.io", False, False),  # issues tokens, holds no images
        ("docker.io.example", False, False),
        ("docker.io:443", False, False),  # callers take the port off
        ("", False, False),
    ],
)
def test_tells_docker_hubs_names(host: str, is_hub: bool, is_meant: bool) -> None:
    assert (is_docker_hub(host), is_meant_as_docker_hub(host)) == (is_hub, is_meant)


@pytest.mark.parametrize(
    ("host", "parts", "without"),
    [
        ("quay.io", ("quay.io", ""), "quay.io"),
        ("quay.io:443", ("quay.io", "443"), "quay.io"),
        ("quay.io:80", ("quay.io", "80"), "quay.io"),
        ("quay.io:5000", ("quay.io", "5000"), "quay.io:5000"),
        ("quay.io:", ("quay.io:", ""), "quay.io:"),
        ("quay.io:http", ("quay.io:http", ""), "quay.io:http"),
        ("[::1]", ("[::1]", ""), "[::1]"),
        ("[::1]:443", ("[::1]", "443"), "[::1]"),
    ],
)
def test_splits_a_port_off(host: str, parts: tuple[str, str], without: str) -> None:
    assert split_port(host) == parts
    assert without_default_port(host) == without


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("quay.io:443", "QUAY.io", True),
        ("quay.io:443", "quay.io:80", True),
        ("quay.io:5000", "quay.io", False),
        ("docker.io", "index.docker.io:443", True),
        ("hub.docker.com", "registry-1.docker.io", True),
        ("hub.docker.com", "quay.io", False),
    ],
)
def test_tells_hosts_that_lead_to_one_registry(one: str, other: str, is_same: bool) -> None:
    assert is_same_place(one, other) is is_same
    assert is_same_place(other, one) is is_same


@given(st.text(), st.text())
def test_takes_any_text_for_hosts(one: str, other: str) -> None:
    name, port = split_port(one)
    assert one in {name, f"{name}:{port}"}
    assert is_same_place(one, one)
    assert is_same_place(one, other) is is_same_place(other, one)
