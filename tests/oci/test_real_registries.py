"""Real registries, and small ones for each failure: a verification says of them what skopeo says.

The table of both is printed: `pytest tests/oci/test_real_registries.py -s`.
"""

import contextlib
import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registries.oci import ProbeResult, Reason
from tests.authority import DAY, NOW, Authority
from tests.oci import real
from tests.oci.conftest import LOGIN, QUICK, SECRET, USER, Probe
from tests.oci.servers import Answering, Asked, Reply, challenging, serving

# bcrypt of SECRET and of NEW_SECRET (htpasswd -nbB -C 4)
HTPASSWD = f"{USER}:$2b$04$j.aURkpPHdT8Ujs.0d38g.uvaI06hIcdHP9.q3.cqIxY9rTdMrw6."
NEW_SECRET = "changed since"
NEW_HTPASSWD = f"{USER}:$2b$04$gNWEcxBgZ4REzZOgJWpHT.IOJlJ8DJe.vQflKluBARUJ8oThE4K6O"
IMAGE = "team/app:1.0"
LONG_LABEL = f"{'a' * 64}.example.com"  # no name may have such a label, so that nobody asks a name server

# What skopeo 1.9 writes, by the first that fits
SAYINGS = (
    (r"no such host", Reason.NAME_NOT_FOUND),
    (r"connection refused", Reason.UNREACHABLE),
    (r"server gave HTTP response to HTTPS client", Reason.TLS_PLAIN_HTTP),
    (r"certificate has expired", Reason.TLS_EXPIRED),
    (r"certificate is valid for .*, not|doesn't contain any IP SANs|not valid for any names", Reason.TLS_NAME),
    (r"certificate signed by unknown authority", Reason.TLS_UNKNOWN_CA),
    (r"context deadline exceeded", Reason.TIMEOUT),
    (r"too many requests", Reason.RATE_LIMITED),
    (r"manifest unknown", Reason.IMAGE_NOT_FOUND),
    (r"reading manifest .* (unauthorized|requested access .* denied)", Reason.NO_PULL_RIGHT),
    (r"invalid username/password|unable to retrieve auth token", Reason.BAD_CREDENTIALS),
    (r"status code|StatusCode|unsupported|unrecognized|cannot unmarshal|invalid character", Reason.NOT_A_REGISTRY),
)
# Where Corral tells apart what skopeo takes for one
SAYS_LESS = {Reason.NOT_PROVEN: Reason.OK, Reason.TOKEN_REFUSED: Reason.BAD_CREDENTIALS}


@dataclass(frozen=True)
class Row:
    """One case: what is asked how, and what has to come of it. With an image, skopeo inspects; else it logs in."""

    name: str
    server: str
    reason: Reason
    secret: str = SECRET
    image: str = ""
    plain_allowed: bool = False
    trusted: bool = True


