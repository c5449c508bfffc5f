"""HTTP server for the sandbox, on loopback.

    with serve(sandbox, port=0) as base_url:
        requests.get(f"{base_url}/ping")

Besides Rancher's API it serves `/sandbox/faults`: GET lists the faults that are set, POST adds one (JSON, see
`faults`), DELETE clears all. Only 127.0.0.1 can reach it. A test gets transitions that never end with
`sandbox.clockwork.transition_ms = 10**9`, and twins of one address (which only a race makes) with `state.add_row`.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.client
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import msgspec

from registries.sandbox import fault_sockets
from registries.sandbox.answers import JSON_TYPE, Answer
from registries.sandbox.faults import WIRE, Fault, FaultPlan, altered
from registries.sandbox.sandbox import Sandbox

HOST = "127.0.0.1"
MAX_BODY = 16 << 20
CONTROL = "/sandbox/faults"


class SandboxServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens on 127.0.0.1, on any free port for `port=0`. `faults` can be filled by a test in the same process."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False  # closing waits for the threads, so that no socket is left open behind it

    def __init__(self, sandbox: Sandbox, *, port: int = 0, faults: FaultPlan | None = None) -> None:
        self.sandbox, self.faults = sandbox, faults if faults is not None else FaultPlan()
        self.stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            self._open.add(request)
        super().process_request(request, client_address)

    def reset(self, connection: socket.socket) -> None:
        """Ends this connection with a TCP reset once its handler is through."""
        self._to_reset.add(connection)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
            if request in self._to_reset:
                self._to_reset.discard(request)
                request.close()
                return
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stops listening, ends what is still open, and waits for it."""
        self.stop.set()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Reports errors of the sandbox itself, not clients that leave in mid-request."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SandboxServer
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def log_message(self, *args: object) -> None:
        """Logs nothing: requests are in the audit log."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Answer(411, {"Content-Type": "text/plain"}, b"a length, please, and not too long\n"))
            return
        body = self.rfile.read(int(length))
        if self.path == CONTROL:
            self._send(self._control(body))
            return
        fault = self.server.faults.take(self.command, self.path)
        if fault is None:
            self._send(self._produce(body))
        else:
            self._misbehave(fault, body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - the names that the base class calls

    def _produce(self, body: bytes) -> Answer:
        return self.server.sandbox.handle(self.command, self.path, dict(self.headers.items()), body, time.time())

    def _misbehave(self, fault: Fault, body: bytes) -> None:
        produce = functools.partial(self._produce, body)
        if fault.fault in WIRE:
            self.close_connection = True
            if fault_sockets.play(fault, produce, self.connection, self.server.stop):
                self.server.reset(self.connection)
            return
        answer = altered(fault, produce)
        if fault.fault == "latency":
            self.server.stop.wait(fault.ms / 1000)
        self._send(answer)

    def _control(self, body: bytes) -> Answer:
        """Answers the control path. It requires JSON's content type, which no foreign web page can send by itself."""
        plan = self.server.faults
        headers = {"Content-Type": JSON_TYPE}
        if self.command not in ("GET", "POST", "DELETE"):
            return Answer(405, headers)
        if self.command == "POST" and self.headers.get_content_type() != "application/json":
            return Answer(415, headers, b'{"error":"the content type has to be application/json"}')
        try:
            if self.command == "POST":
                plan.add(msgspec.json.decode(body, type=Fault))
            elif self.command == "DELETE":
                plan.clear()
        except (ValueError, msgspec.MsgspecError) as problem:
            return Answer(400, headers, msgspec.json.encode({"error": str(problem)}))
        return Answer(200, headers, msgspec.json.encode(plan.waiting()))

    def _send(self, answer: Answer) -> None:
        """Sends an answer as Jetty does: chunked, and compressed when a successful GET accepts gzip."""
        body, headers = answer.body, dict(answer.headers)
        packs = self.command == "GET" and answer.status == 200 and "gzip" in self.headers.get("Accept-Encoding", "")
        if packs and "Content-Encoding" not in headers:
            body = gzip.compress(body, compresslevel=1)
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding, User-Agent"}
        headers["Date"] = self.date_time_string()
        if "Mozilla" in self.headers.get("User-Agent", "") and "Set-Cookie" in headers:
            headers["Set-Cookie"] += ", CSRF=0C114DC7A4;Path=/"
        if self.request_version == "HTTP/1.0" or self.close_connection:
            self.close_connection = True
            headers |= {"Content-Length": str(len(body)), "Connection": "close"}
        else:
            headers["Transfer-Encoding"] = "chunked"
        sent = fault_sockets.head(Answer(answer.status, headers), http.client.responses.get(answer.status, "Unknown"))
        if self.command != "HEAD":
            sent += _chunked(body) if "Transfer-Encoding" in headers else body
        self.wfile.write(sent)


def _chunked(body: bytes) -> bytes:
    return (f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"") + b"0\r\n\r\n"


@contextlib.contextmanager
def running(sandbox: Sandbox, *, port: int = 0, faults: FaultPlan | None = None) -> Iterator[SandboxServer]:
    """The server in a thread of its own; it has stopped and closed everything when the block ends."""
    server = SandboxServer(sandbox, port=port, faults=faults)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def serve(sandbox: Sandbox, *, port: int = 0, faults: FaultPlan | None = None) -> Iterator[str]:
    """The base URL of a running server, such as `http://127.0.0.1:8081`. Port 0: any that is free."""
    with running(sandbox, port=port, faults=faults) as server:
        yield server.base_url
