"""Runs background tasks, and outlives a database that is away or locked."""

import time
from typing import Any

from django.db import DatabaseError, connections
from django_tasks_db.management.commands import db_worker

from dashboard.heartbeats import beating

PAUSES_S = (1, 2, 5, 10, 30)


class Command(db_worker.Command):
    """`db_worker` of the library ends with the first error of the database that it meets outside of a task."""

    help = "Runs background tasks. A database that does not answer is waited for."

    def handle(self, **options: Any) -> None:
        failures = 0
        with beating("worker"):
            while True:
                try:
                    super().handle(**options)
                except DatabaseError as error:
                    if options["batch"]:
                        raise
                    pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                    failures += 1
                    db_worker.logger.warning("The database does not answer (%s); again in %d s", error, pause_s)
                    connections.close_all()
                    time.sleep(pause_s)
                else:
                    return
