"""Rows of the list of registries."""

import html
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.prerender import load_row_template
from registries.access import Access
from registries.display import VERBS, format_datetime, short_age, state_icon, state_word
from registries.images.credential_use import CredentialsInUse
from registries.images.server_addresses import never_matches
from registries.models import CredentialStatus, Operation
from registries.rancher.types import ActionNames, Registry
from registries.services.inventory.attention import Attention, Cause
from registries.services.inventory.listing import users_of
from registries.services.inventory.reading import Reading
from registries.services.operations.write_requests import offered
from registries.views.polling import PAUSES_S
from registries.views.verification_badges import BADGES

FIELDS: tuple[str, ...] = (
    "id",
    "url",
    "address",
    "title",
    "attention",
    "state",
    "icon",
    "word",
    "note",
    "name",
    "description",
    "user",
)
FIELDS += ("count", "check", "age", "created", "menu", "attributes")
UNEXPECTED = SafeString(' <span class="hint">unexpected answer</span>')
STILL_PENDING = SafeString(' <span class="hint">still pending</span>')
OUT_OF_BAND = SafeString(' hx-swap-oob="true"')
DANGEROUS = {Operation.Verb.REMOVE, Operation.Verb.PURGE}


def render_rows(
    registries: Iterable[Registry],
    *,
    access: Access,
    now: datetime,
    is_live: bool = True,
    pending: Mapping[str, Operation] | None = None,
    checks: Mapping[str, CredentialStatus] | None = None,
    project: Reading | None = None,
    tick: int = 0,
    out_of_band: bool = False,
) -> SafeString:
    """Renders registries as table rows from `_registry_row.html`, rendered once a process and filled in here.

    A hundred rows through the template engine cost more than all else of the page together. `pending` are open
    operations by registry id, `checks` the statuses of credentials by their ids. `project` is a reading of all
    registries, for the use of credentials and what needs attention; None leaves both out. `tick` counts the looks at a
    moving row; `out_of_band` is for rows beside another target.
    """
    base = reverse("registry_list", args=[access.profile.slug])
    may_change, may_remove = is_live and access.may_change, access.may_remove
    pending, checks = pending or {}, checks or {}
    attention = project.find_attention(checks.values()) if project else {}
    tick = tick if is_live else len(PAUSES_S)
    template = load_row_template("registries/_registry_row.html", FIELDS)
    rows = []
    for registry in registries:
        operation = pending.get(registry.id)
        menu = _menu(registry, may_remove=may_remove) if may_change and operation is None else ""
        cells = _cells(registry, base, now, operation, tick, menu)
        if project and operation is None and not registry.is_moving:
            cells["check"] = _badge(registry, project.credentials_in_use, checks, now)
        if causes := attention.get(registry.id):
            cells |= _attention_cells(registry, causes)
        if out_of_band:
            cells["attributes"] = cells["attributes"] + OUT_OF_BAND
        row = template.render(cells)
        rows.append(f"<template>{row}</template>" if out_of_band else row)
    return mark_safe("\n".join(rows))  # noqa: S308 - rows are safe strings


def _cells(
    registry: Registry, base: str, now: datetime, operation: Operation | None, tick: int, menu: str
) -> dict[str, str]:
    """Cells of the row; text is escaped by the template, our own markup is marked safe."""
    state = shown_state(registry, operation)
    moves = registry.is_moving or operation is not None
    users = users_of(registry)
    url = f"{base}{registry.id}/"
    address = registry.server_address or ""
    return {
        "id": registry.id,
        "url": url,
        "address": address_html(address),
        "title": address,
        "attention": "",
        "check": "",
        "state": state,
        "icon": state_icon(state),
        "word": state_word(state),
        "note": UNEXPECTED if registry.is_unexpected else STILL_PENDING if moves and tick >= len(PAUSES_S) else "",
        "name": registry.name or "–",
        "description": registry.description or "–",
        "user": users[0] or "no user" if users else "–",
        "count": format_html(' <span class="count">{}</span>', len(users)) if users else "",
        "age": short_age((now - registry.created_at).total_seconds()) if registry.created_at else "–",
        "created": format_datetime(registry.created_at),
        "menu": mark_safe(menu.replace("\0u", url).replace("\0a", html.escape(address))),  # noqa: S308 - our own markup
        "attributes": _poll(url, tick, operation) if moves else SafeString(),
    }


