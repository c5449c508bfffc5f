"""Server addresses of registries: which image names they match, and the cleaned form of a pasted one. Pure and total.

Rancher compares the host of an image name with `serverAddress`, letters' case aside, port included; it neither parses
nor cleans what it stores (rancher.md, "Which credential is used for an image"). So Rancher accepts an address with a
scheme, a path, a slash or blanks, but no image ever matches it. The grammar of a host in an image name is that of the
distribution project's `reference` package: labels of letters, digits and inner hyphens, and a port.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from registries.images.registry_hosts import DOCKER_HUB, is_meant_as_docker_hub, split_port, without_default_port

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
PATH_START = re.compile(r"[/?#]")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
MAX_HOST = 253


@dataclass(frozen=True)
class Piece:
    """A part of the typed text, in order, that cleaning keeps or cuts away."""

    text: str
    kept: bool


@dataclass(frozen=True)
class ServerAddress:
    """A typed address, examined.

    `typed` is the text itself, blanks around included; `cleaned` is the form that matches images ("" when there is
    none); `notes` are sentences on what cleaning changed; `fault` says why no image can ever match the typed text (""
    when one can); `hint` is advice on an address that does match; `suggestion` is another address that was probably
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
    def is_changed(self) -> bool:
        return bool(self.cleaned) and self.cleaned != self.typed


def examine_address(typed: str) -> ServerAddress:
    """Cleans any text to a server address, and says whether images can match it."""
    scheme, user, authority, path = _split(typed.strip())
    candidates = (
        Piece(scheme, kept=False),
        Piece(user, kept=False),
        Piece(authority, kept=True),
        Piece(path, kept=False),
    )
    pieces = tuple(piece for piece in candidates if piece.text or piece.kept)
    host, port, fault = _host_and_port(authority)
    ascii_host = _to_ascii(host)
    if fault := fault or _host_fault(host, ascii_host.lower(), port):
        return ServerAddress(typed, "", pieces, fault=fault)
    cuts = tuple(_notes_on_cuts(typed, scheme, user, path, host))
    case = ("Host names are written in small letters.",) if ascii_host != ascii_host.lower() else ()
    cleaned = ascii_host.lower() + (f":{port}" if port else "")
    return ServerAddress(
        typed,
        cleaned,
        pieces,
        notes=cuts + case,
        fault=cuts[0] if cuts else "",
        hint=_hint(cleaned),
        suggestion=DOCKER_HUB if _is_other_name_of_hub(cleaned) else "",
    )


@lru_cache(maxsize=4096)
def never_matches(address: str) -> str:
    """The reason why no image can ever match an address as Rancher holds it; "" when one can."""
    return examine_address(address).fault


def address_key(address: str | None) -> str:
    """The key that addresses share which are one to Rancher: letters' case aside, nothing else."""
    return (address or "").casefold()


def is_same_address(one: str | None, other: str | None) -> bool:
    """Whether Rancher takes both for one address (400 `ServerAddressUsed`)."""
    return address_key(one) == address_key(other)


def matches_host(address: str | None, host: str) -> bool:
    """Whether Rancher takes a registry of this address for an image of this host."""
    return address is not None and is_same_address(address, host) and not never_matches(address)


def _split(text: str) -> tuple[str, str, str, str]:
    """The scheme, the user, host with port, and the path; "" for what is missing.

    A user reads "…@": it may hold a password, which is not shown again.
    """
    scheme = found[0] if (found := SCHEME.match(text)) else ""
    authority, *_ = PATH_START.split(text[len(scheme) :], maxsplit=1)
    path = text[len(scheme) + len(authority) :]
    _, at, host_and_port = authority.rpartition("@")
    return scheme, "…@" if at else "", host_and_port, path


def _notes_on_cuts(typed: str, scheme: str, user: str, path: str, host: str) -> Iterator[str]:
    """A sentence for each part that keeps images from matching, and that cleaning leaves out or rewrites."""
    if typed != typed.strip():
        yield "The blanks around it are left out."
    if scheme:
        yield "Rancher matches an image by host and port only; a scheme would never match."
    if user:
        yield "A user belongs into the credential, not into the address."
    if path:
        yield "A path or a slash would never match: image names are compared by host and port."
    if not host.isascii():
        yield "Image names hold ASCII only, so the host is written in its ASCII form."


def _host_and_port(text: str) -> tuple[str, str, str]:
    """The host, the port, and a sentence on what is wrong with them."""
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


def _host_fault(typed: str, host: str, port: str) -> str:
    """A sentence on why no image name can begin with the host, which is `typed` in small ASCII letters; "" for none."""
    if not host:
        return f"“{typed}” is not a host name."
    if len(host) > MAX_HOST:
        return f"A host name has at most {MAX_HOST} characters; this one has {len(host)}."
    if bad := [label for label in host.split(".") if not LABEL.fullmatch(label)]:
        what = f"“{bad[0]}”" if bad[0] else "an empty part between two dots"
        return f"An image name cannot hold {what}: parts of a host are letters, digits and inner hyphens."
    if "." not in host and not port:
        return "Without a dot or a port, Rancher takes the first part of an image name for a Docker Hub account."
    return ""


def _hint(cleaned: str) -> str:
    if _is_other_name_of_hub(cleaned):
        return f"Images without a host (nginx, team/app) are looked up at {DOCKER_HUB}, never at {cleaned}."
    if without_default_port(cleaned) != cleaned:
        return f"Only images that carry the port match: {cleaned}/team/app, but not {split_port(cleaned)[0]}/team/app."
    return ""


def _is_other_name_of_hub(host: str) -> bool:
    return host != DOCKER_HUB and is_meant_as_docker_hub(host)
