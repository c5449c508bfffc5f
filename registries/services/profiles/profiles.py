"""Creates, updates, checks and removes connection profiles; keys are encrypted and bound to their origin."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify

from dashboard import timed_cache
from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile, InventoryItem, Operation
from registries.outbound.base_url import BaseURL, parse_base_url
from registries.outbound.errors import BadAddress, UpstreamError
from registries.rancher.connection_check import ConnectionCheck
from registries.roles import Role
from registries.services.inventory import as_of
from registries.services.operations import lifecycle
from registries.services.profiles import members, profile_events, stored_keys
from registries.services.upstream import connection_check
from registries.services.upstream.connection_check import ConnectionParams
from registries.services.verification import saved_secrets

RESERVED_SLUGS = {"new", "address"}  # our own URLs at a slug's place
LONGEST_SLUG = 60
UNDER_WAY = timedelta(minutes=10)  # operations that are open for longer can't be settled any more
DETAILS = ("name", "description", "tags", "label_colour", "protection")


class NameTaken(Exception):
    """Another profile took the name a moment ago."""


class ChangedMeanwhile(Exception):
    """The profile was changed by another person during its check; nothing was saved."""


class StillOpen(Exception):
    """Open operations keep the profile's project: they can't be settled from another one."""


def plan_profiles(
    params: ConnectionParams, found: ConnectionCheck, *, project_ids: Sequence[str]
) -> list[tuple[ConnectionParams, ConnectionCheck]]:
    """Pairs each chosen project's parameters with its check; `found` is reused for the project that it checked."""
    plan = []
    for project_id in project_ids or [params.project_id]:
        there = replace(params, project_id=project_id)
        looked_at = not found.ok or project_id == (found.project_id or params.project_id)
        plan.append((there, found if looked_at else connection_check.check(there)))
    return plan


def create_profiles(
    values: Mapping[str, Any],
    plan: Sequence[tuple[ConnectionParams, ConnectionCheck]],
    *,
    actor: User,
    team: Group | None = None,
) -> list[ConnectionProfile]:
    """Creates one profile for each entry of the plan, all or none; several are named after their projects.

    `values` are the form's: `name description tags label_colour protection`; `team` becomes their maintainer. Raises
    NameTaken.
    """
    try:
        with transaction.atomic():
            made = [_create(values, params, found, is_one_of_several=len(plan) > 1) for params, found in plan]
            for profile in made:
                access = Access(actor, profile, Role.MAINTAINER)
                profile_events.record_created(access, team=team.name if team else "")
                if team:
                    members.add_member(access, team, Role.MAINTAINER)
    except IntegrityError:
        raise NameTaken from None
    return made


def update_profile(
    access: Access, values: Mapping[str, Any], params: ConnectionParams, found: ConnectionCheck | None
) -> None:
    """Saves the form; `found` is the check of `params`, None if the connection is unchanged.

    Blank keys keep the stored ones where those may be used for `params` (`stored_keys`). The inventory of another
    project is deleted, and kept copies of credentials if `keeps_copies` is off. Raises ChangedMeanwhile, NameTaken,
    StillOpen.
    """
    profile = access.profile
    columns: dict[str, Any] = {name: values[name] for name in (*DETAILS, "keeps_copies")}
    moves, before = False, profile_events.snapshot(profile)
    if found is not None:
        moves = (profile.base_url, profile.project_id) != (params.base.text, params.project_id)
        if profile.project_id not in ("", params.project_id) and _has_open_operations(profile):
            raise StillOpen
        columns |= _connection_columns(access, values, params, found) | connection_check.columns_of(
            found, profile, is_another=moves or bool(values["access_key"])
        )
    try:
        with transaction.atomic():
            _save(profile, columns)
            if moves:
                _forget_inventory(profile)
            if not values["keeps_copies"]:
                saved_secrets.forget_copies(profile)
            profile.refresh_from_db()
            profile_events.record_updated(access, before, keys_typed=bool(values["access_key"]))
    except IntegrityError:
        raise NameTaken from None


def origin_of(profile: ConnectionProfile) -> BaseURL | None:
    """Parses the stored address; None if it is invalid."""
    try:
        return parse_base_url(profile.base_url)
    except BadAddress:
        return None


def check_params(access: Access, params: ConnectionParams) -> ConnectionCheck:
    """Checks a form's parameters, with an audit event because a key is used."""
    found = connection_check.check(params)
    profile_events.record_check(access, params, found)
    return found