def _attention_cells(registry: Registry, causes: tuple[Attention, ...]) -> dict[str, str]:
    """Mark beside the address, with the causes in words as its title."""
    said = " ".join(cause.sentence for cause in causes)
    tone = "bad" if causes[0].cause in {Cause.ERROR, Cause.CREDENTIAL} else "warn"
    mark = format_html(
        ' <span class="tone-text" data-tone="{}"><svg class="icon" aria-hidden="true"><use href="#warning"/></svg>'
        '<span class="visually-hidden">Needs attention: {}</span></span>',
        tone,
        said,
    )
    return {"attention": mark, "title": f"{registry.server_address or registry.id}. {said}"}


def _badge(registry: Registry, in_use: CredentialsInUse, checks: Mapping[str, CredentialStatus], now: datetime) -> str:
    """Badge of the used credential's last verification, with its age; "Never reached" if hosts use none."""
    if reason := in_use.why_unused(registry):
        return format_html(
            ' <span class="tag" title="{}">Never reached<span class="visually-hidden">. {}</span></span>',
            reason,
            reason,
        )
    uses = in_use.of(registry) if checks and registry.credentials else {}
    used = next((one.id for one in registry.credentials or () if one.id in uses and uses[one.id].is_used), "")
    check = checks.get(used)
    if check is None or not check.reason or check.checked_at is None:
        return ""
    word, icon, tone = BADGES[check.reason]
    age = short_age((now - check.checked_at).total_seconds())
    return format_html(
        ' <span class="state" data-tone="{}"><svg class="icon" aria-hidden="true"><use href="#{}"/></svg>'
        '{}</span> <span class="hint" title="Verified {} ago">{}</span>',
        tone,
        icon,
        word,
        age,
        age,
    )


def shown_state(registry: Registry, operation: Operation | None) -> str:
    """State to show: Rancher's, or the open operation's that Rancher doesn't show yet (a queued removal)."""
    if registry.transitioning == "error":
        return "error"
    if operation is not None and operation.state == Operation.State.UNKNOWN:
        return "unknown"
    if operation is not None and not registry.is_moving:
        return VERBS[Operation.Verb(operation.verb)][2].lower()
    return registry.state


@lru_cache(maxsize=4096)
def address_html(address: str) -> SafeString:
    """Renders an address: host in ink, account and port fainter; underlined with the reason if it never matches."""
    if fault := never_matches(address):
        return format_html('<span class="address-fault" title="{}">{}</span>', fault, address)
    host, colon, port = address.partition(":")
    account, dot, rest = host.partition(".")
    if rest.startswith("dkr.ecr.") and account.isdigit():
        host_html = format_html("<span>{}</span>{}", account + dot, rest)
    else:
        host_html = format_html("{}", host)
    return format_html("{}<span>{}</span>", host_html, colon + port) if port else host_html


def _poll(url: str, tick: int, operation: Operation | None) -> SafeString:
    if tick >= len(PAUSES_S):
        return SafeString()
    return format_html(
        ' hx-get="{}" hx-trigger="load delay:{}s" hx-target="this" hx-swap="outerHTML"',
        f"{url}row/?tick={tick + 1}{f'&op={operation.pk}' if operation else ''}",
        PAUSES_S[tick],
    )


def _menu(registry: Registry, *, may_remove: bool) -> str:
    return "" if registry.is_moving else _menu_html(registry.state, registry.actions, may_remove=may_remove)


@lru_cache(maxsize=128)
def _menu_html(state: str, actions: frozenset[str], *, may_remove: bool) -> str:
    """The row's menu with places for its URL (\\0u) and address (\\0a): shared by all rows with the same actions."""
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
