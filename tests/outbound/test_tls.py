"""TLS is verified, always, against the system's authorities and the profile's own."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from registries.outbound.base_url import BaseURL
from registries.outbound.errors import UpstreamError
from registries.outbound.transport import Transport
from registries.rancher.connection_check import check_connection
from tests.authority import DAY, NOW, Authority
from tests.upstream_stands import QUICK

Issue = Callable[..., Path]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@contextmanager
def tls_server(file: Path | None) -> Iterator[BaseURL]:
    """Answers pong over TLS; without a certificate it takes the connection and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.settimeout(2)
        if file is None:
            over.wait(2)
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong")

    def serve() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    talk(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield BaseURL("https", "127.0.0.1", listener.getsockname()[1])
    finally:
        over.set()
        thread.join()
        listener.close()


def ping(base: BaseURL, ca_certificate: str | None) -> str:
    """The body, or the reason of the error."""
    transport = Transport(base, allow=lambda *_: True, ca_certificate=ca_certificate, limits=QUICK)
    try:
        return transport.send("GET", "/ping").body.decode()
    except UpstreamError as error:
        return f"applied?{error.reason}" if error.maybe_applied else error.reason
    finally:
        transport.close()


def test_trusts_the_authority_of_the_profile(authority: Authority) -> None:
    with tls_server(authority.issue()) as base:
        assert ping(base, authority.pem) == "pong"


def test_reads_a_ca_file_with_words_around_its_certificates_in_any_language(authority: Authority) -> None:
    with tls_server(authority.issue()) as base:
        assert ping(base, f"# Unternehmens-Zertifikat für Köln, 証明書\n{authority.pem}\nEnde ✓") == "pong"


def test_trusts_nobody_else(authority: Authority) -> None:
    with tls_server(authority.issue()) as base:
        assert ping(base, None) == "tls_unknown_ca"


def test_refuses_a_certificate_that_has_expired(authority: Authority) -> None:
    with tls_server(authority.issue(until=NOW - DAY)) as base:
        assert ping(base, authority.pem) == "tls_expired"


def test_refuses_a_certificate_for_another_name(authority: Authority) -> None:
    with tls_server(authority.issue(host="other.example")) as base:
        assert ping(base, authority.pem) == "tls_name"


def test_compares_the_certificate_with_the_name_though_it_connects_to_an_address(authority: Authority) -> None:
    with tls_server(authority.issue(host="rancher.example")) as base:
        named = BaseURL("https", "rancher.example", base.port)
        transport = Transport(
            named,
            allow=lambda *_: True,
            ca_certificate=authority.pem,
            limits=QUICK,
            resolve=lambda *_: ["127.0.0.1"],
        )
        assert transport.send("GET", "/ping").body == b"pong"
        transport.close()


def test_ends_a_handshake_that_hangs(authority: Authority) -> None:
    with tls_server(None) as base:
        assert ping(base, authority.pem) in {"timeout", "tls"}


def test_calls_a_server_that_speaks_an_odd_tls_so(authority: Authority, tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # alert: handshake failure

    thread = threading.Thread(target=talk)
    thread.start()
    assert ping(BaseURL("https", "127.0.0.1", listener.getsockname()[1]), authority.pem) == "tls"
    thread.join()
    listener.close()


def test_the_check_tells_the_version_of_tls(authority: Authority) -> None:
    with tls_server(authority.issue()) as base:
        found = check_connection(
            base,
            allow=lambda *_: True,
            access_key="a",
            secret_key="b",
            ca_certificate=authority.pem,
            limits=QUICK,
        )
    steps = {step.slug: step for step in found.steps}
    assert steps["tls"].outcome == "ok"
    assert "TLSv1." in steps["tls"].detail
