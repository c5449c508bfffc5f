"""Token realm: the address that a registry names for tokens, and whether the password may be sent there."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from registries.oci.endpoint import Endpoint
from registries.outbound.base_url import PORTS, BaseURL, parse_base_url
from registries.outbound.errors import BadAddress


@dataclass(frozen=True)
class Realm:
    """A token service: its origin, and the path and query of its address."""

    base: BaseURL
    path: str
    query: tuple[tuple[str, str], ...] = ()


def parse_realm(text: str) -> Realm | None:
    """The realm of any text; None for one that isn't an absolute http or https address, or has a user in it."""
    try:
        parts = urlsplit(text)
        if parts.scheme not in PORTS or not parts.netloc:
            return None
        base = parse_base_url(f"{parts.scheme}://{parts.netloc}")
        return Realm(base, parts.path or "/", tuple(parse_qsl(parts.query, keep_blank_values=True)))
    except (ValueError, BadAddress):
        return None


def may_send_password_to(realm: Realm, *, asked: BaseURL, endpoint: Endpoint, realm_hosts: Collection[str]) -> bool:
    """Whether the realm is the registry's own origin, its provider's token host, or one of the allowed `realm_hosts`.

    Never from https to http. `realm_hosts` holds hosts (``auth.example.com``: at any port) and hosts with a port
    (``auth.example.com:5001``).
    """
    to = realm.base
    if asked.scheme == "https" and to.scheme != "https":
        return False
    if to.origin == asked.origin:
        return True
    if to.host in endpoint.realm_hosts:
        return to.scheme == "https" and to.port == PORTS["https"]
    return to.host in realm_hosts or f"{to.host}:{to.port}" in realm_hosts
