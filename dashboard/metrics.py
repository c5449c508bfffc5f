"""What the service counts, and the page that a Prometheus server reads it from.

Under gunicorn every process counts into files of a folder that they share (`dashboard.gunicorn`), so any of them can
answer for all.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from dashboard.heartbeats import last_beats
from dashboard.policy import PUBLIC, stamp

REQUESTS = Counter("corral_requests", "Answered requests.", ["view", "method", "status"])
SECONDS = Histogram(
    "corral_request_seconds",
    "From the first middleware to the answer.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 8),
)
HEARTBEAT = Gauge(
    "corral_heartbeat_timestamp_seconds",
    "Last sign of life of a kind of background process; 0 for never.",
    ["process"],
    multiprocess_mode="mostrecent",
)
METHODS = frozenset({"GET", "HEAD", "POST"})
Handler = Callable[[HttpRequest], HttpResponseBase]


def count_requests(get_response: Handler) -> Handler:
    """Middleware. Labels come from closed lists (names of views, few methods), so that nobody can make new series."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, response.status_code).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response

    return middleware


@require_GET
@never_cache
@stamp(PUBLIC)
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything counted, to whoever knows CORRAL_METRICS_TOKEN; without that setting there is no such page.

    An address is no proof here: behind a proxy on the same machine the whole world comes from 127.0.0.1.
    """
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404("Metrics are read with the token of this installation.")
    with suppress(DatabaseError):  # what was counted is read all the same
        for name, at in last_beats().items():
            HEARTBEAT.labels(name).set(at.timestamp() if at else 0)
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
