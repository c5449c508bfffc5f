"""Blocked addresses: never opened, whatever an admin allows (faults.md).

A request there would reach the machine's cloud metadata, its neighbours or every host of a network. IPv4 addresses
inside IPv6 are unwrapped first, so that no notation evades the check.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

BLOCKED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network" (RFC 791)
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "224.0.0.0/4",  # multicast
            "255.255.255.255/32",  # broadcast
            "100.100.100.200/32",  # metadata of Alibaba Cloud
            "168.63.129.16/32",  # Azure's host
            "192.0.0.192/32",  # metadata of Oracle Cloud
        ),
    )
)
BLOCKED_V6 = tuple(
    map(
        IPv6Network,
        (
            "::/128",
            "fe80::/10",  # link-local
            "ff00::/8",  # multicast
            "fd00:ec2::254/128",  # metadata of AWS
            "2001::/32",  # Teredo: holds an IPv4 address, obfuscated
        ),
    )
)
# IPv6 addresses of the internet (RFC 4291), and special ranges inside (RFC 2928, 9637)
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
SPECIAL_V6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
# Prefixes whose addresses embed an IPv4 address, and the offset of its 32 bits, counted from the right
EMBEDDED = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)


def unwrap(address: Address) -> Address:
    """The IPv4 address embedded in an IPv6 address, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    if number > 1:  # :: and ::1 embed nothing
        for network, shift in EMBEDDED:
            if address in network:
                return IPv4Address(number >> shift & 0xFFFFFFFF)
    return address


def parse_address(text: str) -> Address:
    """Parses an address of the resolver; the zone of a link-local one is dropped. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def is_blocked(address: Address) -> bool:
    """Whether the address, unwrapped, is never opened."""
    bare = unwrap(address)
    blocked: tuple[IPv4Network | IPv6Network, ...] = BLOCKED_V4 if isinstance(bare, IPv4Address) else BLOCKED_V6
    return any(bare in network for network in blocked)


def is_public(address: Address) -> bool:
    """Whether the address, unwrapped, is a host of the internet: global unicast, and not blocked."""
    bare = unwrap(address)
    if is_blocked(bare) or not bare.is_global or bare.is_multicast:
        return False
    if isinstance(bare, IPv4Address):
        return True
    return bare in GLOBAL_UNICAST_V6 and not any(bare in network for network in SPECIAL_V6)
