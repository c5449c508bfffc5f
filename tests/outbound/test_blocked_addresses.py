"""Which addresses are the internet's own."""

from ipaddress import ip_address

import pytest

from registries.outbound.blocked_addresses import is_public
from tests.outbound.test_pinning import FORBIDDEN


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_hosts_of_the_internet_are_public(text: str) -> None:
    assert is_public(ip_address(text))


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",  # shared by carriers (RFC 6598)
    "192.0.2.1",  # for documentation (RFC 5737)
    "198.18.0.1",  # for benchmarks (RFC 2544)
    "240.0.0.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "2001:db8::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]


@pytest.mark.parametrize("text", PRIVATE + [address.partition("%")[0] for address in FORBIDDEN])
def test_all_others_are_not(text: str) -> None:
    assert not is_public(ip_address(text))
