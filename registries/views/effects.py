"""Effects of a change on the credential that hosts pull with, as sentences for the dialog before it."""

from collections.abc import Sequence

import msgspec

from registries.images.credential_lookup import Candidate
from registries.images.credential_use import CredentialsInUse
from registries.models import Operation
from registries.rancher.types import Registry, RegistryCredential

Verb = Operation.Verb
STATE_AFTER = {Verb.ACTIVATE: "active", Verb.DEACTIVATE: "inactive", Verb.REMOVE: "removed"}


def effect_of_registry(registry: Registry, twins: Sequence[Registry], verb: Operation.Verb) -> str:
    """Describes activating, deactivating or removing a registry; `twins` are the others of its address."""
    changed = msgspec.structs.replace(registry, state=STATE_AFTER[verb])
    before = CredentialsInUse([registry, *twins]).find_used(registry)
    in_use = CredentialsInUse([changed, *twins])
    after = in_use.find_used(registry)
    if verb == Verb.ACTIVATE:
        if after is None:
            if not registry.credentials:
                return "It has no credential: hosts pull from it without a password."
            return f"Hosts won't pull with its credentials. {in_use.why_unused(changed)}"
        if after.registry.id != registry.id:
            return f"Hosts go on pulling with {_name(after, registry)}: its id is lower."
        return "Hosts of this project will pull from it with its credential again."
    if not registry.credentials:
        return "It has no credential, so nothing changes for hosts."
    if before is None or before.registry.id != registry.id:
        return "Hosts don't pull with its credentials now, so nothing changes for them."
    if after is not None:
        return f"Hosts of this project will pull with {_name(after, registry)} instead."
    return "Hosts of this project will no longer pull from it with a password."


def effect_of_credential(
    registry: Registry, twins: Sequence[Registry], credential: RegistryCredential, verb: Operation.Verb
) -> str:
    """Describes activating, deactivating or removing one of the registry's credentials."""
    changed = _with_state(registry, credential.id, STATE_AFTER[verb])
    before = CredentialsInUse([registry, *twins]).find_used(registry)
    in_use = CredentialsInUse([changed, *twins])
    after = in_use.find_used(registry)
    if verb == Verb.ACTIVATE:
        if after is None:
            use = in_use.of(changed).get(credential.id)
            return f"Hosts won't pull with it. {use.reason if use else ''}".strip()
        if after.credential.id != credential.id:
            return f"Hosts go on pulling with {_name(after, registry)}: its id is lower."
        return "Hosts will pull with it."
    if before is None or before.credential.id != credential.id:
        return "Hosts don't pull with it now, so nothing changes for them."
    if after is not None:
        return f"Hosts will pull with {_name(after, registry)} instead."
    return "It is the one that hosts pull with: they will pull without a password, and what is private fails."


def _with_state(registry: Registry, credential_id: str, state: str) -> Registry:
    credentials = tuple(
        msgspec.structs.replace(one, state=state) if one.id == credential_id else one
        for one in registry.credentials or ()
    )
    return msgspec.structs.replace(registry, credentials=credentials)


def _name(used: Candidate, registry: Registry) -> str:
    """User of the credential, with the registry's id if that is a twin."""
    user = used.credential.public_value or used.credential.id
    return user if used.registry.id == registry.id else f"{user} of {used.registry.id}"
