"""Server addresses of registries: which image names they match, and how to clean what people paste. Pure.

Rancher compares the host of an image name with `serverAddress`, letters' case aside, port included; it neither parses
nor cleans what it stores (rancher.md, "Which credential is used for an image"). So an address with a scheme, a path, a
slash or blanks never matches any image, and Rancher takes it all the same. What a host may look like in an image name
is the grammar of the distribution project's `reference` package: labels of letters, digits and inner hyphens, and a
port.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

DOCKER_HUB = "index.docker.io"
# What people write for Docker Hub. Images without a host are looked up as index.docker.io and nothing else.
HUB_NAMES = {
    "docker.io",
    "registry-1.docker.io",
    "hub.docker.com",
    "registry.hub.docker.com",
    "docker.com",
    "www.docker.com",
}

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
MAX_HOST = 253


@dataclass(frozen=True)
class Piece:
    """A part of the typed text, in order: kept, or cut away by cleaning."""

    text: str
    kept: bool


@dataclass(frozen=True)
class ServerAddress:
    """What came of a typed address.

    `typed` is what was written, blanks around included; `cleaned` is the form that matches images ("" when there is
    none); `notes` say in sentences what cleaning changed; `fault` says why no image can ever match what was typed (""
    when one can); `hint` is advice about an address that does work; `suggestion` is another address that was probably
    meant.
    """

    typed: str
    cleaned: str
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()
    fault: str = ""
    hint: str = ""
    suggestion: str = ""

    @property
    def matches(self) -> bool:
        """Whether some image name can match the address exactly as it was typed."""
        return bool(self.typed) and not self.fault

    @property
    def is_changed(self) -> bool:
        return bool(self.cleaned) and self.cleaned != self.typed


def examine_address(typed: str) -> ServerAddress:
    """Cleans and judges a server address; total: any text in, a judgement out."""
    notes: list[str] = []
    pieces: list[Piece] = []
    rest = typed.strip()
    if rest != typed:
        notes.append("The blanks around it are left out.")
    if scheme := SCHEME.match(rest):
        pieces.append(Piece(scheme[0], kept=False))
        rest = rest[scheme.end() :]
        notes.append("Rancher matches an image by host and port only; a scheme would never match.")
    authority, path = _split_path(rest)
    _, at, hostport = authority.rpartition("@")
    if at:
        pieces.append(Piece("…@", kept=False))  # it may hold a password: not shown again
        notes.append("A user belongs into the credential, not into the address.")
    pieces.append(Piece(hostport, kept=True))
    if path:
        pieces.append(Piece(path, kept=False))
        notes.append("A path or a slash would never match: image names are compared by host and port.")
    host, port, problem = _host_and_port(hostport)
    if problem:
        return ServerAddress(typed, "", tuple(pieces), tuple(notes), fault=problem)
    ascii_host = _to_ascii(host)
    if ascii_host != host:
        if not ascii_host:
            return ServerAddress(typed, "", tuple(pieces), tuple(notes), fault=f"“{host}” is not a host name.")
        if ascii_host.lower() != host.lower():
            notes.append("Image names hold ASCII only, so the host is written in its ASCII form.")
    if ascii_host.lower() != ascii_host:
        notes.append("Host names are written in small letters.")
    cleaned = ascii_host.lower() + (f":{port}" if port else "")
    if fault := _never_a_host(ascii_host.lower(), port):
        return ServerAddress(typed, "", tuple(pieces), tuple(notes), fault=fault)
    cut = bool(scheme or at or path or rest != rest.strip())
    return ServerAddress(
        typed,
        cleaned,
        tuple(pieces),
        tuple(notes),
        fault=notes[0] if cut or typed.strip() != typed or ascii_host.lower() != host.lower() else "",
        hint=_hint(cleaned),
        suggestion=DOCKER_HUB if cleaned in HUB_NAMES else "",
    )


@lru_cache(maxsize=4096)
def never_matches(address: str) -> str:
    """Why no image can ever match an address that Rancher already holds; "" when one can."""
    return examine_address(address).fault


def is_same_address(one: str | None, other: str | None) -> bool:
    """Whether Rancher takes both for one address: letters' case aside, nothing else (400 `ServerAddressUsed`)."""
    return (one or "").casefold() == (other or "").casefold()


def _split_path(text: str) -> tuple[str, str]:
    found = re.search(r"[/?#]", text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _host_and_port(text: str) -> tuple[str, str, str]:
    """Host, port and the sentence for what is wrong with them."""
    if not text:
        return "", "", "Enter the host that image names begin with, such as quay.io or registry.example.com:5000."
    if re.search(r"\s", text):
        return "", "", "There are blanks inside; an image name holds none."
    if text.startswith("[") or text.count(":") > 1:
        return "", "", "An IPv6 address in an image name finds no credential in Rancher; use a host name."
    host, colon, port = text.partition(":")
    if colon and not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535):
        return "", "", f"“{port}” is not a port: a number from 1 to 65535 follows the colon."
    if not host:
        return "", "", "The host before the port is missing."
    return host, port, ""


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ""


def _never_a_host(host: str, port: str) -> str:
    if len(host) > MAX_HOST:
        return f"A host name has at most {MAX_HOST} characters; this one has {len(host)}."
    if bad := [label for label in host.split(".") if not LABEL.fullmatch(label)]:
        what = f"“{bad[0]}”" if bad[0] else "an empty part between two dots"
        return f"An image name cannot hold {what}: parts of a host are letters, digits and inner hyphens."
    if "." not in host and not port:
        return "Without a dot or a port, Rancher takes the first part of an image name for a Docker Hub account."
    return ""


def _hint(cleaned: str) -> str:
    if cleaned in HUB_NAMES:
        return f"Images without a host (nginx, team/app) are looked up at {DOCKER_HUB}, never at {cleaned}."
    if cleaned.endswith((":443", ":80")):
        return (
            f"Only images that carry the port match: {cleaned}/team/app, but not {cleaned.rpartition(':')[0]}/team/app."
        )
    return ""
