"""What people do with registries. Each is one operation (`services.operations`): committed, called, settled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from registries import tasks
from registries.access import Access
from registries.addresses import is_same_address
from registries.models import Operation
from registries.rancher.client import Client
from registries.rancher.errors import RancherError
from registries.rancher.types import Registry
from registries.services import connection, inventory, operations

Verb = Operation.Verb

# What the resource has to offer for a verb. An active registry has no `remove`: it is deactivated first (rancher.md).
NEEDED_ACTION = {
    Verb.UPDATE: "update",
    Verb.ACTIVATE: "activate",
    Verb.DEACTIVATE: "deactivate",
    Verb.REMOVE: "remove",
    Verb.PURGE: "purge",
    Verb.RESTORE: "restore",
}


@dataclass(frozen=True)
class Request:
    """What a form brings beside its fields: its one-time key, the id of the request and the reason given."""

    key: UUID
    request_id: str
    reason: str = ""


class AddressTaken(Exception):
    """The project has a registry of that address already (letters' case aside); nothing was sent."""

    def __init__(self, existing: Registry) -> None:
        super().__init__(existing.id)
        self.existing = existing


class ActionUnavailable(Exception):
    """Rancher doesn't offer the action in the registry's present state; nothing was sent. Its text is for people."""


def offered(registry: Registry) -> list[Verb]:
    """What can be done now, from the resource's own `actions`; removing an active one is offered as two steps."""
    verbs = [verb for verb, action in NEEDED_ACTION.items() if action in registry.actions]
    if needs_deactivation(registry):
        verbs.insert(verbs.index(Verb.DEACTIVATE) + 1, Verb.REMOVE)
    return verbs


def needs_deactivation(registry: Registry) -> bool:
    """Whether removing takes two steps: it rests active, where Rancher answers a DELETE with 405."""
    return registry.state == "active" and "deactivate" in registry.actions and "remove" not in registry.actions


def create_registry(
    access: Access, *, request: Request, server_address: str, name: str | None, description: str | None
) -> Operation:
    """Creates a registry. The same form again gives the first one's operation.

    Raises AddressTaken, and RancherError when the look for a twin beforehand failed; in both cases nothing was sent.
    """
    if Operation.objects.filter(key=request.key).exists():
        return operations.find_by_key(access, request.key)
    before = inventory.read_registries(access.profile, fresh=True).registries
    if twin := next((one for one in before if is_same_address(one.server_address, server_address)), None):
        raise AddressTaken(twin)
    intent = operations.Intent(
        Verb.CREATE,
        request.key,
        request.request_id,
        target_name=server_address,
        reason=request.reason,
        input={"server_address": server_address, "name": name, "description": description},
        before={"ids": [one.id for one in before]},
    )
    operation = _call(
        access,
        intent,
        lambda client: client.registries.create(server_address=server_address, name=name, description=description),
    )
    if operation.target_id:
        _look_for_twins(access, operation)
    return operation


def update_registry(
    access: Access, registry: Registry, *, request: Request, changes: Mapping[str, str | None]
) -> Operation:
    """Changes `name` and `description`, as far as given. Raises ActionUnavailable when Rancher doesn't offer it."""
    intent = _intent(Verb.UPDATE, registry, request, dict(changes))
    return _call(access, intent, lambda client: client.registries.update(registry.id, **changes))


def change_state(access: Access, registry: Registry, *, verb: Verb, request: Request) -> Operation:
    """Activates, deactivates, removes, purges or restores.

    Removing an active registry is handed to the worker (`services.removal`), queued in the operation's transaction.
    Raises ActionUnavailable when Rancher doesn't offer the verb for the registry as it is now.
    """
    if verb == Verb.REMOVE and needs_deactivation(registry):
        return _queue_removal(access, registry, request)
    intent = _intent(verb, registry, request)
    if verb == Verb.REMOVE:
        return _call(access, intent, lambda client: client.registries.remove(registry.id))
    return _call(access, intent, lambda client: client.registries.act(registry.id, verb.value))


def _intent(
    verb: Verb, registry: Registry, request: Request, fields: dict[str, str | None] | None = None
) -> operations.Intent:
    if verb not in offered(registry) and not Operation.objects.filter(key=request.key).exists():
        raise ActionUnavailable(
            f"Rancher doesn't offer to {verb.label} it while it is {registry.state}. Nothing was sent."
        )
    return operations.Intent(
        verb,
        request.key,
        request.request_id,
        target_id=registry.id,
        target_name=registry.server_address or "",
        reason=request.reason,
        input=fields or {},
        before=operations.snapshot(registry),
    )


def _call(access: Access, intent: operations.Intent, send: Callable[[Client], Registry]) -> Operation:
    """Commits the operation, sends it once, settles it as far as the answer tells."""
    operation, is_new = operations.begin(access, intent)
    if not is_new:
        return operation
    try:
        with connection.contact(access.profile) as client:
            registry = send(client)
    except RancherError as error:
        operations.fail(operation, access.profile, error)
    else:
        operations.accept(operation, access.profile, registry)
    return operation


def _queue_removal(access: Access, registry: Registry, request: Request) -> Operation:
    with transaction.atomic():
        operation, is_new = operations.begin(access, _intent(Verb.REMOVE, registry, request))
        if is_new:
            Operation.objects.filter(pk=operation.pk).update(step="queued")
            operation.step = "queued"
            tasks.continue_removal.enqueue(operation.pk)
    return operation


def _look_for_twins(access: Access, operation: Operation) -> None:
    """Two creates at once can both succeed (rancher.md): the other one is named, with what to do."""
    try:
        registries = inventory.read_registries(access.profile, fresh=True).registries
    except RancherError as error:
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
