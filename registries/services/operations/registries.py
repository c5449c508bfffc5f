"""Creates, updates, activates, deactivates, removes, purges and restores registries; each write is one operation."""

from collections.abc import Mapping

from registries.access import Access
from registries.images.server_addresses import is_same_address
from registries.models import Operation
from registries.outbound.errors import UpstreamError
from registries.rancher.types import Registry
from registries.services.inventory.reading import read_registries
from registries.services.operations import lifecycle, lost_creates
from registries.services.operations.outcomes import snapshot
from registries.services.operations.send import call, queue_removal
from registries.services.operations.write_requests import WriteRequest, check_offered, needs_deactivation

Verb = Operation.Verb


class AddressTaken(Exception):
    """A registry of that address exists in the project (letters' case aside); nothing was sent."""

    def __init__(self, existing: Registry) -> None:
        super().__init__(existing.id)
        self.existing = existing


def create_registry(
    access: Access, *, request: WriteRequest, server_address: str, name: str | None, description: str | None
) -> Operation:
    """Creates a registry. Returns the first operation when the same form is sent again.

    Raises AddressTaken, and UpstreamError when the list couldn't be read before; in both cases nothing was sent.
    """
    if Operation.objects.filter(key=request.key).exists():
        return lifecycle.find_by_key(access, request.key)
    before = read_registries(access.profile, fresh=True).registries
    if twin := next((one for one in before if is_same_address(one.server_address, server_address)), None):
        raise AddressTaken(twin)
    intent = lifecycle.Intent(
        Verb.CREATE,
        request.key,
        request.request_id,
        target_name=server_address,
        reason=request.reason,
        input={"server_address": server_address, "name": name, "description": description},
        before=lost_creates.before_create(before),
    )
    operation = call(
        access,
        intent,
        lambda client: client.registries.create(server_address=server_address, name=name, description=description),
    )
    if operation.target_id:
        _look_for_twins(access, operation)
    return operation


def update_registry(
    access: Access, registry: Registry, *, request: WriteRequest, changes: Mapping[str, str | None]
) -> Operation:
    """Updates the given fields of `name description`. Raises ActionUnavailable when Rancher doesn't offer it."""
    intent = _intent(Verb.UPDATE, registry, request, dict(changes))
    return call(access, intent, lambda client: client.registries.update(registry.id, **changes))


def change_state(access: Access, registry: Registry, *, verb: Verb, request: WriteRequest) -> Operation:
    """Activates, deactivates, removes, purges or restores.

    Removals of active registries are queued for the worker (`removal`) in the operation's transaction. Raises
    ActionUnavailable when Rancher doesn't offer the verb in the registry's present state.
    """
    if verb == Verb.REMOVE and needs_deactivation(registry):
        return queue_removal(access, _intent(verb, registry, request))
    intent = _intent(verb, registry, request)
    if verb == Verb.REMOVE:
        return call(access, intent, lambda client: client.registries.remove(registry.id))
    return call(access, intent, lambda client: client.registries.act(registry.id, verb.value))


def _intent(
    verb: Verb, registry: Registry, request: WriteRequest, fields: dict[str, str | None] | None = None
) -> lifecycle.Intent:
    check_offered(registry, verb, request)
    return lifecycle.Intent(
        verb,
        request.key,
        request.request_id,
        target_id=registry.id,
        target_name=registry.server_address or "",
        reason=request.reason,
        input=fields or {},
        before=snapshot(registry),
    )


def _look_for_twins(access: Access, operation: Operation) -> None:
    """Warns on the operation of a twin: two creates at once can both succeed (rancher.md)."""
    try:
        registries = read_registries(access.profile, fresh=True).registries
    except UpstreamError as error:
        warning = f"Whether somebody made the same address at the same moment could not be looked up: {error}"
    else:
        twins = [
            one.id
            for one in registries
            if one.id != operation.target_id and is_same_address(one.server_address, operation.target_name)
        ]
        if not twins:
            return
        warning = (
            f"The address now exists twice: {operation.target_id} and {', '.join(twins)} were made at the same moment. "
            "Remove the one without credentials in use."
        )
    operation.warning = warning
    Operation.objects.filter(pk=operation.pk).update(warning=warning)
