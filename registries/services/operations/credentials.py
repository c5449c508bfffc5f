"""Creates, updates, activates, deactivates, removes and purges credentials; each write is one operation.

Secrets go to Rancher and, if the team keeps copies, encrypted into the kept copy; operations and audit events never
hold them.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from dashboard.events import emit_event
from registries.access import Access
from registries.events import ProfileEvent
from registries.models import Operation
from registries.rancher.quirks import email_to_send
from registries.rancher.types import Registry, RegistryCredential
from registries.services.operations import lifecycle, lost_creates
from registries.services.operations.outcomes import NEW_SECRET, snapshot
from registries.services.operations.send import call, queue_removal
from registries.services.operations.write_requests import (
    ActionUnavailable,
    WriteRequest,
    check_offered,
    needs_deactivation,
)
from registries.services.upstream import schema_limits
from registries.services.verification import saved_secrets

Verb = Operation.Verb
GONE = {"removing", "removed", "purging", "purged"}  # Rancher accepts credentials for these (rancher.md)


def create_credential(
    access: Access,
    registry: Registry,
    *,
    request: WriteRequest,
    fields: Mapping[str, str | None],
    keep_copy: bool = False,
) -> Operation:
    """Creates a credential of `public_value secret_value email name description`.

    Returns the first operation when the same form is sent again. Raises ActionUnavailable for a removed registry.
    """
    if registry.state in GONE:
        raise ActionUnavailable(f"The registry is {registry.state}: no image is pulled from it. Nothing was sent.")
    email = email_to_send(fields.get("email"), is_needed=schema_limits.needs_email(access.profile))
    known = {"public_value": fields["public_value"], "name": fields["name"], "description": fields["description"]}
    intent = lifecycle.Intent(
        Verb.CREATE,
        request.key,
        request.request_id,
        target_type="credential",
        registry_id=registry.id,
        target_name=_title(fields["public_value"], registry),
        reason=request.reason,
        input={**known, NEW_SECRET: True, **saved_secrets.how_it_was_tested(access, registry, fields["public_value"])},
        before=lost_creates.before_create(registry.credentials or ()),
    )
    secret = fields["secret_value"] or ""
    operation = call(
        access,
        intent,
        lambda client: client.credentials.create(
            registry_id=registry.id,
            public_value=fields["public_value"] or "",
            secret_value=secret,
            email=email,
            name=fields["name"],
            description=fields["description"],
        ),
    )
    if operation.target_id:
        saved_secrets.note_secret(
            access.profile,
            registry,
            operation.target_id,
            user=fields["public_value"] or "",
            secret=secret,
            keep=keep_copy,
        )
    return operation


def update_credential(
    access: Access,
    registry: Registry,
    credential: RegistryCredential,
    *,
    request: WriteRequest,
    changes: Mapping[str, str | None],
    keep_copy: bool | None = None,
) -> Operation:
    """Updates the given fields of `public_value secret_value email name description`; others stay.

    `keep_copy` None leaves the kept copy as it is. Raises ActionUnavailable when Rancher doesn't offer the update.
    """
    check_offered(credential, Verb.UPDATE, request)
    secret = changes.get("secret_value")
    told: dict[str, Any] = {name: value for name, value in changes.items() if name != "secret_value"}
    if secret:
        told |= {NEW_SECRET: True, **saved_secrets.how_it_was_tested(access, registry, changes.get("public_value"))}
    intent = _intent(Verb.UPDATE, registry, credential, request, told)
    operation = call(access, intent, lambda client: client.credentials.update(credential.id, **changes))
    if operation.state != Operation.State.FAILED:
        user = changes.get("public_value") or credential.public_value or ""
        saved_secrets.note_secret(
            access.profile, registry, credential.id, user=user, secret=secret or "", keep=keep_copy
        )
    return operation


def give_up_copy(access: Access, registry: Registry, credential: RegistryCredential) -> None:
    """Deletes the copy that Corral keeps of the credential's secret, on record; Rancher isn't asked."""
    user = credential.public_value or ""
    with transaction.atomic():
        saved_secrets.note_secret(access.profile, registry, credential.id, user=user, secret="", keep=False)
        emit_event(
            ProfileEvent(
                action="credential.forget_copy",
                actor=access.user,
                role=access.role_name,
                profile=access.profile,
                target_type="credential",
                target_id=credential.id,
                target_name=_title(credential.public_value, registry),
            )
        )


def change_credential_state(
    access: Access, registry: Registry, credential: RegistryCredential, *, verb: Verb, request: WriteRequest
) -> Operation:
    """Activates, deactivates, removes (in two steps where it is active) or purges. Raises ActionUnavailable."""
    check_offered(credential, verb, request)
    intent = _intent(verb, registry, credential, request)
    if verb == Verb.REMOVE and needs_deactivation(credential):
        return queue_removal(access, intent)
    if verb == Verb.REMOVE:
        return call(access, intent, lambda client: client.credentials.remove(credential.id))
    return call(access, intent, lambda client: client.credentials.act(credential.id, verb.value))


def _intent(
    verb: Verb,
    registry: Registry,
    credential: RegistryCredential,
    request: WriteRequest,
    told: dict[str, Any] | None = None,
) -> lifecycle.Intent:
    return lifecycle.Intent(
        verb,
        request.key,
        request.request_id,
        target_type="credential",
        registry_id=registry.id,
        target_id=credential.id,
        target_name=_title(credential.public_value, registry),
        reason=request.reason,
        input=told or {},
        before=snapshot(credential),
    )


def _title(user: str | None, registry: Registry) -> str:
    return f"{user or 'no user'} at {registry.server_address or registry.id}"
