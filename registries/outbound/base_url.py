"""Base URLs: what people paste, cleaned to the origin and path that API paths are appended to. Pure."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import SplitResult, urlsplit

from registries.rancher.errors import BadAddress

PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# From here on a pasted path is Rancher's own: its API, or a page of its UI such as /env/1a5/infra/registries
API_PATH = re.compile(r"/(?P<version>v1|v2-beta|v\d[\w.-]*)(?=/|$)")
UI_PATH = re.compile(r"/(env|infra|apps|admin|login|catalog|settings|static)(?=/|$)")
PROJECT = re.compile(r"/(?:projects|env)/(?P<id>1a\d{1,12})(?=/|$)")
LONGEST = 512


@dataclass(frozen=True)
class BaseURL:
    """Where a Rancher server is. `path` is "" or that of a proxy in front of it, without a slash at its end."""

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
class CleanedAddress:
    """What came of a pasted address: the base URL, what else it named, and what cleaning did, in sentences."""

    base: BaseURL
    project_id: str = ""
    api_version: str = ""
    notes: tuple[str, ...] = ()


def parse_base_url(typed: str) -> CleanedAddress:
    """Forgiving about what can be meant in one way only.

    Raises BadAddress for an empty text, another scheme, a user in front of the host, line breaks, a bad port or host.
    """
    text = typed.strip()
    if not text:
        raise BadAddress("empty", "Enter the address of the Rancher server, such as https://rancher.example.com.")
    if len(text) > LONGEST or re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise BadAddress("malformed", "An address has no blanks or line breaks inside, and 512 characters at most.")
    notes = ["The blanks around it are left out."] if text != typed else []
    parts = _split(text, notes)
    if "@" in parts.netloc:
        raise BadAddress("userinfo", "The address carries a user; keys belong into the fields below.")
    base = BaseURL(parts.scheme, _host(parts, notes), _port(parts), "")
    path, version, project_id = _path(parts, notes)
    return CleanedAddress(
        BaseURL(base.scheme, base.host, base.port, path), project_id=project_id, api_version=version, notes=tuple(notes)
    )


def _split(text: str, notes: list[str]) -> SplitResult:
    scheme, separator, _ = text.partition("://")
    if not separator:
        # a port other than 443 without a scheme is Rancher's own, which speaks plain http (8080)
        guess = "http" if re.match(r"[^/]+:(?!443(/|$))\d+(/|$)", text) else "https"
        notes.append(f"No scheme was given; {guess}:// is assumed.")
        text = f"{guess}://{text}"
    elif scheme.lower() not in PORTS:
        raise BadAddress("scheme", "The address begins with neither http:// nor https://.")
    try:
        return urlsplit(text)
    except ValueError:
        raise BadAddress("malformed", "That is not an address; write it as https://rancher.example.com.") from None


def _host(parts: SplitResult, notes: list[str]) -> str:
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        if "%" in host:
            raise BadAddress("host", "An IPv6 address with a zone is one of this machine's neighbours; use another.")
        try:
            return str(IPv6Address(host))
        except AddressValueError:
            raise BadAddress("host", "The IPv6 address cannot be read.") from None
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise BadAddress("host", "The host is not a host name.") from None
        notes.append("The host is written in its ASCII form.")
    if not HOST.fullmatch(host):
        raise BadAddress("host", "The host is not a host name; write it as rancher.example.com.")
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise BadAddress("port", "The port is not a number from 1 to 65535.")
    return port or PORTS[parts.scheme]


def _path(parts: SplitResult, notes: list[str]) -> tuple[str, str, str]:
    """The path of a proxy, the API version and the project that the address named."""
    if parts.query or parts.fragment:
        notes.append("What follows ? or # is left out.")
    path = re.sub(r"/{2,}", "/", parts.path)
    version = project_id = ""
    if project := PROJECT.search(path):
        project_id = project["id"]
    if api := API_PATH.search(path):
        version = api["version"] if api["version"] in {"v1", "v2-beta"} else ""
        path = path[: api.start()]
        notes.append("The path of the API is left out; it is added to each call.")
    elif page := UI_PATH.search(path):
        path = path[: page.start()]
        notes.append("The path of Rancher's own page is left out.")
    if project_id:
        notes.append(f"It names the project {project_id}.")
    if re.search(r"[^\w/.~-]", path) or ".." in path:
        raise BadAddress("path", "The path holds characters that no proxy path has; write the address without it.")
    return path.rstrip("/"), version, project_id
