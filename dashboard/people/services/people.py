"""Use cases on people: deactivate, activate, change the site role, reset a second factor.

One active admin always remains: each change locks the rows of all admins, so that two admins who remove each other at
once are serialised.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboard.events import Event, emit_event
from dashboard.people.models import SiteRole, User
from dashboard.people.services.invitations import revoke_invitations_of
from dashboard.people.sign_in.sessions import end_sessions

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are none


class LastAdmin(Exception):
    """The change would leave the site without an admin; nothing was changed."""


def find_people() -> QuerySet[User]:
    """All people with `has_second_factor` and their teams, by name."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    people = User.objects.annotate(has_second_factor=Exists(factors))
    return people.prefetch_related("groups").order_by("username")


def is_last_admin(person: User) -> bool:
    """Whether the person is the only active admin."""
    others = User.objects.filter(site_role=SiteRole.ADMIN, is_active=True).exclude(pk=person.pk)
    return person.site_role == SiteRole.ADMIN and person.is_active and not others.exists()


def deactivate_person(actor: User, person: User, *, reason: str = "") -> None:
    """Signs the person out at their next request, forbids sign-in and revokes their open invitations; roles stay.

    Raises LastAdmin.
    """
    with transaction.atomic():
        row = _hold(person)
        if row.is_active:
            if is_last_admin(row):
                raise LastAdmin
            row.is_active = False
            row.save(update_fields=["is_active"])
            end_sessions(row)
            revoke_invitations_of(actor, row)
            _emit("person.deactivate", actor, row, {"is_active": True}, {"is_active": False}, reason)


def activate_person(actor: User, person: User, *, reason: str = "") -> None:
    """Allows sign-in again, with the password, roles and teams as they were."""
    with transaction.atomic():
        row = _hold(person)
        if not row.is_active:
            row.is_active = True
            row.save(update_fields=["is_active"])
            _emit("person.activate", actor, row, {"is_active": False}, {"is_active": True}, reason)


def change_site_role(actor: User, person: User, site_role: str, *, reason: str = "") -> None:
    """Changes the site role from the next request on; revokes open invitations of a former admin. Raises LastAdmin."""
    with transaction.atomic():
        row = _hold(person)
        before = row.site_role
        if site_role == before:
            return
        if is_last_admin(row):
            raise LastAdmin
        if before == SiteRole.ADMIN:
            revoke_invitations_of(actor, row)
        row.site_role = site_role
        row.save(update_fields=["site_role"])
        _emit("person.role", actor, row, {"site_role": before}, {"site_role": site_role}, reason)


def reset_second_factor(actor: User, person: User, *, reason: str = "") -> None:
    """Deletes authenticator app, passkeys and recovery codes and ends all sessions: the password alone signs in until
    the person sets up a new factor. For a lost device, after identifying the person in another way.
    """
    with transaction.atomic():
        row = _hold(person)
        held = Authenticator.objects.filter(user=row)
        kinds = sorted(held.values_list("type", flat=True))
        held.delete()
        end_sessions(row)
        _emit("person.reset_second_factor", actor, row, {"second_factors": kinds}, {"second_factors": []}, reason)


def _hold(person: User) -> User:
    """Locks and returns the person's row, with the rows of all admins, until the transaction ends."""
    rows = User.objects.select_for_update().filter(Q(pk=person.pk) | Q(site_role=SiteRole.ADMIN, is_active=True))
    return {row.pk: row for row in rows.order_by("pk")}[person.pk]


def _emit(action: str, actor: User, person: User, before: dict[str, Any], after: dict[str, Any], reason: str) -> None:
    emit_event(
        Event(
            action=action,
            actor=actor,
            target_type="person",
            target_id=str(person.pk),
            target_name=person.username,
            before=before,
            after=after,
            reason=reason,
        )
    )
