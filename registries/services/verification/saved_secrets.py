"""What Corral remembers of credentials: the encrypted copies that teams let it keep, and how they were tested."""

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from registries.access import Access
from registries.models import ConnectionProfile, CredentialStatus, Verification
from registries.rancher.types import Registry

TEST_COUNTS_FOR = timedelta(minutes=15)


def how_it_was_tested(access: Access, registry: Registry, user: str | None) -> dict[str, str]:
    """What the person's last test of that user found, for the audit log beside the save: ``{"tested": reason}``."""
    tests = Verification.objects.filter(
        profile=access.profile,
        source=Verification.Source.FORM,
        actor=access.user.get_username(),
        server_address=registry.server_address or "",
        checked_at__gt=timezone.now() - TEST_COUNTS_FOR,
    )
    last = (tests.filter(public_value=user) if user is not None else tests).first()
    return {"tested": last.reason if last else "not tested"}


def note_secret(
    profile: ConnectionProfile, registry: Registry, credential_id: str, *, user: str, secret: str, keep: bool | None
) -> None:
    """Remembers that a credential was saved, and its secret only as far as the team wants that.

    `secret` is "" where the stored one stays. `keep` None leaves it at that: a copy that is there is renewed, none is
    made. A new secret is a new start: what was found of the old one says nothing about it.
    """
    watched = CredentialStatus.objects.filter(profile=profile, credential_id=credential_id).first()
    had_copy = watched is not None and bool(watched.secret)
    if watched is None:
        watched = CredentialStatus(profile=profile, credential_id=credential_id)
    watched.registry_id, watched.public_value = registry.id, user
    if watched.server_address != (registry.server_address or ""):
        watched.server_address = registry.server_address or ""
        watched.secret = ""  # sealed for another address
    keeps = profile.keeps_copies and (had_copy if keep is None else keep)
    if secret:
        watched.secret_saved_at = timezone.now()
        watched.reason, watched.refusals, watched.failing_since, watched.checked_at = "", 0, None, None
        watched.secret = secret if keeps else ""
    elif not keeps:
        watched.secret = ""
    watched.next_check_at = first_check_at() if watched.secret else None
    watched.save()


def forget_copy(watched: CredentialStatus) -> None:
    """Deletes the kept secret; what was found stays."""
    watched.secret = ""
    watched.next_check_at = None
    watched.save(update_fields=["secret", "next_check_at"])


def forget_copies(profile: ConnectionProfile) -> int:
    """Deletes every secret that is kept for a profile; how many there were."""
    kept = [one for one in CredentialStatus.objects.filter(profile=profile) if one.secret]
    for watched in kept:
        forget_copy(watched)
    return len(kept)


def watched_of(profile: ConnectionProfile) -> dict[str, CredentialStatus]:
    """By credential id; their secrets stay sealed."""
    return {one.credential_id: one for one in CredentialStatus.objects.filter(profile=profile)}


def first_check_at() -> datetime:
    """Somewhere in the first tenth of the interval: what was saved together is not checked together."""
    return timezone.now() + settings.CHECK_EVERY * random.uniform(0.0, 0.1)  # noqa: S311 - spreads load


def next_check_at() -> datetime:
    """After the interval, give or take a tenth of it."""
    return timezone.now() + settings.CHECK_EVERY * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load
