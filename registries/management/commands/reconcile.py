"""The beat: settles operations that were left open, and hands what is due to the worker."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from dashboard.heartbeats import beat
from dashboard.loops import guarded_step
from dashboard.people.sign_in.failures import write_failed_sign_ins
from dashboard.rate_limits import delete_expired_limits
from registries.management.prune import prune_hourly
from registries.services.audit.chain_check import log_head_daily
from registries.services.notifications import delivery
from registries.services.operations import reconcile
from registries.services.verification import schedule

STEPS: dict[str, Callable[[], object]] = {
    "note that the beat lives": lambda: beat("beat"),
    "queue verifications": schedule.enqueue_due,
    "queue alerts": delivery.enqueue_due,
    "log the head of the audit log": log_head_daily,
    "delete expired limits": delete_expired_limits,
    "write failed sign-ins": write_failed_sign_ins,
    "delete what is old": prune_hourly,
}


class Command(BaseCommand):
    help = (
        "Settles open operations by reading Rancher (nothing is sent again), and queues verifications and "
        "alerts that are due. Safe at any time, and as often as you like."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever, with this pause")

    def handle(self, *args: Any, every: float | None, **options: Any) -> None:
        while True:
            failed: list[str] = []
            for name, step in STEPS.items():
                with guarded_step(name, failed):
                    step()
            with guarded_step("settle operations", failed):
                done = reconcile.reconcile(failed)
                if done.looked_at or every is None:
                    self.stdout.write(f"{done.looked_at} open, {done.settled} settled, {done.unreadable} unreadable")
            if every is None:
                if failed:
                    raise CommandError(f"Failed, and logged with the cause: {', '.join(failed)}.")
                return
            close_old_connections()
            time.sleep(every)
