"""Settles creates whose answer was lost, by finding the object that each one made.

Objects that existed before and those of other operations are left out. Rancher's audit log decides among the rest, if
it names the maker: a row is proof, its absence is none (5 of 208 applied creates are missing there, rancher.md).
"""

from collections.abc import Iterable
from typing import Any

from registries.images.server_addresses import is_same_address
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import Registry, RegistryCredential
from registries.services.operations.outcomes import ReadStart, Target, snapshot
from registries.services.operations.settlement import settle
from registries.services.upstream import connection

State = Operation.State
CREATED = range(200, 300)
UNPROVEN = "Rancher's own log doesn't say who made it; it has the address and the names that were sent."


def before_create(targets: Iterable[Target]) -> dict[str, Any]:
    """Snapshot of the existing objects for an operation: their number and the highest id; ids only grow."""
    ids = [one.id for one in targets]
    return {"count": len(ids), "highest_id": max(ids, key=_order, default="")}


def settle_registry(operation: Operation, registries: Iterable[Registry], read_start: ReadStart) -> bool:
    """Settles a lost create of a registry, found by its address; returns whether that ended it."""
    address = str(operation.input.get("server_address", ""))
    same = [one for one in registries if is_same_address(one.server_address, address)]
    return _settle(operation, same, read_start, "Rancher has no registry with that address")


def settle_credential(operation: Operation, credentials: Iterable[RegistryCredential], read_start: ReadStart) -> bool:
    """Settles a lost create of a credential, found by its user; returns whether that ended it."""
    same = [one for one in credentials if one.public_value == operation.input.get("public_value")]
    return _settle(operation, same, read_start, "The registry has no such credential")


def _settle(operation: Operation, same: list[Any], read_start: ReadStart, nothing_there: str) -> bool:
    if operation.state != State.UNKNOWN:
        return False
    new = _unclaimed(operation, [one for one in same if _is_new(operation, one.id)])
    for found in sorted(new, key=lambda one: _order(one.id)):
        is_ours = _made_by(operation, found)
        if is_ours is False or (is_ours is None and not _reads_as_sent(operation, found)):
            continue
        warning = {} if is_ours else {"warning": UNPROVEN}
        end: dict[str, Any] = {"target_id": found.id, "after": snapshot(found), "error_reason": "", "error_text": ""}
        return settle(operation, State.SUCCEEDED, **end, **warning)
    if not read_start.disproves(operation):
        return False
    if new:
        text = f"It was not applied: what is there now ({new[0].id}) was made by somebody else."
        return settle(operation, State.FAILED, error_reason="made_by_another", error_text=text)
    return settle(
        operation, State.FAILED, error_reason="not_applied", error_text=f"{nothing_there}: nothing was created."
    )


def _is_new(operation: Operation, rancher_id: str) -> bool:
    before = operation.before or {}
    if "ids" in before:  # operations of releases that kept every id
        return rancher_id not in before["ids"]
    return _order(rancher_id) > _order(before.get("highest_id", ""))


def _unclaimed(operation: Operation, targets: list[Any]) -> list[Any]:
    """Objects that no other operation of the profile made."""
    others = Operation.objects.filter(
        profile=operation.profile_id,
        verb=Operation.Verb.CREATE,
        target_type=operation.target_type,
        target_id__in=[one.id for one in targets],
    )
    claimed = set(others.exclude(pk=operation.pk).values_list("target_id", flat=True))
    return [one for one in targets if one.id not in claimed]


def _made_by(operation: Operation, target: Target) -> bool | None:
    """Whether the profile's key made it, by Rancher's audit log; None if the log doesn't say."""
    profile = operation.profile
    if profile is None:
        return None
    kind = "registry" if isinstance(target, Registry) else "registryCredential"
    try:
        with connection.contact(profile) as client:
            rows = client.audit_logs.of(kind, target.id).items
    except UpstreamError:
        return None
    makers = {row.authenticated_as_account_id for row in rows if row.verb == "create" and row.response_code in CREATED}
    if not makers or profile.key_kind != "environment":
        return None  # account ids are not known here; an environment key acts as its project
    return profile.project_id in makers


def _reads_as_sent(operation: Operation, target: Target) -> bool:
    now = snapshot(target)
    names = ("name", "description")
    return all((now[name] or "") == (operation.input.get(name) or "") for name in names if name in operation.input)


def _order(rancher_id: str) -> tuple[int, str]:
    return len(rancher_id), rancher_id
