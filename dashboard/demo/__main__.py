"""Starts the demo and keeps it running until Ctrl-C: two stand-in Ranchers, the workers and the web server.

What it makes is kept under `var/` (another folder is its argument), so that a second start finds everything again. One
process that ends takes the others with it: half a demo would only puzzle.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType

from dashboard.demo import ready
from dashboard.demo.parent import Parent
from dashboard.demo.processes import Died, Processes
from dashboard.demo.state import LOOPBACK, CannotStart, State, bind, bind_kept, only_one

EXAMPLE = "such as: make run PORT=8001"
CODE = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0  # a first start on a slow machine; usual are a few
SANDBOXES = {"rancher-1.6": ("1.6", "demo"), "rancher-1.4": ("1.4", "demo2")}
PEOPLE = {
    "admin": "may do everything",
    "operator": "changes registries",
    "viewer": "reads",
    "auditor": "reads everything, and who changed it",
}


class Stopped(BaseException):
    """Somebody asked us to end."""


def say(text: str) -> None:
    """To the terminal, at once; a terminal that was closed is no reason to leave processes behind."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the end


def wanted_port(text: str) -> socket.socket:
    """The socket for the web server, bound and held from the start; 0 takes any port that is free.

    Raises CannotStart with what to do.
    """
    if not text.isdecimal() or not int(text) < 65536:
        raise CannotStart(f"PORT={text} is no port: choose one from 1024 to 65535, {EXAMPLE}.")
    try:
        return bind(int(text))
    except PermissionError:
        raise CannotStart(f"Port {text} is not for everybody: choose one from 1024 on, {EXAMPLE}.") from None
    except OSError:
        raise CannotStart(f"Port {text} is taken: stop what listens there or choose another one, {EXAMPLE}.") from None


def environment(state: State, kept: Path) -> dict[str, str]:
    """The settings of the demo. Settings of a real installation in the shell around us don't get in."""
    ours = ("CORRAL_", "DATABASE_URL", "DJANGO_", "GUNICORN_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PYTHONUNBUFFERED": "1",
        "CORRAL_DEMO": "1",
        "CORRAL_SECRET_KEY": state.secret_key,
        "CORRAL_ENCRYPTION_KEYS": state.encryption_keys,
        "CORRAL_AUDIT_KEYS": state.audit_keys,
        "CORRAL_STATIC_ROOT": str(kept / "static"),
        "DATABASE_URL": f"sqlite:///{kept / 'corral.sqlite3'}",
        "DEMO_PASSWORD": state.password,
    }


def start(processes: Processes, state: State, kept: Path, web: socket.socket) -> None:
    """Everything, in the order in which one needs the other. Raises Died."""
    manage = [sys.executable, "manage.py"]
    sandboxes: list[str] = []
    say("Starting two stand-in Rancher servers ...")
    for name, (generation, seed) in SANDBOXES.items():
        port, keys, data = state.ports[name], kept / f"{name}.keys.json", kept / f"{name}.state.json"
        what = [f"--port={port}", f"--seed={seed}", f"--rancher={generation}"]
        processes.start(name, [*manage, "sandbox", *what, f"--keys-file={keys}", f"--state-file={data}"])
        sandboxes += ["--sandbox", f"http://{LOOPBACK}:{port}", str(keys)]
    for name in SANDBOXES:
        wait_for(processes, name, partial(ready.sandbox_answers, state.ports[name]))
    prepare = [*manage, "demo", *sandboxes, "--down", f"http://{LOOPBACK}:{state.ports['down']}"]
    processes.start("prepare", prepare, says_steps=True)
    processes.finish("prepare", within=START_SECONDS)
    say("Starting the worker and the reconciler ...")
    processes.start("worker", [*manage, "worker", "--interval", "0.2", "--no-startup-delay"])
    processes.start("reconcile", [*manage, "reconcile", "--every", "15"])
    say("Starting the web server ...")
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:dashboard.gunicorn"]
    processes.start("web", [*gunicorn, "--bind", f"fd://{web.fileno()}", "dashboard.wsgi"], pass_fds=[web.fileno()])
    port = web.getsockname()[1]
    web.close()  # gunicorn has its own: when that ends, nobody is left waiting on ours
    wait_for(processes, "web", partial(ready.page_answers, port))


def wait_for(processes: Processes, name: str, answers: Callable[[], bool]) -> None:
    """Raises Died when any process ends first, or when the answer takes too long."""
    if not ready.wait_until(answers, within=START_SECONDS, meanwhile=processes.check):
        raise Died(f"The {name} process does not answer after {START_SECONDS:.0f} s; see {processes.logs}/{name}.log.")


def run(var: Path, *, port: str, password: str, parent: Parent) -> None:
    """Runs until somebody stops it. Raises CannotStart, Died, and Stopped when asked to end."""
    kept, logs = var / "demo", var / "log"
    with ExitStack() as stack:
        web = stack.enter_context(wanted_port(port))
        url = f"http://{LOOPBACK}:{web.getsockname()[1]}"
        kept.mkdir(parents=True, exist_ok=True)
        logs.mkdir(exist_ok=True)
        stack.enter_context(only_one(kept / "lock"))
        state = State.load(kept / "state.json")
        state.password = password or state.password
        # Bound and never listening for as long as we run: nobody gets a port before the stand-in that it is for (which
        # may have it too, as SO_REUSEADDR goes), and the server of the last address is down, whatever else starts.
        for name in (*SANDBOXES, "down"):
            stack.enter_context(bind_kept(state, name))
        state.save(kept / "state.json")
        processes = Processes(environment(state, kept), logs, CODE)
        stack.callback(processes.stop)
        start(processes, state, kept, web)
        people = "\n".join(f"  {name:<9} {what}" for name, what in PEOPLE.items())
        say(f"Ready: {url}\n{people}\n  password  {state.password}\nLogs: {logs}. Ctrl-C ends it.")
        while not parent.is_leaving():
            time.sleep(0.5)
            processes.check()


def stop(_number: int, _frame: FrameType | None) -> None:
    # from here on a second Ctrl-C must not break off the ending of the others
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup make run: to outlive the terminal is what is wanted
        signal.signal(signal.SIGHUP, stop)
    parent = Parent()
    try:
        run(
            Path(sys.argv[1] if len(sys.argv) > 1 else "var").resolve(),
            port=os.environ.get("PORT") or "8000",
            password=os.environ.get("DEMO_PASSWORD", ""),
            parent=parent,
        )
    except Stopped:
        say("Stopped.")
    except (CannotStart, Died) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
