"""Debian's docker-registry on loopback: open, with an htpasswd file, or with tokens; plain or over TLS."""

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.oci.servers import Answering, Asked, Reply

SERVICE, ISSUER = "registry.of.the.tests", "tokens of the tests"
STARTS_WITHIN_S = 30


def program(name: str) -> str:
    """Its path; where it isn't installed the test is left out, and never where CI is set."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"CI is set, and {name} is not installed.")
    if path is None:
        pytest.skip(f"{name} is not installed (Debian, Ubuntu: apt install {name})")
    return path


@dataclass(frozen=True)
class RealRegistry:
    """A running one; `address` is what Rancher would hold."""

    address: str
    htpasswd: Path

    def set_login(self, line: str) -> None:
        """The one login that it takes from now on, as ``user:bcrypt``."""
        write_htpasswd(self.htpasswd, line)


@contextmanager
def running(
    folder: Path, *, auth: Mapping[str, Any] | None = None, certificate: Path | None = None
) -> Iterator[RealRegistry]:
    """`auth` is that section of its configuration; images are kept in `folder`, which several may share."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    http: dict[str, Any] = {"addr": address, "secret": "of the tests"}
    if certificate:
        http["tls"] = {"certificate": str(certificate), "key": str(certificate)}
    configuration = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}, "delete": {"enabled": True}},
        "http": http,
        **({"auth": auth} if auth else {}),
    }
    file = folder / f"{uuid.uuid4().hex}.yml"
    file.write_text(json.dumps(configuration))  # JSON is YAML
    with (folder / "log").open("a") as log:
        process = subprocess.Popen([program("docker-registry"), "serve", str(file)], stdout=log, stderr=log)
    try:
        _wait_for(address, process, folder / "log")
        yield RealRegistry(address, Path((auth or {}).get("htpasswd", {}).get("path", "")))
    finally:
        process.terminate()
        process.wait()


def by_htpasswd(folder: Path, line: str) -> dict[str, Any]:
    """The section for one login, ``user:bcrypt``, in a file of its own."""
    file = folder / f"{uuid.uuid4().hex}.htpasswd"
    write_htpasswd(file, line)
    return {"htpasswd": {"realm": "registry", "path": str(file)}}


def write_htpasswd(file: Path, line: str) -> None:
    """The registry reads the file again when its time is later than it was."""
    later = max(time.time(), file.stat().st_mtime + 1) if file.exists() else time.time()
    file.write_text(f"{line}\n")
    os.utime(file, (later, later))


def by_token(realm: str, ca_file: Path) -> dict[str, Any]:
    return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(ca_file)}}


def token_service(certificate: Path, *, login: str, pulls: str) -> Answering:
    """Issues tokens as the registry wants them signed: with the certificate's key, and the certificate in the header.

    `login` may pull the image `pulls`; of others its token says nothing (token authentication specification).
    """
    pem = certificate.read_bytes()
    key = load_pem_private_key(pem, None)
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)

    def answer(asked: Asked) -> Reply:
        if asked.login != login or asked.query.get("service") != SERVICE:
            return Reply(401, body=b'{"errors":[{"code":"UNAUTHORIZED"}]}')
        granted = []
        if asked.query.get("scope") == f"repository:{pulls}:pull":
            granted.append({"type": "repository", "name": pulls, "actions": ["pull"]})
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": login.partition(":")[0],
            "aud": SERVICE,
            "nbf": now - 60,
            "iat": now - 60,
            "exp": now + 300,
            "jti": uuid.uuid4().hex,
            "access": granted,
        }
        token = jwt.encode(claims, key, "ES256", headers={"x5c": [base64.b64encode(der).decode()]})  # type: ignore[arg-type]
        return Reply(body=json.dumps({"token": token}).encode())

    return answer


def push(address: str, image: str, folder: Path) -> str:
    """Puts a small image of linux/arm64 there with skopeo; its digest."""
    folder.mkdir()
    layer, config = (
        b"a layer",
        json.dumps({"os": "linux", "architecture": "arm64", "rootfs": {"type": "layers"}}).encode(),
    )
    kinds = [("application/vnd.oci.image.config.v1+json", config), ("application/vnd.oci.image.layer.v1.tar", layer)]
    described = []
    for kind, blob in kinds:
        hexadecimal = hashlib.sha256(blob).hexdigest()
        (folder / hexadecimal).write_bytes(blob)
        described.append({"mediaType": kind, "digest": f"sha256:{hexadecimal}", "size": len(blob)})
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described[0],
        "layers": described[1:],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    digest = folder / "digest"  # of what arrived: skopeo compresses layers on the way
    copy = ["copy", "--insecure-policy", "--dest-tls-verify=false", "--digestfile", str(digest)]
    copy += [f"dir:{folder}", f"docker://{address}/{image}"]
    subprocess.run([program("skopeo"), *copy], check=True, capture_output=True, timeout=60)
    return digest.read_text().strip()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.partition(":")
    ends_at = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"docker-registry did not start: {log.read_text()}")
