"""A registry as a row of the list: every cell as ready text, so that the template only places it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from registries.access import Access
from registries.addresses import never_matches
from registries.display import VERBS, moment, short_age, state_icon, state_word
from registries.models import Operation
from registries.rancher.types import Registry
from registries.services.listing import users_of
from registries.services.registries import offered

# seconds between two looks at a row in transition; they grow, and end after about a minute
PAUSES_S = (1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 10, 10)
DANGEROUS = {Operation.Verb.REMOVE, Operation.Verb.PURGE}


def present_rows(
    registries: Iterable[Registry],
    *,
    access: Access,
    now: datetime,
    is_live: bool = True,
    pending: Mapping[str, Operation] | None = None,
    tick: int = 0,
) -> list[dict[str, Any]]:
    """Rows for the template. `pending` are open operations by registry id, `tick` counts the looks at a moving row."""
    base = reverse("registry_list", args=[access.profile.slug])
    may_change = is_live and access.may_change
    pending = pending or {}
    return [
        _present(registry, base, may_change, now, pending.get(registry.id), tick if is_live else len(PAUSES_S))
        for registry in registries
    ]


def _present(
    registry: Registry, base: str, may_change: bool, now: datetime, operation: Operation | None, tick: int
) -> dict[str, Any]:
    state = shown_state(registry, operation)
    moves = registry.is_moving or operation is not None
    users = users_of(registry)
    url = f"{base}{registry.id}/"
    address = registry.server_address or ""
    return {
        "id": registry.id,
        "url": url,
        "address": address_html(address),
        "plain_address": address,
        "state": state,
        "icon": state_icon(state),
        "word": state_word(state),
        "name": registry.name or "–",
        "description": registry.description or "–",
        "users": users[0] or "no user" if users else "–",
        "more_users": f"1 of {len(users)}" if len(users) > 1 else "",
        "age": short_age((now - registry.created_at).total_seconds()) if registry.created_at else "–",
        "created": moment(registry.created_at),
        "menu": _menu(tuple(offered(registry)), url, escape(address)) if may_change and not moves else "",
        "poll": _poll(url, tick) if moves else "",
        "is_slow": moves and tick >= len(PAUSES_S),
    }


def shown_state(registry: Registry, operation: Operation | None) -> str:
    """The state, or what the person has set going and Rancher doesn't show yet (a removal waits for the worker)."""
    if registry.transitioning == "error":
        return "error"
    if operation is not None and operation.state == Operation.State.UNKNOWN:
        return "unknown"
    if operation is not None and not registry.is_moving:
        return VERBS[Operation.Verb(operation.verb)][2].lower()
    return registry.state


@lru_cache(maxsize=4096)
def address_html(address: str) -> SafeString:
    """The host in ink, account and port fainter; what never matches is underlined, with the reason as its title."""
    if fault := never_matches(address):
        return format_html('<span class="address-fault" title="{}">{}</span>', fault, address)
    host, colon, port = address.partition(":")
    account, dot, rest = host.partition(".")
    if rest.startswith("dkr.ecr.") and account.isdigit():
        host_html = format_html("<span>{}</span>{}", account + dot, rest)
    else:
        host_html = format_html("{}", host)
    return format_html("{}<span>{}</span>", host_html, colon + port) if port else host_html


def _poll(url: str, tick: int) -> SafeString:
    if tick >= len(PAUSES_S):
        return mark_safe("")
    return format_html(
        ' hx-get="{}row/?tick={}" hx-trigger="load delay:{}s" hx-target="this" hx-swap="outerHTML"',
        url,
        tick + 1,
        PAUSES_S[tick],
    )


@lru_cache(maxsize=64)
def _menu_frame(verbs: tuple[Operation.Verb, ...]) -> str:
    """The row's menu with places for its URL (\0u) and address (\0a): the same for all rows that offer the same."""
    items = []
    for verb in verbs:
        label, icon, _, _ = VERBS[verb]
        path = "edit/" if verb == Operation.Verb.UPDATE else f"{verb}/"
        dialog = "" if verb == Operation.Verb.UPDATE else f' hx-get="\0u{path}" hx-target="#dialog" hx-push-url="false"'
        items.append(
            f'<a class="menu-item{" is-danger" if verb in DANGEROUS else ""}" href="\0u{path}"{dialog}>'
            f'<svg class="icon" aria-hidden="true"><use href="#{icon}"/></svg>{label}…</a>'
        )
    return (
        '<details class="menu" name="row-menu"><summary class="button button-quiet button-icon">'
        '<svg class="icon" aria-hidden="true"><use href="#more"/></svg>'
        '<span class="visually-hidden">Actions for \0a</span></summary>'
        f'<div class="menu-panel">{"".join(items)}</div></details>'
    )


def _menu(verbs: tuple[Operation.Verb, ...], url: str, address: str) -> SafeString:
    frame = _menu_frame(verbs).replace("\0u", url).replace("\0a", address)
    return mark_safe(frame) if verbs else mark_safe("")  # noqa: S308 - the frame is ours, the address is escaped