ROWS = (
    Row("open, plain", "open plain", Reason.NOT_PROVEN, plain_allowed=True),
    Row("open, TLS", "open", Reason.NOT_PROVEN),
    Row("open, an image", "open", Reason.NOT_PROVEN, image=IMAGE),
    Row("open, no such image", "open", Reason.IMAGE_NOT_FOUND, image="team/none:1.0"),
    Row("htpasswd, plain", "htpasswd plain", Reason.OK, plain_allowed=True),
    Row("htpasswd, plain, wrong password", "htpasswd plain", Reason.BAD_CREDENTIALS, "wrong", plain_allowed=True),
    Row("htpasswd, plain, not allowed", "htpasswd plain", Reason.TLS_PLAIN_HTTP),
    Row("htpasswd, TLS", "htpasswd", Reason.OK),
    Row("htpasswd, TLS, wrong password", "htpasswd", Reason.BAD_CREDENTIALS, "wrong"),
    Row("htpasswd, TLS, an image", "htpasswd", Reason.OK, image=IMAGE),
    Row("htpasswd, TLS, no such tag", "htpasswd", Reason.IMAGE_NOT_FOUND, image="team/app:9"),
    Row("token, TLS", "token", Reason.OK),
    Row("token, TLS, wrong password", "token", Reason.BAD_CREDENTIALS, "wrong"),
    Row("token, TLS, an image", "token", Reason.OK, image=IMAGE),
    Row("token, TLS, an image of others", "token", Reason.NO_PULL_RIGHT, image="other/app:1.0"),
    Row("token, plain", "token plain", Reason.OK, plain_allowed=True),
    Row("token, plain, wrong password", "token plain", Reason.BAD_CREDENTIALS, "wrong", plain_allowed=True),
    Row("TLS, unknown issuer", "htpasswd", Reason.TLS_UNKNOWN_CA, trusted=False),
    Row("TLS, expired", "expired", Reason.TLS_EXPIRED),
    Row("TLS, another name", "misnamed", Reason.TLS_NAME),
    Row("nobody listens", "closed", Reason.UNREACHABLE),
    Row("no such name", "nameless", Reason.NAME_NOT_FOUND),
    Row("never answers", "silent", Reason.TIMEOUT),
    Row("too many requests", "busy", Reason.RATE_LIMITED),
    Row("a page that is not there", "missing", Reason.NOT_A_REGISTRY),
    Row("a web page in place of the image", "page", Reason.NOT_A_REGISTRY, image=IMAGE),
    Row("a fault of the server", "faulty", Reason.NOT_A_REGISTRY),
    Row("a redirect to a page", "redirecting", Reason.NOT_A_REGISTRY),
    Row("a token service that is none", "token elsewhere", Reason.NOT_A_REGISTRY),
    Row("a token that is not taken", "token not taken", Reason.TOKEN_REFUSED),
)


@dataclass
class Stand:
    """Every server of the table, by its name; `digest` is that of the image in the real ones."""

    addresses: dict[str, str]
    folder: Path
    ca_folder: Path
    digest: str
    changing: real.RealRegistry


def _small_ones(open_one: Callable[..., Any]) -> dict[str, str]:
    """A server for each failure."""

    def unanswered(_: Asked) -> Reply:
        never.wait(5)
        return Reply()

    never = threading.Event()
    answers: dict[str, Answering] = {
        "silent": unanswered,
        "busy": lambda _: Reply(429, {"Retry-After": "0"}),  # skopeo tries again as often as it may wait
        "missing": lambda _: Reply(404),
        "page": lambda _: Reply(headers={"Content-Type": "text/html"}, body=b"<html>It works!</html>"),
        "faulty": lambda _: Reply(500),
        "redirecting": lambda asked: Reply(404) if asked.path == "/" else Reply(302, {"Location": "/"}),
        "token elsewhere": lambda asked: _with_realm(asked, Reply(404)),
        "token not taken": lambda asked: _with_realm(asked, Reply(body=b'{"token":"unknown"}')),
    }
    return {name: open_one(answer) for name, answer in answers.items()}


def _with_realm(asked: Asked, token_answer: Reply) -> Reply:
    if asked.path == "/token":
        return token_answer
    return challenging(f'Bearer realm="https://{asked.host}/token",service="here"')(asked)


