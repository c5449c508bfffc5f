"""The admin's list of what may be connected to, and which profiles live by an entry of it."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import IntegrityError, transaction

from dashboard.events import Event
from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile
from registries.outbound.base_url import BaseURL, parse_base_url
from registries.outbound.blocked_addresses import parse_address, unwrap
from registries.outbound.errors import BadAddress
from registries.services.audit import write
from registries.services.upstream import connection


class AlreadyAllowed(Exception):
    """The same entry was saved a moment ago."""


class Opens(enum.IntEnum):
    """Whether an entry opens a profile's address, as far as can be told without resolving its name."""

    NO = 0
    PERHAPS = 1  # the entry holds addresses, the profile a name: where that leads is found out when it is used
    YES = 2


@dataclass
class CutOff:
    """What removing an entry does: profiles that lose their Rancher, and those that may, by where their name leads."""

    surely: list[ConnectionProfile] = field(default_factory=list)
    perhaps: list[ConnectionProfile] = field(default_factory=list)


def allow_target(user: User, target: AllowedTarget) -> None:
    """Saves an entry; this process goes by it at once. Raises AlreadyAllowed."""
    try:
        with transaction.atomic():
            target.save()
            _record("target.allow", user, target, after=_values(target))
    except IntegrityError:
        raise AlreadyAllowed from None
    connection.forget_targets()


def remove_target(user: User, target: AllowedTarget, *, reason: str = "") -> None:
    """Takes an entry off the list; connections that are open already are not used any more either."""
    with transaction.atomic():
        _record("target.remove", user, target, before=_values(target), reason=reason)
        target.delete()
    connection.forget_targets()


def _record(action: str, user: User, target: AllowedTarget, **details: Any) -> None:
    what = Event(action=action, actor=user, target_type="target", target_id=str(target.pk), target_name=str(target))
    write.write_audit_event(replace(what, **details))


def _values(target: AllowedTarget) -> dict[str, str]:
    return {
        "kind": target.kind,
        "scheme": target.scheme,
        "host": target.host,
        "ports": target.ports,
        "note": target.note,
    }


def find_cut_off(target: AllowedTarget) -> CutOff:
    """The profiles that need this entry. Nothing is resolved and nothing is sent."""
    if target.kind == AllowedTarget.Kind.REGISTRY:
        return CutOff()
    others = list(AllowedTarget.objects.exclude(pk=target.pk).filter(kind=AllowedTarget.Kind.RANCHER))
    cut_off = CutOff()
    for profile in ConnectionProfile.objects.all():
        try:
            base = parse_base_url(profile.base_url)
        except BadAddress:
            continue  # it reaches nothing as it is
        by_this, by_others = opens(target, base), _best(others, base)
        if by_this is Opens.NO or by_others is Opens.YES:
            continue
        is_sure = by_this is Opens.YES and by_others is Opens.NO
        (cut_off.surely if is_sure else cut_off.perhaps).append(profile)
    return cut_off


def opens(target: AllowedTarget, base: BaseURL) -> Opens:
    """Whether an entry opens an address."""
    if not target.names(base.scheme, target.host, base.port):  # another scheme or port
        return Opens.NO
    if target.names(base.scheme, base.host, base.port):
        return Opens.YES
    try:
        address = unwrap(parse_address(base.host))
    except ValueError:
        return Opens.PERHAPS if _holds_addresses(target) else Opens.NO
    return Opens.YES if target.permits(base.scheme, base.host, address, base.port) else Opens.NO


def _best(targets: Sequence[AllowedTarget], base: BaseURL) -> Opens:
    return max((opens(target, base) for target in targets), default=Opens.NO)


def _holds_addresses(target: AllowedTarget) -> bool:
    """A network or an address, rather than a name."""
    if "/" in target.host:
        return True
    try:
        parse_address(target.host)
    except ValueError:
        return False
    return True
