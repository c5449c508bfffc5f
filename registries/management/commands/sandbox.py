"""`manage.py sandbox`: the stand-in Rancher as a server on loopback."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.sandbox import Sandbox, new_state
from registries.sandbox.sandbox import GENERATIONS
from registries.sandbox.seed import SEEDS
from registries.sandbox.server import serve
from registries.sandbox.storage import read_keys, read_state, write_atomically

SAVE_EVERY_S = 1.0


class Command(BaseCommand):
    help = "Starts a stand-in for a Rancher 1.x server on 127.0.0.1, for the demo and for trying things out."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True, help="0: any port that is free")
        parser.add_argument("--seed", choices=SEEDS, required=True, help="what it starts with")
        parser.add_argument("--rancher", choices=GENERATIONS, default="1.6", help="the generation")
        parser.add_argument("--transition-ms", type=int, default=400, help="how long activating and the like take")
        parser.add_argument("--keys-file", type=Path, help="role -> [access, secret key]; kept if it is there")
        parser.add_argument("--state-file", type=Path, help="keeps all data between two runs")

    def handle(self, *args: Any, **options: Any) -> None:
        sandbox = self._sandbox(options)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if options["keys_file"]:
            write_atomically(options["keys_file"], json.dumps(sandbox.keys, indent=1).encode())
        try:
            with serve(sandbox, port=options["port"]) as url:
                self.stdout.write(f"Sandbox Rancher {options['rancher']} on {url}")
                self.stdout.flush()
                self._keep(sandbox, options["state_file"], stop)
        except OSError as problem:
            raise CommandError(f"port {options['port']} cannot be used: {os.strerror(problem.errno or 0)}") from problem

    def _sandbox(self, options: dict[str, Any]) -> Sandbox:
        try:
            keys = read_keys(options["keys_file"])
            state = read_state(options["state_file"], generation=options["rancher"])
            if state is None:
                state = new_state(options["seed"], generation=options["rancher"], now=time.time(), keys=keys)
            return Sandbox(state, transition_ms=options["transition_ms"])
        except ValueError as problem:
            raise CommandError(str(problem)) from problem

    def _keep(self, sandbox: Sandbox, state_file: Path | None, stop: threading.Event) -> None:
        """Writes the state when it has changed, at most once a second, and at the end."""
        if state_file is None:
            stop.wait()
            return
        written = -1
        while True:
            ending = stop.wait(SAVE_EVERY_S)
            if sandbox.changes != written:
                written = sandbox.changes
                write_atomically(state_file, sandbox.snapshot())
            if ending:
                return
