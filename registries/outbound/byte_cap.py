"""Byte cap on raw answers: headers, framing and body, before any decoding.

The transport's cap on the decoded body is not enough: a chunk of the size -1 makes urllib3 read to the end of the
connection at once (590 MiB of memory for 190 MiB sent, measured with urllib3 2.8).
"""

import http.client
import io
import socket
from typing import Any

HEADERS_AND_FRAMING = 2**20  # allowance for bytes beyond the body


class ResponseTooLarge(OSError):
    """An answer exceeded its byte cap."""


class _Capped(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, max_bytes: int) -> None:
        super().__init__()
        self._raw, self._left = raw, max_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise ResponseTooLarge
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class CappedResponse(http.client.HTTPResponse):
    """HTTP response of at most `max_bytes`, headers and framing included. Reading on raises ResponseTooLarge."""

    max_bytes: int

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Capped(sock.makefile("rb", buffering=0), self.max_bytes))
