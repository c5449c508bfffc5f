"""Settles what was left open, profile by profile: one dead Rancher keeps no other profile's operations waiting."""

from dataclasses import dataclass

from registries.models import ConnectionProfile, Operation
from registries.outbound.errors import UpstreamError
from registries.services.operations import lifecycle, pulls, removal
from registries.services.operations.settlement import settle


@dataclass
class Reconciliation:
    """How many open operations were looked at, settled, and could not be read."""

    looked_at: int = 0
    settled: int = 0
    unreadable: int = 0


def reconcile() -> Reconciliation:
    """Resumes removals that lost their worker, then settles every profile's open operations by reading Rancher."""
    done = Reconciliation()
    for operation_id in removal.stuck_removals():
        removal.advance_removal(operation_id)
    waiting = Operation.objects.filter(state__in=Operation.OPEN)
    for profile in ConnectionProfile.objects.filter(pk__in=waiting.values("profile")):
        count = waiting.filter(profile=profile).count()
        done.looked_at += count
        try:
            done.settled += count - len(lifecycle.settle_open(profile)) - pulls.settle_pulls(profile)
        except UpstreamError:
            done.unreadable += count
    done.settled += _end_orphans()
    return done


def _end_orphans() -> int:
    """Operations of profiles that were removed in Corral: nobody can read their outcome any more."""
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
