"""Addresses that nothing opens, whatever an admin allows (faults.md): a request there would reach the machine's own
cloud, its neighbours or everybody. IPv4 inside IPv6 is unwrapped first, so that no spelling gets around it."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

FLOOR_V4 = tuple(
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
FLOOR_V6 = tuple(
    map(
        IPv6Network,
        (
            "::/128",
            "fe80::/10",  # link-local
            "ff00::/8",  # multicast
            "fd00:ec2::254/128",  # metadata of AWS
            "2001::/32",  # Teredo: an IPv4 address in disguise
        ),
    )
)
# What of IPv6 is handed out for use by everybody (RFC 4291), and what in it is not (RFC 2928, 9637)
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
SPECIAL_V6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
# Prefixes whose addresses hold an IPv4 address: where in the 128 bits its 32 stand, counted from the right
EMBEDDED = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    if number > 1:  # :: and ::1 are addresses of their own
        for network, shift in EMBEDDED:
            if address in network:
                return IPv4Address(number >> shift & 0xFFFFFFFF)
    return address


def parse_address(text: str) -> Address:
    """An address as the resolver gives it; the zone of a link-local one is dropped. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def is_below_floor(address: Address) -> bool:
    """Whether the (unwrapped) address is one that nothing opens."""
    bare = unwrap(address)
    floor: tuple[IPv4Network | IPv6Network, ...] = FLOOR_V4 if isinstance(bare, IPv4Address) else FLOOR_V6
    return any(bare in network for network in floor)


def is_public(address: Address) -> bool:
    """Whether the (unwrapped) address is one of the internet's hosts: global unicast, and not below the floor."""
    bare = unwrap(address)
    if is_below_floor(bare) or not bare.is_global or bare.is_multicast:
        return False
    if isinstance(bare, IPv4Address):
        return True
    return bare in GLOBAL_UNICAST_V6 and not any(bare in network for network in SPECIAL_V6)
