"""Small registries and token services on loopback that answer what a test says, and remember what they were sent."""

import base64
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


@dataclass(frozen=True)
class Asked:
    """One request: path without its query, the query, who it says it is (``user:password`` or a token), and Host."""

    path: str
    query: Mapping[str, str]
    authorization: str
    host: str = ""

    @property
    def login(self) -> str:
        scheme, _, value = self.authorization.partition(" ")
        return base64.b64decode(value).decode() if scheme == "Basic" else value


Answering = Callable[[Asked], Reply]


@dataclass
class Server:
    """`origin` is ``https://127.0.0.1:<port>`` or the same over http, `address` what Rancher would hold."""

    origin: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return urlsplit(self.origin).netloc

    @property
    def port(self) -> int:
        return urlsplit(self.origin).port or 0

    @property
    def logins(self) -> list[str]:
        return [one.login for one in self.asked if one.authorization]


@contextmanager
def serving(answer: Answering, *, certificate: Path | None = None) -> Iterator[Server]:
    """Over TLS with a certificate, else over plain http."""
    seen: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(parts.path, query, self.headers.get("Authorization", ""), self.headers["Host"])
            seen.append(asked)
            reply = answer(asked)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Not a word."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up after a certificate they don't trust are what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Server(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}", seen)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def challenging(challenge: str, *, login: str = "", token: str = "") -> Answering:
    """A registry that wants a login (``user:password``) or a token, and takes the right one."""

    def answer(asked: Asked) -> Reply:
        if asked.login and asked.login in {login, token}:
            return Reply(headers=VERSION)
        return Reply(401, VERSION | {"WWW-Authenticate": challenge}, b'{"errors":[]}')

    return answer


def issuing(token: str, *, login: str) -> Answering:
    """A token service."""

    def answer(asked: Asked) -> Reply:
        return Reply(body=b'{"token":"%s"}' % token.encode()) if asked.login == login else Reply(401)

    return answer
