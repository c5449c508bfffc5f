"""Invitations: one-time links that create a person. The token is shown once; only its hash is stored."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboard.events import Event, emit_event
from dashboard.people.models import Invitation, SiteRole, User

INVITATION_LIVES = timedelta(hours=72)
SHOWN_AFTER_ITS_END = timedelta(days=7)  # expired ones stay listed, so that nobody wonders where they went


class NameTaken(Exception):
    """Another person has the name, ignoring case."""


class AlreadyInvited(Exception):
    """An invitation for the name is still open; its link can't be shown again."""


class InvitationGone(Exception):
    """The link is unknown, expired, used or revoked; which of them is not disclosed."""


def invite_person(
    actor: User, *, username: str, email: str = "", site_role: str = "", teams: Sequence[Group] = ()
) -> tuple[Invitation, str]:
    """Returns the invitation and its token, which is not stored. Raises NameTaken, AlreadyInvited."""
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            _refuse_taken(username)
            _open().filter(username__iexact=username, expires_at__lte=timezone.now()).update(revoked_at=timezone.now())
            invitation = Invitation.objects.create(
                username=username,
                email=email,
                site_role=site_role,
                token_hash=hash_token(token),
                invited_by=actor,
                expires_at=timezone.now() + INVITATION_LIVES,
            )
            invitation.teams.set(teams)
            emit_event(_event("person.invite", actor, invitation, after=_values(invitation)))
    except IntegrityError:
        raise AlreadyInvited from None
    return invitation, token


def revoke_invitation(actor: User, invitation: Invitation, *, reason: str = "") -> None:
    """Revokes the link at once. Raises InvitationGone when it was used or revoked before."""
    with transaction.atomic():
        if not _open().filter(pk=invitation.pk).update(revoked_at=timezone.now()):
            raise InvitationGone
        emit_event(_event("invitation.revoke", actor, invitation, before=_values(invitation), reason=reason))


def invitations_of(inviter: User) -> QuerySet[Invitation]:
    """Open, unexpired invitations made by a person."""
    return _open().filter(invited_by=inviter, expires_at__gt=timezone.now())


def revoke_invitations_of(actor: User, inviter: User) -> None:
    """Revokes the open invitations of a former admin, inside the caller's transaction."""
    for invitation in invitations_of(inviter):
        revoke_invitation(actor, invitation, reason=f"{inviter} is no longer an admin.")


def find_invitation(token: str) -> Invitation | None:
    """Usable invitation of a token; None without one."""
    return _usable().filter(token_hash=hash_token(token)).first()


def recall_invitation(pk: object) -> Invitation | None:
    """Invitation that a session has opened, while it is usable."""
    return _usable().select_related("invited_by").filter(pk=pk).first() if isinstance(pk, int) else None


def waiting_invitations() -> QuerySet[Invitation]:
    """Open invitations, and those that expired in the last week; newest first."""
    shown_from = timezone.now() - SHOWN_AFTER_ITS_END
    return _open().filter(expires_at__gt=shown_from).select_related("invited_by").prefetch_related("teams")


def accept_invitation(invitation: Invitation, password: str) -> User:
    """Creates the person with that password; of several attempts at once, one succeeds.

    `password` has passed the validators. Raises InvitationGone.
    """
    hashed = make_password(password)  # slow, so before any row is locked
    try:
        with transaction.atomic():
            # held, then changed: by a condition with a join, PostgreSQL would judge the row as it was before a wait
            held = _usable().select_for_update(of=("self",)).filter(pk=invitation.pk).first()
            if held is None:
                raise InvitationGone
            _refuse_taken(held.username)
            held.used_at = timezone.now()
            held.save(update_fields=["used_at"])
            user = User(username=held.username, email=held.email, site_role=held.site_role, password=hashed)
            user.save()
            user.groups.set(held.teams.all())
            emit_event(_event("invitation.accept", user, held, after=_values(held)))
    except (NameTaken, IntegrityError):  # somebody got the name in another way meanwhile
        raise InvitationGone from None
    return user


def hash_token(token: str) -> str:
    """SHA-256 of a token; 256 random bits can't be guessed, so a slow hash adds nothing."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at=None, revoked_at=None)


def _usable() -> QuerySet[Invitation]:
    """Open, unexpired invitations whose inviter is still an active admin."""
    inviter_may = {"invited_by__is_active": True, "invited_by__site_role": SiteRole.ADMIN}
    return _open().filter(expires_at__gt=timezone.now(), **inviter_may)


def _refuse_taken(username: str) -> None:
    if User.objects.filter(username__iexact=username).exists():
        raise NameTaken


def _event(action: str, actor: User, invitation: Invitation, **details: Any) -> Event:
    return Event(
        action=action,
        actor=actor,
        target_type="invitation",
        target_id=str(invitation.pk),
        target_name=invitation.username,
        **details,
    )


def _values(invitation: Invitation) -> dict[str, Any]:
    return {
        "username": invitation.username,
        "email": invitation.email,
        "site_role": invitation.site_role,
        "teams": sorted(team.name for team in invitation.teams.all()),
        "expires_at": invitation.expires_at.isoformat(timespec="seconds"),
    }
