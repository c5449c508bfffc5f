"""The record at a million events: its first and last page, its export, and what one row more costs."""

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.ratio import Ratio
from tests.bench.servers import Cost, Server, gunicorn, manage

FIRST, LAST = "/audit/", "/audit/?before=101"
EXPORT = "/audit/export/?format={}"
TIMES = 40
APPENDED = 300
# inside `manage.py shell`: rows in transactions of their own, as requests write them
APPEND = """
import time
from dashboard.events import Event
from registries.services.audit.write import write_audit_event
started = time.process_time()
for number in range({count}):
    event = Event(action="team.rename", actor_name="bench", before={{"name": "old"}}, after={{"name": "new"}})
    write_audit_event(event)
print("ms", (time.process_time() - started) * 1000 / {count})
"""


def compare_record(environment: Mapping[str, str], folder: Path, page: Cost) -> list[Ratio]:
    """`page` is what the list of registries costs; `environment` has the collected static files."""
    environment = {**environment, "DATABASE_URL": f"sqlite:///{folder / 'record.sqlite3'}"}
    manage("migrate", "--verbosity=0", environment=environment)
    manage("createcachetable", environment=environment)
    session = manage("shell", "-c", "import tests.bench.million", environment=environment).split("session ")[1].strip()
    row_ms = float(manage("shell", "-c", APPEND.format(count=APPENDED), environment=environment).split("ms ")[1])
    with gunicorn("dashboard.wsgi:application", environment) as corral:
        corral.cookie = f"corral={session}"
        first, last = corral.measure(FIRST, times=TIMES), corral.measure(LAST, times=TIMES)
        exports = [take_export(corral, kind) for kind in ("jsonl", "csv")]
    worst_mb = max(mb for _, mb in exports)
    rates = ", ".join(
        f"{kind} {rate:,.0f} rows/s" for kind, (rate, _) in zip(("JSON Lines", "CSV"), exports, strict=True)
    )
    return [
        Ratio(
            "(e) audit page, last / first, wall ",
            last.wall_ms / first.wall_ms,
            1.3,
            f"{last.wall_ms:.1f} ms against {first.wall_ms:.1f} ms, of a million events",
        ),
        Ratio("(f) export above idle, MB          ", worst_mb, 10, rates),
        Ratio(
            "(g) row of the record / list, CPU  ",
            row_ms / page.cpu_ms,
            1.0,
            f"{row_ms:.2f} ms against {page.cpu_ms:.1f} ms",
        ),
    ]


def take_export(corral: Server, kind: str) -> tuple[float, float]:
    """Rows a second, and MB of the server's memory at its highest above what it had before."""
    with closing(http.client.HTTPConnection("127.0.0.1", corral.port, timeout=600)) as line:
        headers = {"Cookie": corral.cookie, "Host": f"127.0.0.1:{corral.port}"}
        with watched_memory(corral) as memory:
            started = time.perf_counter()
            line.request("GET", EXPORT.format(kind), headers=headers)
            answer = line.getresponse()
            rows = 0
            while piece := answer.read(1 << 20):
                rows += piece.count(b"\n")
            took = time.perf_counter() - started
    if answer.status != 200 or rows < 1_000_000:
        raise SystemExit(f"the export answered {answer.status} with {rows} lines")
    return rows / took, memory[1] - memory[0]


@contextmanager
def watched_memory(corral: Server) -> Iterator[list[float]]:
    """``[before, highest]`` in MB, of all processes of the server."""
    before = corral.memory_mb()
    memory, over = [before, before], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            memory[1] = max(memory[1], corral.memory_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()
