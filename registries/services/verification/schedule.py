"""Kept copies are verified again and again: spread out, one at a time per host, few enough that no account is locked.

The beat (`manage.py reconcile --every`) finds what is due, the worker verifies it.
"""

import hashlib
from collections import defaultdict
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from dashboard.loops import guarded_step
from registries.models import CredentialStatus
from registries.oci import endpoint_of
from registries.outbound.errors import BadAddress
from registries.services.notifications import alerts
from registries.services.verification import verify

MOST_AT_ONCE = 200  # of a beat
RETRY_DELAY = timedelta(seconds=30)
LONGEST_VERIFICATION_S = 60  # several calls of 8 s each
CLAIMED_FOR = timedelta(minutes=30)  # a claim whose worker died is due again


def enqueue_due() -> int:
    """Claims what is due and hands it to the worker, one task a host; how many credentials that were."""
    now = timezone.now()
    by_host: dict[str, list[int]] = defaultdict(list)
    with transaction.atomic():
        for watched in CredentialStatus.objects.filter(next_check_at__lte=now).order_by("next_check_at")[:MOST_AT_ONCE]:
            claim = CredentialStatus.objects.filter(pk=watched.pk, next_check_at=watched.next_check_at)
            with guarded_step(f"queue credential {watched.pk}"):
                if claim.update(next_check_at=now + CLAIMED_FOR):
                    by_host[_host_of(watched)].append(watched.pk)
        for watched_ids in by_host.values():
            verify_credentials.enqueue(watched_ids)
    return sum(map(len, by_host.values()))


@task()
def verify_credentials(status_ids: list[int]) -> None:
    """Verifies kept copies of one host's credentials, one after the other."""
    verify_one_by_one(status_ids)


def verify_one_by_one(watched_ids: list[int]) -> None:
    """Verifies credentials of one host, one after the other, and says of each when the next time is.

    Where another worker is asking that host at the moment, they are due again a little later.
    """
    for watched_id in watched_ids:
        with guarded_step(f"verify credential {watched_id}"):
            _verify_in_turn(watched_id)


def _verify_in_turn(watched_id: int) -> None:
    watched = CredentialStatus.objects.select_related("profile").filter(pk=watched_id).first()
    if watched is None or not watched.secret or not watched.profile.keeps_copies:
        return  # forgotten since it was claimed
    lock = f"verifying:{hashlib.sha256(_host_of(watched).encode()).hexdigest()}"
    if not cache.add(lock, True, timeout=LONGEST_VERIFICATION_S):
        CredentialStatus.objects.filter(pk=watched.pk).update(next_check_at=timezone.now() + RETRY_DELAY)
        return
    try:
        verify.verify_on_schedule(watched)
        watched.refresh_from_db()
        alerts.notify_of_expiry(watched)
    finally:
        cache.delete(lock)


def _host_of(watched: CredentialStatus) -> str:
    """Where it is asked: names and ports of one registry are one host, so that its accounts see one login at a time."""
    try:
        return endpoint_of(watched.server_address).host
    except BadAddress:
        return watched.server_address.lower()
