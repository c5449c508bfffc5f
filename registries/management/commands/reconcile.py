"""The beat: settles operations that were left open, and hands what is due to the worker."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from dashboard.people.sign_in.failures import write_failed_sign_ins
from dashboard.rate_limits import delete_expired_limits
from registries.services.audit.chain_check import log_head_daily
from registries.services.notifications import delivery
from registries.services.operations import reconcile
from registries.services.verification import schedule


class Command(BaseCommand):
    help = (
        "Settles open operations by reading Rancher (nothing is sent again), and queues verifications and "
        "alerts that are due. Safe at any time, and as often as you like."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever, with this pause")

    def handle(self, *args: Any, every: float | None, **options: Any) -> None:
        while True:
            try:
                done = reconcile.reconcile()
                schedule.enqueue_due()
                delivery.enqueue_due()
                log_head_daily()
                delete_expired_limits()
                write_failed_sign_ins()
                if done.looked_at or every is None:
                    self.stdout.write(f"{done.looked_at} open, {done.settled} settled, {done.unreadable} unreadable")
            except OperationalError as error:
                if every is None:
                    raise
                self.stderr.write(f"The database does not answer ({error}); trying again in {every:g} s.")
            if every is None:
                return
            close_old_connections()
            time.sleep(every)
