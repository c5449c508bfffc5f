"""Base URLs: scheme, host, port and path of a server, parsed and brought to one form. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, parse_qsl, urlsplit

from registries.outbound.errors import BadAddress

PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
MAX_LENGTH, MAX_TARGET_LENGTH = 512, 2048


@dataclass(frozen=True)
class BaseURL:
    """A server's address. `path` is "" or that of a proxy in front of it, without a slash at its end."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what keys are bound to."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def text(self) -> str:
        return f"{self.origin}{self.path}"


@dataclass(frozen=True)
class TargetURL:
    """The address of one resource: its origin, and the path and query below it, as `Transport.send` takes them."""

    base: BaseURL
    path: str
    query: tuple[tuple[str, str], ...] = ()


def split_url(text: str, *, max_length: int = MAX_LENGTH) -> SplitResult:
    """The parts of an http or https URL without a user. Raises BadAddress: `malformed`, `scheme`, `userinfo`."""
    if len(text) > max_length or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise BadAddress(
            "malformed", f"An address has no blanks or line breaks inside, and {max_length} characters at most."
        )
    if text.partition("://")[0].lower() not in PORTS:
        raise BadAddress("scheme", "The address begins with neither http:// nor https://.")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadAddress("malformed", "That is not an address; write it as https://server.example.com.") from None
    if "@" in parts.netloc:
        raise BadAddress("userinfo", "The address carries a user; leave it out.")
    return parts


def parse_base_url(text: str) -> BaseURL:
    """The address of a server.

    Raises BadAddress: those of `split_url`, `host`, `port`, and `path` for a query, a fragment or a path that no proxy
    has.
    """
    parts = split_url(text)
    if parts.query or parts.fragment:
        raise BadAddress("path", "The address of a server has nothing after ? or #.")
    path = re.sub(r"/{2,}", "/", parts.path)
    if re.search(r"[^\w/.~-]", path) or ".." in path:
        raise BadAddress("path", "The path holds characters that no proxy path has; write the address without it.")
    return BaseURL(parts.scheme, _host(parts), _port(parts), path.rstrip("/"))


def parse_target_url(text: str) -> TargetURL:
    """The address of a resource. Raises BadAddress: those of `split_url`, `host`, `port`, `fragment`."""
    parts = split_url(text, max_length=MAX_TARGET_LENGTH)
    if parts.fragment:
        raise BadAddress("fragment", "The address has a part after #, which is never sent; leave it out.")
    base = BaseURL(parts.scheme, _host(parts), _port(parts))
    return TargetURL(base, parts.path or "/", tuple(parse_qsl(parts.query, keep_blank_values=True)))


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        if "%" in host:
            raise BadAddress("host", "An IPv6 address with a zone is one of this machine's neighbours; use another.")
        try:
            return str(IPv6Address(host))
        except AddressValueError:
            raise BadAddress("host", "The IPv6 address cannot be read.") from None
    return clean_host(host)


def clean_host(text: str) -> str:
    """A host name or IPv4 address in the one spelling that is compared and connected to. Raises BadAddress.

    Other characters' dots and digits become plain ones first: ``169。254。169。254`` is 169.254.169.254.
    """
    host = unicodedata.normalize("NFKC", text).replace("\u3002", ".").rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise BadAddress("host", "The host is not a host name.") from None
    if not HOST.fullmatch(host):
        raise BadAddress("host", "The host is not a host name; write it as server.example.com.")
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise BadAddress("port", "The port is not a number from 1 to 65535.")
    return port or PORTS[parts.scheme]
