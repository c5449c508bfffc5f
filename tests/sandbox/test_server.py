"""The sandbox over HTTP on loopback, and under requests."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from registries.sandbox.adapter import SandboxAdapter
from registries.sandbox.faults import FaultPlan
from registries.sandbox.server import HOST, SandboxServer, serve

from .helpers import REGISTRIES, Desk


def test_listens_on_loopback_only(server: SandboxServer) -> None:
    assert server.server_address[0] == HOST == "127.0.0.1"


def test_answers_chunked_and_packed_when_asked(server: SandboxServer, session: requests.Session) -> None:
    packed = session.get(server.base_url + REGISTRIES)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Transfer-Encoding"] == "chunked"
    plain = session.get(server.base_url + REGISTRIES, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == packed.json()


def test_keeps_the_connection(server: SandboxServer) -> None:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=5)
    try:
        connection.request("GET", "/ping")
        connection.getresponse().read()
        first = connection.sock
        connection.request("HEAD", "/v1")
        assert connection.getresponse().read() == b""
        connection.request("GET", "/ping")
        assert connection.getresponse().read() == b"pong\n"
        assert connection.sock is first
    finally:
        connection.close()


def test_links_name_the_host_that_was_asked(server: SandboxServer, session: requests.Session) -> None:
    assert session.get(server.base_url + REGISTRIES).json()["links"]["self"] == server.base_url + REGISTRIES


def test_gives_browsers_a_csrf_cookie(server: SandboxServer, session: requests.Session) -> None:
    asked = session.get(server.base_url + REGISTRIES, headers={"User-Agent": "Mozilla/5.0"})
    assert "CSRF=" in asked.headers["Set-Cookie"]
    assert "CSRF=" not in session.get(server.base_url + REGISTRIES).headers["Set-Cookie"]


@pytest.mark.parametrize("headers", ["Content-Length: 99999999999", "Content-Length: x", "Transfer-Encoding: chunked"])
def test_refuses_bodies_of_unknown_length(server: SandboxServer, headers: str) -> None:
    with socket.create_connection((HOST, server.port), timeout=5) as connection:
        connection.sendall(f"POST /v1/registries HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")


def test_answers_old_clients_and_ends_the_connection(server: SandboxServer) -> None:
    with socket.create_connection((HOST, server.port), timeout=5) as connection:
        connection.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(1000), b""))
    assert answer.endswith(b"\r\n\r\npong\n")
    assert b"Transfer-Encoding" not in answer


def test_closing_ends_open_connections() -> None:
    with serve(Desk().sandbox) as url:
        connection = socket.create_connection((HOST, int(url.rpartition(":")[2])), timeout=5)
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    with connection:
        assert connection.recv(1) == b""


def test_a_mistake_of_the_sandbox_itself_is_reported(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server.sandbox, "handle", lambda *_: 1 / 0)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.base_url}/ping", timeout=5)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_many_threads_get_ids_of_their_own(server: SandboxServer, session: requests.Session) -> None:
    def create(index: int) -> str:
        body = {"serverAddress": f"r{index}.example"}
        answer = requests.post(server.base_url + REGISTRIES, json=body, auth=session.auth, timeout=10)
        return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(40)))) == 40
    assert len(session.get(server.base_url + REGISTRIES).json()["data"]) == 40


def test_adapter_answers_without_a_socket() -> None:
    desk = Desk()
    with requests.Session() as session:
        session.mount("http://rancher.test", SandboxAdapter(desk.sandbox, clock=lambda: desk.now))
        session.auth = desk.sandbox.keys["env"]
        made = session.post(f"http://rancher.test{REGISTRIES}", json={"serverAddress": "quay.io"})
        assert (made.status_code, made.json()["state"]) == (201, "registering")
        desk.wait()
        listed = session.get(f"http://rancher.test{REGISTRIES}", params={"limit": "5", "state": "active"}).json()
        assert [row["serverAddress"] for row in listed["data"]] == ["quay.io"]
        assert listed["pagination"]["limit"] == 5


def test_adapter_takes_no_streamed_body() -> None:
    with requests.Session() as session:
        session.mount("http://rancher.test", SandboxAdapter(Desk().sandbox))
        with pytest.raises(TypeError, match="streamed"):
            session.post(f"http://rancher.test{REGISTRIES}", data=iter([b"{}"]))


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        ("drop_before", requests.ConnectionError, False),
        ("drop_after", requests.ConnectionError, True),
        ("reset", requests.ConnectionError, False),
        ("hang", requests.ReadTimeout, False),
        ("truncated", requests.exceptions.ChunkedEncodingError, True),
    ],
)
def test_adapter_turns_faults_into_a_clients_errors(fault: str, error: type[Exception], applied: bool) -> None:
    desk, plan = Desk(), FaultPlan()
    plan.add(fault, times=1)
    plan.add("status", status=418, times=1)
    with requests.Session() as session:
        session.mount("http://rancher.test", SandboxAdapter(desk.sandbox, faults=plan, clock=lambda: desk.now))
        session.auth = desk.sandbox.keys["env"]
        with pytest.raises(error):
            session.post(f"http://rancher.test{REGISTRIES}", json={"serverAddress": "quay.io"})
        assert session.get(f"http://rancher.test{REGISTRIES}").status_code == 418
    assert len(desk.names()) == int(applied)
