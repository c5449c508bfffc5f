"""Faults that need a socket: connections that end early, hang, are slow, or never end."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from itertools import chain, count, repeat

from registries.sandbox.answers import Answer
from registries.sandbox.faults import Fault, Produce

MAX_SECONDS, MAX_BYTES = 30.0, 64 << 20
PATIENCE_S = 0.05
BLOCK = b"a" * 65_536


def head(answer: Answer, reason: str, *, length: int | None = None) -> bytes:
    """Status line and headers; `length` adds Content-Length and the end of the connection."""
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if length is not None:
        lines += [f"Content-Length: {length}", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def play(fault: Fault, produce: Produce, connection: socket.socket, stop: threading.Event) -> bool:
    """Performs a fault on the connection, which must be closed afterwards. True: close it with a reset."""
    if fault.apply or fault.fault in ("drop_after", "truncated", "slow_headers", "slow_body"):
        answer = produce()
    else:
        answer = Answer(200, {"Content-Type": "application/json"})
    match fault.fault:
        case "reset":
            # Without waiting, unsent and unread data make the kernel answer with RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return True
        case "hang":
            _hang(connection, stop, _seconds(fault))
        case "truncated":
            body = answer.body or b"{}"
            connection.sendall(head(answer, "OK", length=len(body)) + body[: len(body) // 2])
        case "drop_before" | "drop_after":
            pass
        case _:
            _send_bounded(connection, _pieces(fault, answer), fault, stop)
    return False


def _seconds(fault: Fault) -> float:
    return min(fault.seconds, MAX_SECONDS)


def _pieces(fault: Fault, answer: Answer) -> Iterator[bytes]:
    """The pieces that a slow or endless answer is sent in."""
    body = answer.body or b"{}"
    whole = head(answer, "OK", length=len(body))
    match fault.fault:
        case "slow_headers":
            return (bytes([one]) for one in whole + body)
        case "slow_body":
            return chain([whole], (bytes([one]) for one in body))
        case "endless_headers":
            return chain([b"HTTP/1.1 200 OK\r\n"], (f"X-Endless-{n}: x\r\n".encode() for n in count()))
        case "endless_1xx":
            return repeat(b"HTTP/1.1 102 Processing\r\n\r\n")
        case _:
            chunk = f"{len(BLOCK):x}\r\n".encode() + BLOCK + b"\r\n"
            started = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            return chain([started], repeat(chunk))


def _send_bounded(connection: socket.socket, pieces: Iterator[bytes], fault: Fault, stop: threading.Event) -> None:
    """Sends the pieces until the last, or until time or bytes run out, the server stops, or the client leaves."""
    pause = fault.ms / 1000 if fault.fault.startswith("slow_") else 0.0
    end, sent = time.monotonic() + _seconds(fault), 0
    connection.settimeout(_seconds(fault))
    try:
        for piece in pieces:
            connection.sendall(piece)
            sent += len(piece)
            if sent > MAX_BYTES or time.monotonic() > end or stop.is_set():
                return
            if pause and _waits(connection, stop, pause):
                return
    except OSError:
        return  # the client has left, which is how most of these end


def _hang(connection: socket.socket, stop: threading.Event, seconds: float) -> None:
    _waits(connection, stop, seconds)


def _waits(connection: socket.socket, stop: threading.Event, seconds: float) -> bool:
    """Waits; True as soon as the client has left or the server stops."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if stop.wait(min(left, PATIENCE_S)) or has_left(connection):
            return True
    return False


def has_left(connection: socket.socket) -> bool:
    """Whether the other side has closed the connection."""
    blocking = connection.gettimeout()
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(blocking)