def check_again(profile: ConnectionProfile, *, access: Access | None = None) -> ConnectionCheck:
    """Checks the stored connection; stores the result on the profile, unless that was changed meanwhile.

    `access` is the person's who asked; without it, no audit event is written.
    """
    found = connection_check.check_stored(profile)
    columns = connection_check.columns_of(found, profile)
    if found.ok and found.project_id and not profile.project_id:
        columns["project_id"] = found.project_id  # saved before the project was known
    with transaction.atomic():
        ConnectionProfile.objects.filter(pk=profile.pk, updated_at=profile.updated_at).update(**columns)
        if access:
            profile_events.record_check(access, None, found)
    profile.refresh_from_db()
    return found


def remove_profile(access: Access, *, reason: str = "") -> None:
    """Deletes the profile, its keys and its inventory; its operations stay, and nothing changes in Rancher.

    Raises StillOpen while operations are open: without the profile their outcome can't be read. Operations that
    couldn't be settled for a while don't count; the beat ends them.
    """
    profile_id = access.profile.pk
    with contextlib.suppress(UpstreamError):
        lifecycle.settle_open(access.profile)
    with transaction.atomic():
        held = ConnectionProfile.objects.select_for_update().filter(pk=profile_id)
        if held.exists() and _has_open_operations(access.profile, since=timezone.now() - UNDER_WAY):
            raise StillOpen
        profile_events.record_removed(access, reason=reason)
        access.profile.delete()
    timed_cache.forget("profile", profile_id)


def unique_slug(name: str) -> str:
    """Makes a free slug from the name, never a reserved word; it stays when the profile is renamed."""
    wanted = slugify(name)[:LONGEST_SLUG] or "profile"
    return _first_free(wanted, "slug", separator="-", taken=RESERVED_SLUGS)


def _create(
    values: Mapping[str, Any], params: ConnectionParams, found: ConnectionCheck, *, is_one_of_several: bool
) -> ConnectionProfile:
    project_id = params.project_id or found.project_id or ""
    name = str(values["name"])
    if is_one_of_several:
        name = _first_free(f"{name} – {found.project_name or project_id}"[:95], "name", separator=" ", taken=set())
    details = {field: values[field] for field in DETAILS} | {"name": name}
    profile = ConnectionProfile(slug=unique_slug(name), base_url=params.base.text, project_id=project_id, **details)
    profile.api_version, profile.ca_certificate = params.api_version, params.ca_certificate
    if params.has_keys:
        profile.access_key, profile.secret_key = params.access_key, params.secret_key
    for column, value in connection_check.columns_of(found, profile).items():
        setattr(profile, column, value)
    profile.save()
    return profile


def _connection_columns(
    access: Access, values: Mapping[str, Any], params: ConnectionParams, found: ConnectionCheck
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "base_url": params.base.text,
        "api_version": params.api_version,
        "project_id": params.project_id,
        "ca_certificate": params.ca_certificate,
    }
    is_typed = bool(values["access_key"] and values["secret_key"])
    if is_typed or not stored_keys.may_be_used(access.profile, params, found, by=access.user):
        sealed = ConnectionProfile(uuid=access.profile.uuid, base_url=params.base.text)
        if is_typed:
            sealed.access_key, sealed.secret_key = values["access_key"], values["secret_key"]
        columns |= {"access_key": sealed.access_key, "secret_key": sealed.secret_key}
    return columns


def _save(profile: ConnectionProfile, columns: Mapping[str, Any]) -> None:
    """Updates only these columns, and only if the row is as loaded: keys never meet another person's address."""
    unchanged = ConnectionProfile.objects.filter(pk=profile.pk, updated_at=profile.updated_at)
    if not unchanged.update(**columns, updated_at=timezone.now()):
        raise ChangedMeanwhile


def _forget_inventory(profile: ConnectionProfile) -> None:
    items = InventoryItem.objects.filter(profile=profile)
    as_of.note_changes(
        profile, timezone.now(), seen=[], gone=items.filter(gone_at=None).values_list("rancher_id", flat=True)
    )
    items.delete()
    ConnectionProfile.objects.filter(pk=profile.pk).update(
        inventory_read_at=None, inventory_fingerprint="", write_serial=F("write_serial") + 1
    )


def _has_open_operations(profile: ConnectionProfile, *, since: datetime | None = None) -> bool:
    waiting = Operation.objects.filter(profile=profile, state__in=Operation.OPEN)
    return (waiting.filter(started_at__gt=since) if since else waiting).exists()


def _first_free(wanted: str, field: str, *, separator: str, taken: set[str]) -> str:
    used = set(ConnectionProfile.objects.filter(**{f"{field}__startswith": wanted}).values_list(field, flat=True))
    number, candidate = 1, wanted
    while candidate in used | taken:
        number += 1
        candidate = f"{wanted}{separator}{number}"
    return candidate
