"""Settles open operations, profile by profile, so that one dead Rancher doesn't delay other profiles."""

import contextlib
from dataclasses import dataclass

from dashboard.loops import guarded_step
from registries.models import ConnectionProfile, Operation
from registries.outbound.errors import UpstreamError
from registries.services.operations import lifecycle, pulls, removal
from registries.services.operations.settlement import settle


@dataclass
class Reconciliation:
    """Counts of open operations: examined, settled, unreadable."""

    looked_at: int = 0
    settled: int = 0
    unreadable: int = 0


def reconcile(failed: list[str] | None = None) -> Reconciliation:
    """Resumes removals that lost their worker, then settles every profile's open operations by reading Rancher.

    A profile or removal that fails doesn't stop the others; its name is appended to `failed`.
    """
    done = Reconciliation()
    for operation_id in removal.find_stuck_removals():
        with guarded_step(f"resume removal {operation_id}", failed):
            removal.advance_removal(operation_id)
    waiting = Operation.objects.filter(state__in=Operation.OPEN)
    for profile in ConnectionProfile.objects.filter(pk__in=waiting.values("profile")):
        count = waiting.filter(profile=profile).count()
        done.looked_at += count
        done.unreadable += count  # until it is read
        with guarded_step(f"settle {profile.slug}", failed), contextlib.suppress(UpstreamError):
            left = len(lifecycle.settle_open(profile)) + pulls.settle_pulls(profile)
            done.settled += count - left
            done.unreadable -= count
    done.settled += _end_orphans()
    return done


def _end_orphans() -> int:
    """Ends operations of profiles that were removed in Corral: their outcome can't be read any more."""
    orphans = Operation.objects.filter(profile=None, state__in=Operation.OPEN)
    return sum(
        settle(
            orphan,
            Operation.State.FAILED,
            error_reason="profile_removed",
            error_text="The profile was removed from Corral before the outcome was read; look in Rancher.",
        )
        for orphan in orphans
    )
