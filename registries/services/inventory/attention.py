"""Finds registries that need attention, for the list's facet, its rows and the overview. Pure.

A registry counts once, however many causes it has.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from registries.images.server_addresses import address_key, never_matches
from registries.models import CredentialStatus
from registries.oci.reasons import Reason
from registries.rancher.types import Registry, Resource


class Cause(StrEnum):
    """Causes of attention, the gravest first."""

    ERROR = "error"
    UNEXPECTED = "unexpected"
    CREDENTIAL = "credential"
    TWINS = "twins"
    NEVER_MATCHES = "never_matches"


@dataclass(frozen=True, slots=True)
class Attention:
    """One cause of one registry. `detail` explains it; `user` and `credential_id` are of a failing credential."""

    cause: Cause
    detail: str
    user: str = ""
    credential_id: str = ""

    @property
    def sentence(self) -> str:
        """The cause in words, for a place that names only the registry."""
        lead = {
            Cause.CREDENTIAL: f"{self.user} stopped working.",
            Cause.UNEXPECTED: "Unexpected answer.",
            Cause.TWINS: "The address is there twice.",
            Cause.NEVER_MATCHES: "No image can match the address.",
        }.get(self.cause, "")
        return f"{lead} {self.detail}".strip()


Causes = Mapping[str, tuple[Attention, ...]]  # by the registry's id, the gravest cause first


def find_attention(registries: Iterable[Registry], statuses: Iterable[CredentialStatus]) -> Causes:
    """Finds every registry that needs attention. Statuses of credentials that no longer exist are ignored."""
    known = tuple(registries)
    return add_failing_credentials(find_faults(known), known, statuses)


def find_faults(registries: Iterable[Registry]) -> Causes:
    """Finds the causes in the registries themselves: errors, unexpected answers, twins, addresses that never match."""
    causes: dict[str, tuple[Attention, ...]] = {}
    known = tuple(registries)
    twins = _find_twins(known)
    for registry in known:
        found = []
        if registry.transitioning == "error":
            found.append(Attention(Cause.ERROR, "Rancher reports an error."))
        if registry.is_unexpected:
            found.append(Attention(Cause.UNEXPECTED, unreadable_sentence(registry)))
        if same := twins.get(address_key(registry.server_address)):
            found.append(Attention(Cause.TWINS, f"{' and '.join(same)} share it; Rancher takes one of them."))
        if not registry.lacks("server_address") and (fault := never_matches(registry.server_address or "")):
            found.append(Attention(Cause.NEVER_MATCHES, fault))
        if found:
            causes[registry.id] = tuple(found)
    return causes


def unreadable_sentence(resource: Resource) -> str:
    """Which fields of an unexpected answer can't be read."""
    return f"Corral can't read what Rancher answers for {', '.join(resource.unreadable or ())}."


def add_failing_credentials(
    causes: Causes, registries: Iterable[Registry], statuses: Iterable[CredentialStatus]
) -> Causes:
    """Adds the credentials whose last alert says that they fail; `causes` are of the same registries.

    Statuses with an empty `reason` are ignored: the secret was replaced since and is not verified yet.
    """
    failing = [status for status in statuses if status.notified_reason and status.reason]
    if not failing:
        return causes
    added = dict(causes)
    by_id = {registry.id: registry for registry in registries}
    for status in sorted(failing, key=lambda one: one.credential_id):
        registry = by_id.get(status.registry_id)
        if registry is None or not _has_credential(registry, status.credential_id):
            continue
        detail = Reason(status.notified_reason).sentence
        one = Attention(Cause.CREDENTIAL, detail, status.public_value or "A credential", status.credential_id)
        both = (*added.get(registry.id, ()), one)
        added[registry.id] = tuple(sorted(both, key=lambda attention: GRAVITY[attention.cause]))
    return added


def _find_twins(registries: Iterable[Registry]) -> dict[str, list[str]]:
    """Ids by address, for addresses that several registries have (`is_same_address`)."""
    ids: dict[str, list[str]] = defaultdict(list)
    for registry in registries:
        if registry.server_address:
            ids[address_key(registry.server_address)].append(registry.id)
    return {address: same for address, same in ids.items() if len(same) > 1}


def _has_credential(registry: Registry, credential_id: str) -> bool:
    """Whether the registry has the credential; assumed if its credentials weren't read."""
    return registry.credentials is None or any(one.id == credential_id for one in registry.credentials)


GRAVITY = {cause: place for place, cause in enumerate(Cause)}
