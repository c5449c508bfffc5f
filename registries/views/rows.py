"""Registries as rows of the list."""

import html
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.prerender import row_template
from registries.access import Access
from registries.display import VERBS, format_datetime, short_age, state_icon, state_word
from registries.images.server_addresses import never_matches
from registries.models import CredentialStatus, Operation
from registries.rancher.types import ActionNames, Registry
from registries.services.inventory.listing import users_of
from registries.services.operations.credentials import used_credential
from registries.services.operations.write_requests import offered
from registries.views.verification_badges import BADGES

# seconds between two looks at a row in transition; they grow, and end after about a minute
PAUSES_S = (1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 10, 10)
FIELDS: tuple[str, ...] = (
    "id",
    "url",
    "address",
    "plain_address",
    "state",
    "icon",
    "word",
    "note",
    "name",
    "description",
    "user",
)
FIELDS += ("count", "check", "age", "created", "menu", "attributes")
DANGEROUS = {Operation.Verb.REMOVE, Operation.Verb.PURGE}


def render_rows(
    registries: Iterable[Registry],
    *,
    access: Access,
    now: datetime,
    is_live: bool = True,
    pending: Mapping[str, Operation] | None = None,
    checks: Mapping[str, CredentialStatus] | None = None,
    tick: int = 0,
    out_of_band: bool = False,
) -> SafeString:
    """The rows as HTML: the markup is `_registry_row.html`, laid out once a process and filled in here.

    A hundred rows through the template engine cost more than all else of the page together. `pending` are open
    operations by registry id, `checks` what is known of credentials by their ids, `tick` counts the looks at a moving
    row, `out_of_band` is for rows beside another target.
    """
    base = reverse("registry_list", args=[access.profile.slug])
    may_change, may_remove = is_live and access.may_change, access.may_remove
    pending, checks = pending or {}, checks or {}
    tick = tick if is_live else len(PAUSES_S)
    frame = row_template("registries/_registry_row.html", FIELDS)
    rows = []
    for registry in registries:
        operation = pending.get(registry.id)
        menu = _menu(registry, may_remove=may_remove) if may_change and operation is None else ""
        cells = _cells(registry, base, now, operation, tick, menu)
        cells["check"] = _badge(registry, checks, now)
        if out_of_band:
            cells["attributes"] += ' hx-swap-oob="true"'
        row = frame.fill(cells)
        rows.append(f"<template>{row}</template>" if out_of_band else row)
    return mark_safe("\n".join(rows))  # noqa: S308 - every cell is escaped or made of our own markup


def _cells(
    registry: Registry, base: str, now: datetime, operation: Operation | None, tick: int, menu: str
) -> dict[str, str]:
    """Every place of the frame, as HTML."""
    state = shown_state(registry, operation)
    moves = registry.is_moving or operation is not None
    users = users_of(registry)
    url = f"{base}{registry.id}/"
    address = registry.server_address or ""
    plain = html.escape(address)
    return {
        "id": registry.id,
        "url": url,
        "address": address_html(address),
        "plain_address": plain,
        "state": state,
        "icon": state_icon(state),
        "word": state_word(state),
        "note": ' <span class="hint">still pending</span>' if moves and tick >= len(PAUSES_S) else "",
        "name": html.escape(registry.name or "–"),
        "description": html.escape(registry.description or "–"),
        "user": html.escape(users[0] or "no user") if users else "–",
        "count": f' <span class="count">{len(users)}</span>' if users else "",
        "age": short_age((now - registry.created_at).total_seconds()) if registry.created_at else "–",
        "created": format_datetime(registry.created_at),
        "menu": menu.replace("\0u", url).replace("\0a", plain),
        "attributes": _poll(url, tick, operation) if moves else "",
    }


def _badge(registry: Registry, checks: Mapping[str, CredentialStatus], now: datetime) -> str:
    """What the last verification said of the credential that Rancher uses, and how long ago; "" where there is none."""
    used = used_credential(registry) if checks and registry.credentials else None
    check = checks.get(used.id) if used else None
    if check is None or not check.reason or check.checked_at is None:
        return ""
    word, icon, tone = BADGES[check.reason]
    age = short_age((now - check.checked_at).total_seconds())
    return (
        f' <span class="state" data-tone="{tone}"><svg class="icon" aria-hidden="true"><use href="#{icon}"/></svg>'
        f'{word}</span> <span class="hint" title="Verified {age} ago">{age}</span>'
    )


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


def _poll(url: str, tick: int, operation: Operation | None) -> str:
    if tick >= len(PAUSES_S):
        return ""
    trigger = f"load delay:{PAUSES_S[tick]}s"
    watched = f"&amp;op={operation.pk}" if operation else ""
    return f' hx-get="{url}row/?tick={tick + 1}{watched}" hx-trigger="{trigger}" hx-target="this" hx-swap="outerHTML"'


def _menu(registry: Registry, *, may_remove: bool) -> str:
    return "" if registry.is_moving else _menu_frame(registry.state, registry.actions, may_remove=may_remove)


@lru_cache(maxsize=128)
def _menu_frame(state: str, actions: frozenset[str], *, may_remove: bool) -> str:
    """The row's menu with places for its URL (\\0u) and address (\\0a): the same for all rows that offer the same."""
    items = []
    for verb in offered(Registry(id="1sp0", state=state, actions=ActionNames(actions))):
        if verb in DANGEROUS and not may_remove:
            continue
        label, icon, _, _ = VERBS[verb]
        path = "edit/" if verb == Operation.Verb.UPDATE else f"{verb.value}/"
        dialog = "" if verb == Operation.Verb.UPDATE else f' hx-get="\0u{path}" hx-target="#dialog" hx-push-url="false"'
        items.append(
            f'<a class="menu-item{" is-danger" if verb in DANGEROUS else ""}" href="\0u{path}"{dialog}>'
            f'<svg class="icon" aria-hidden="true"><use href="#{icon}"/></svg>{label}…</a>'
        )
    if not items:
        return ""
    return (
        '<details class="menu" name="row-menu"><summary class="button button-quiet button-icon">'
        '<svg class="icon" aria-hidden="true"><use href="#more"/></svg>'
        '<span class="visually-hidden">Actions for \0a</span></summary>'
        f'<div class="menu-panel">{"".join(items)}</div></details>'
    )
