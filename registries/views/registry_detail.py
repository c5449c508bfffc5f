"""Detail of a registry: every documented field, credentials, operations, and the API call as a command."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.http import AuthedRequest, render_page
from registries.access import Access
from registries.display import VERBS, format_datetime, short_age, state_icon, state_word
from registries.images.credential_lookup import number_of
from registries.images.credential_use import CredentialUse
from registries.images.server_addresses import examine_address
from registries.models import ConnectionProfile, CredentialStatus, Operation
from registries.rancher.types import Registry, RegistryCredential
from registries.roles import Right
from registries.services.inventory.attention import unreadable_sentence
from registries.services.operations.registry_state import (
    RegistryState,
    find_credential_use,
    recent_operations,
)
from registries.services.operations.write_requests import needs_deactivation, offered
from registries.services.verification import saved_secrets
from registries.views import outcome
from registries.views.loading import registry_view
from registries.views.operation import present_operation
from registries.views.polling import PAUSES_S, poll_context, read_tick
from registries.views.registry_list_rows import DANGEROUS, address_html, shown_state
from registries.views.verification_badges import present_check

# label, attribute of the documented fields that have no place of their own on the page (rancher.md, "Registry")
FACTS = (
    ("Id", "id"),
    ("UUID", "uuid"),
    ("Account", "account_id"),
    ("Kind", "kind"),
    ("State", "state"),
    ("Transitioning", "transitioning"),
    ("Transitioning message", "transitioning_message"),
    ("Transitioning progress", "transitioning_progress"),
    ("Driver", "driver_name"),
    ("External id", "external_id"),
    ("Block device path", "block_device_path"),
    ("Volume access mode", "volume_access_mode"),
    ("Volume capabilities", "volume_capabilities"),
)


@require_safe
@registry_view(Right.READ_PROFILE, allow_purged=True)
def registry_detail(request: AuthedRequest, access: Access, found: RegistryState) -> HttpResponse:
    outcome.add_settled_toasts(request, access, found)
    context = detail_context(access, found, tick=read_tick(request))
    return render_page(request, "registries/registry_detail.html", context, fragments=["registry-detail"])


def detail_context(access: Access, found: RegistryState, *, tick: int = 0) -> dict[str, Any]:
    registry = found.registry
    state = shown_state(registry, found.pending) if found.is_live else ("purged" if found.is_gone else registry.state)
    may_change = access.may_change and found.is_live and not found.is_moving
    return {
        "registry": registry,
        "found": found,
        "unexpected": unreadable_sentence(registry) if registry.is_unexpected else "",
        "state": {"slug": state, "word": state_word(state), "icon": state_icon(state)},
        "actions": registry_actions(registry, may_remove=access.may_remove) if may_change else [],
        "may_edit": may_change and Operation.Verb.UPDATE in offered(registry),
        "facts": [(label, _shown(getattr(registry, attribute))) for label, attribute in FACTS],
        "times": [
            ("Created", format_datetime(registry.created_at)),
            ("Removed", format_datetime(registry.removed_at)),
            ("Remove time", _shown(registry.remove_time)),
        ],
        "address": address_html(registry.server_address or ""),
        "judged": examine_address(registry.server_address or ""),
        "credentials": _credentials(found, saved_secrets.watched_of(access.profile), access),
        "operations": [present_operation(one) for one in recent_operations(access.profile, registry.id)],
        "command": _command(access.profile, registry),
        **poll_context(tick, is_open=found.is_moving),
        "is_slow": found.is_moving and tick >= len(PAUSES_S),
    }


def registry_actions(registry: Registry, *, may_remove: bool) -> list[dict[str, Any]]:
    """Buttons for the resource's `actions`, with a title if removal takes two steps."""
    two_steps = "Deactivates first, then removes" if needs_deactivation(registry) else ""
    return [
        action | {"title": two_steps if action["verb"] == Operation.Verb.REMOVE else ""}
        for action in offered_actions(registry, may_remove=may_remove)
        if action["verb"] != Operation.Verb.UPDATE
    ]


def _credentials(found: RegistryState, watched: Mapping[str, CredentialStatus], access: Access) -> list[dict[str, Any]]:
    """Credentials of the registry, lowest id first, each with its use and what can be done with it now."""
    uses = find_credential_use(access.profile, found).of(found.registry)
    may_change = access.may_change and found.is_live
    return [
        _credential(one, watched.get(one.id), None if found.registry.is_moving or one.is_moving else uses[one.id])
        | {"actions": offered_actions(one, may_remove=access.may_remove) if may_change else []}
        for one in sorted(found.registry.credentials or (), key=lambda one: number_of(one.id))
    ]


def offered_actions(target: Registry | RegistryCredential, *, may_remove: bool) -> list[dict[str, Any]]:
    """Actions that Rancher offers now and the person may take."""
    return [
        {"verb": verb.value, "label": VERBS[verb][0], "icon": VERBS[verb][1], "is_danger": verb in DANGEROUS}
        for verb in offered(target)
        if may_remove or verb not in DANGEROUS
    ]


def _credential(
    credential: RegistryCredential, watched: CredentialStatus | None, use: CredentialUse | None
) -> dict[str, Any]:
    """A credential as a row; `use` is None while it moves."""
    created_at = credential.created_at
    return {
        "check": present_check(watched),
        "id": credential.id,
        "user": credential.public_value or "no user",
        "name": credential.name or "–",
        "state": credential.state,
        "word": "Unexpected answer" if credential.is_unexpected else state_word(credential.state),
        "icon": state_icon(credential.state),
        "age": short_age((timezone.now() - created_at).total_seconds()) if created_at else "–",
        "use": use,
    }


def _shown(value: object) -> str:
    if value is None or value == "":
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _command(profile: ConnectionProfile, registry: Registry) -> str:
    """Shell command that reads this registry, with variables in place of the key."""
    path = f"{profile.api_version}/projects/{profile.project_id}/registries/{registry.id}"
    return f'curl -u "$RANCHER_ACCESS_KEY:$RANCHER_SECRET_KEY" "{profile.base_url.rstrip("/")}/{path}"'
