"""Which of a project's credentials hosts pull with, and why the others are never reached. Pure and total.

The rules are those of `credential_lookup.resolve`, asked once an address with all registries of that address. The
server's settings count as unset: `registry.default` changes an image's host, not the credential of a host.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from registries.images.credential_lookup import Candidate, Resolution, resolve
from registries.images.server_addresses import address_key, never_matches
from registries.rancher.types import Registry

ANY_IMAGE = "image"  # the path of an image says nothing about its credential
Uses = Mapping[str, "CredentialUse"]


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """Whether hosts pull with a credential; `reason` is a sentence on why they do or never do."""

    is_used: bool
    reason: str


class CredentialsInUse:
    """The use of every credential of a project, from all its registries with their credentials.

    An address is resolved when it is first asked for: a page of a long list asks for few.
    """

    def __init__(self, registries: Iterable[Registry]) -> None:
        self._by_address: dict[str, list[Registry]] = defaultdict(list)
        for registry in registries:
            self._by_address[address_key(registry.server_address)].append(registry)
        self._uses: dict[str, Uses] = {}

    def of(self, registry: Registry) -> Uses:
        """The use of each credential of this registry and of its twins, by the credential's id."""
        key = address_key(registry.server_address)
        if key not in self._uses:
            self._uses[key] = dict(_find_uses(self._by_address.get(key, ())))
        return self._uses[key]

    def find_used(self, registry: Registry) -> Candidate | None:
        """The credential that hosts pull with from the registry's address, be it a twin's; None for none."""
        address = registry.server_address or ""
        same = self._by_address.get(address_key(address), ())
        return None if never_matches(address) else _resolve(address, same).winner

    def why_unused(self, registry: Registry) -> str:
        """Why hosts pull with none of the registry's credentials; "" where they do, and where it has none."""
        uses = self.of(registry)
        found = [uses[credential.id] for credential in registry.credentials or () if credential.id in uses]
        return "" if not found or any(use.is_used for use in found) else found[0].reason


def _find_uses(same: Iterable[Registry]) -> Iterator[tuple[str, CredentialUse]]:
    """The use of each credential of the registries of one address."""
    matchable = []
    for registry in same:
        address = registry.server_address or ""
        if fault := never_matches(address):
            reason = f"No image can match its address. {fault}" if address else "Its registry has no address."
            yield from ((one.id, CredentialUse(is_used=False, reason=reason)) for one in registry.credentials or ())
        else:
            matchable.append(registry)
    if not any(registry.credentials for registry in matchable):
        return
    resolution = _resolve(matchable[0].server_address or "", matchable)
    if resolution.winner:
        yield resolution.winner.credential.id, CredentialUse(is_used=True, reason=resolution.winner.reason)
    for other in resolution.others:
        yield other.credential.id, CredentialUse(is_used=False, reason=other.reason)


def _resolve(address: str, same: Iterable[Registry]) -> Resolution:
    return resolve(f"{address}/{ANY_IMAGE}", registries=same, default_registry="", whitelist=())