@pytest.fixture(scope="module")
def stand(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("registries")
    ca_folder = tmp_path_factory.mktemp("ca")
    ca_file = ca_folder / "authority.crt"
    ca_file.write_text(authority.pem)
    (folder / "no-ca").mkdir()
    good = authority.issue()
    expired, misnamed = authority.issue(until=NOW - DAY), authority.issue(host="other.example")
    with contextlib.ExitStack() as opened:

        def start(auth: Any = None, certificate: Path | None = None) -> real.RealRegistry:
            return opened.enter_context(real.running(folder, auth=auth, certificate=certificate))

        def small(answer: Answering) -> str:
            return opened.enter_context(serving(answer, certificate=good)).address

        issue = real.token_service(good, login=LOGIN, pulls="team/app")
        secure_tokens = opened.enter_context(serving(issue, certificate=good))
        plain_tokens = opened.enter_context(serving(issue))
        htpasswd = real.by_htpasswd(folder, HTPASSWD)
        open_plain = start()
        digest = real.push(open_plain.address, IMAGE, folder / "image")
        changing = start(real.by_htpasswd(folder, HTPASSWD), good)
        addresses = {
            "open plain": open_plain.address,
            "open": start(None, good).address,
            "htpasswd plain": start(htpasswd).address,
            "htpasswd": start(htpasswd, good).address,
            "token plain": start(real.by_token(f"{plain_tokens.origin}/token", ca_file)).address,
            "token": start(real.by_token(f"{secure_tokens.origin}/token", ca_file), good).address,
            "expired": start(htpasswd, expired).address,
            "misnamed": start(htpasswd, misnamed).address,
            "closed": "127.0.0.1:1",
            "nameless": LONG_LABEL,
        }
        yield Stand(addresses | _small_ones(small), folder, ca_folder, digest, changing)


def ours(ask: Probe, stand: Stand, row: Row) -> ProbeResult:
    allowed = {"https", "http"} if row.plain_allowed else {"https"}
    options: dict[str, Any] = {} if row.trusted else {"ca_certificate": None}
    if row.reason == Reason.TIMEOUT:
        options["limits"] = QUICK
    return ask(
        stand.addresses[row.server],
        secret=row.secret,
        image=row.image,
        allow=lambda scheme, *_: scheme in allowed,
        realm_hosts=["127.0.0.1"],
        **options,
    )


def skopeos(stand: Stand, row: Row) -> subprocess.CompletedProcess[bytes]:
    """It keeps its logins in a file of the test, and trusts the test's authority only where the row does."""
    address = stand.addresses[row.server]
    flags = [f"--tls-verify={str(not row.plain_allowed).lower()}"]
    flags += ["--cert-dir", str(stand.ca_folder if row.trusted else stand.folder / "no-ca")]
    flags += ["--authfile", str(stand.folder / f"{hashlib.sha256(row.name.encode()).hexdigest()}.json")]
    login = ["login", *flags, "--username", USER, "--password-stdin", address]
    inspect = ["inspect", *flags, "--creds", f"{USER}:{row.secret}", f"docker://{address}/{row.image}"]
    command = [real.program("skopeo"), "--command-timeout=4s", *(inspect if row.image else login)]
    return subprocess.run(command, input=row.secret.encode(), capture_output=True, timeout=60, check=False)


def read(ended: subprocess.CompletedProcess[bytes]) -> Reason | str:
    """What skopeo says, as one of our reasons; its own words where they fit none."""
    if ended.returncode == 0:
        return Reason.OK
    said = ended.stderr.decode()
    return next((reason for pattern, reason in SAYINGS if re.search(pattern, said)), said)


def test_agrees_with_skopeo_in_every_row(stand: Stand, ask: Probe, capsys: pytest.CaptureFixture[str]) -> None:
    lines, wrong = [], []
    for row in ROWS:
        result, ended = ours(ask, stand, row), skopeos(stand, row)
        said = read(ended)
        lines.append(f"{row.name:<36} {'inspect' if row.image else 'login':<8} {result.reason:<17} {said}")
        if row.reason != result.reason or SAYS_LESS.get(result.reason, result.reason) != said:
            wrong.append(f"{row}: {result} / {ended.stderr.decode()}")
        if row.image and result.reason in {Reason.OK, Reason.NOT_PROVEN}:
            inspected = json.loads(ended.stdout)
            assert result.digest == stand.digest == inspected["Digest"]
            assert result.platforms == (f"{inspected['Os']}/{inspected['Architecture']}",)
    with capsys.disabled():
        print(f"\n{'case':<36} {'skopeo':<8} {'Corral':<17} skopeo", *lines, sep="\n")  # noqa: T201 - the table
    assert wrong == []


def test_notices_a_password_that_is_changed_at_the_registry(stand: Stand, ask: Probe) -> None:
    address = stand.changing.address
    assert ask(address).reason == Reason.OK
    stand.changing.set_login(NEW_HTPASSWD)
    assert ask(address).reason == Reason.BAD_CREDENTIALS
    assert ask(address, secret=NEW_SECRET).reason == Reason.OK


def test_the_table_has_every_reason_that_skopeo_can_give() -> None:
    assert {row.reason for row in ROWS} == set(Reason) - {Reason.BLOCKED, Reason.TOKEN_HOST}  # skopeo goes anywhere
