"""Registries that look as if they were meant for an image but aren't used, each with what helps. Pure and total."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from registries.images.reference import ImageName, is_host
from registries.images.server_addresses import DOCKER_HUB, HUB_NAMES, examine_address
from registries.rancher.types import Registry

ALL_HUB_NAMES: Final = frozenset({DOCKER_HUB, *HUB_NAMES})  # to Rancher each is a registry of its own
USUAL_PORTS: Final = (":443", ":80")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A registry that isn't used, and the sentence that says why and what to do."""

    registry: Registry
    remedy: str


def matches(address: str | None, host: str) -> bool:
    """Whether a registry of this address is the one of an image's host: equal, letters' case aside, port included.

    Blanks, plain `localhost` and IPv6 addresses were seen to find nothing (rancher.md).
    """
    if address is None or address.lower() != host.lower() or any(map(str.isspace, host)):
        return False
    return host.lower() != "localhost" and not host.startswith("[")


def find_near_misses(asked: ImageName, registries: Iterable[Registry], *, has_match: bool) -> tuple[NearMiss, ...]:
    """The registries that may have been meant. Another port or name of the same host counts only if nothing matches."""
    found = []
    for registry in registries:
        address = registry.server_address
        if address is None or matches(address, asked.registry_host):
            continue
        if remedy := _remedy(asked, address, has_match=has_match):
            found.append(NearMiss(registry, remedy))
    return tuple(found)


def _remedy(asked: ImageName, address: str, *, has_match: bool) -> str:
    """ "" where the address has nothing to do with the image."""
    host = asked.registry_host.lower()
    judged = examine_address(address)
    if judged.fault and judged.cleaned.lower() != address.lower():
        if not _is_same_place(judged.cleaned, host):
            return _remedy_for_a_bare_name(asked, address)
        if has_match:
            return f"`{address}` never matches; the registry `{host}` is there beside it."
        return f"`{address}` never matches: make a registry `{host}`."
    if has_match:
        return ""
    if _is_same_place(address.lower(), host):
        written = asked.path if address.lower() == DOCKER_HUB else f"{address}/{asked.path}"
        return f"To Rancher `{address}` isn't `{host}`: name the image `{written}`, or make a registry `{host}`."
    if _without_port(address.lower()) == _without_port(host):
        return f"`{address}` is another port of the same host: name the image by it, or make a registry `{host}`."
    return ""


def _remedy_for_a_bare_name(asked: ImageName, address: str) -> str:
    if asked.host is not None or is_host(address) or asked.path.partition("/")[0].lower() != address.lower():
        return ""
    return (
        f"`{address}` never matches: Rancher takes `{asked.path}` for a name on Docker Hub. "
        "Make a registry whose address has a dot or a port, and name the image by it."
    )


def _is_same_place(one: str, other: str) -> bool:
    """Whether two hosts are one place, by the usual ports and the names of Docker Hub. Both in small letters."""
    first, second = _without_usual_port(one), _without_usual_port(other)
    return bool(first) and (first == second or {first, second} <= ALL_HUB_NAMES)


def _without_usual_port(host: str) -> str:
    return next((host.removesuffix(port) for port in USUAL_PORTS if host.endswith(port)), host)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
