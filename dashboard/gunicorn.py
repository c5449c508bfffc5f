"""How gunicorn serves Corral: `gunicorn --config python:dashboard.gunicorn dashboard.wsgi`.

Loaded before Django, so it reads the environment itself; README.md lists the settings.
"""

import atexit
import os
import shutil
from typing import Any

from dashboard import env, metrics_folder

bind = env.text("CORRAL_BIND", "127.0.0.1:8000")
# Pages wait for Rancher, so threads; the number of processes follows the cores.
worker_class = "gthread"
workers = env.number("CORRAL_WORKERS", 2)
threads = env.number("CORRAL_THREADS", 8)
preload_app = True  # one start, one place where a refused setting ends it, memory shared by the processes
timeout = 30  # seconds that a process may be stuck; one call to Rancher takes 8 at most
graceful_timeout = 10
keepalive = 5
max_requests, max_requests_jitter = 20_000, 2_000  # what leaks in a library stays small
limit_request_line = 8190
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - the heartbeat needs no disk
control_socket_disable = True  # nobody steers a running server but its service manager
accesslog = None  # /metrics counts requests, and the proxy in front has a line for each
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "dashboard.logs.JSONLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {"gunicorn.error": {"level": "INFO", "propagate": True}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}

# Every process counts into a folder of this start; prometheus_client reads the name from the environment.
metrics_folder.remove_left_over()
METRICS = os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_folder.make())


@atexit.register
def _remove_metrics(started_by: int = os.getpid()) -> None:
    """Also when a refused setting ends the start; not in the processes that are forked from this one."""
    if os.getpid() == started_by:
        shutil.rmtree(METRICS, ignore_errors=True)


def child_exit(_server: Any, worker: Any) -> None:
    """Forgets the gauges of a process that ended."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - it reads the environment that is set above

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
