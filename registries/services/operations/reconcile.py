"""Settles open operations, profile by profile, so that one dead Rancher doesn't delay other profiles."""

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

    A profile, removal or operation that fails doesn't stop the others; its name is appended to `failed`.
    """
    done = Reconciliation()
    for operation_id in removal.find_stuck_removals():
        with guarded_step(f"resume removal {operation_id}", failed):
            removal.advance_removal(operation_id)
    waiting = Operation.objects.filter(state__in=Operation.OPEN)
    for profile in ConnectionProfile.objects.filter(pk__in=waiting.values("profile")):
        count = waiting.filter(profile=profile).count()
        done.looked_at += count
        is_read = _settle_profile(profile, failed)
        left = waiting.filter(profile=profile).count()
        done.settled += count - left
        done.unreadable += 0 if is_read else left
    done.settled += _end_orphans(failed)
    return done


def _settle_profile(profile: ConnectionProfile, failed: list[str] | None) -> bool:
    """Settles the profile's open operations, pulls apart from the others; returns whether all could be read."""
    wrong: list[str] = []
    steps = {f"settle {profile.slug}": lifecycle.settle_open, f"settle pulls of {profile.slug}": pulls.settle_pulls}
    for name, settle_open in steps.items():
        try:
            with guarded_step(name, wrong, passing=UpstreamError):
                settle_open(profile)
        except UpstreamError:  # noted on the profile; the other step would wait for the same Rancher
            return False
    if failed is not None:
        failed += wrong
    return not wrong


def _end_orphans(failed: list[str] | None) -> int:
    """Ends operations of profiles that were removed in Corral: their outcome can't be read any more."""
    ended = 0
    for orphan in Operation.objects.filter(profile=None, state__in=Operation.OPEN):
        with guarded_step(f"end operation {orphan.pk}", failed):
            ended += settle(
                orphan,
                Operation.State.FAILED,
                error_reason="profile_removed",
                error_text="The profile was removed from Corral before the outcome was read; look in Rancher.",
            )
    return ended
