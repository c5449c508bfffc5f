"""Near misses: registries that may have been meant for an image but aren't used, with remedies. Pure and total."""

from collections.abc import Iterable
from dataclasses import dataclass

from registries.images.reference import ImageName, is_host
from registries.images.registry_hosts import DOCKER_HUB, is_same_place, split_port
from registries.images.server_addresses import ServerAddress, examine_address, is_same_address, matches_host
from registries.rancher.types import Registry


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A registry that isn't used, and a sentence with the cause and the remedy."""

    registry: Registry
    remedy: str


def find_near_misses(asked: ImageName, registries: Iterable[Registry], *, has_match: bool) -> tuple[NearMiss, ...]:
    """The registries that may have been meant. Another port or name of the same host counts only if nothing matches."""
    near_misses = []
    for registry in registries:
        address = registry.server_address
        if not address or matches_host(address, asked.registry_host):
            continue
        if remedy := _remedy(asked, address, has_match=has_match):
            near_misses.append(NearMiss(registry, remedy))
    return tuple(near_misses)


def _remedy(asked: ImageName, address: str, *, has_match: bool) -> str:
    """ "" where the address has nothing to do with the image."""
    host = asked.registry_host.lower()
    examined = examine_address(address)
    if examined.fault:
        return _remedy_of_unmatchable(asked, examined, has_match=has_match)
    if has_match:
        return ""
    if is_same_place(address, host):
        written = asked.path if is_same_address(address, DOCKER_HUB) else f"{address}/{asked.path}"
        return f"To Rancher `{address}` isn't `{host}`: name the image `{written}`, or make a registry `{host}`."
    if split_port(address.lower())[0] == split_port(host)[0]:
        return f"`{address}` is another port of the same host: name the image by it, or make a registry `{host}`."
    return ""


def _remedy_of_unmatchable(asked: ImageName, examined: ServerAddress, *, has_match: bool) -> str:
    """For an address that no image can match."""
    address, host = examined.typed, asked.registry_host.lower()
    if is_same_address(address, host):
        return f"`{address}` never matches. {examined.fault}"
    if examined.cleaned and is_same_place(examined.cleaned, host):
        if has_match:
            return f"`{address}` never matches; the registry `{host}` is there beside it."
        return f"`{address}` never matches: make a registry `{host}`."
    if asked.host is None and not is_host(address) and is_same_address(address, asked.path.partition("/")[0]):
        return (
            f"`{address}` never matches: Rancher takes `{asked.path}` for a name on Docker Hub. "
            "Make a registry whose address has a dot or a port, and name the image by it."
        )
    return ""
