"""Pasted addresses of a Rancher server, cleaned to its base URL: API and page paths, projects and schemes. Pure."""

import re
from dataclasses import dataclass

from registries.outbound.base_url import BaseURL, parse_base_url, split_url
from registries.outbound.errors import BadAddress
from registries.rancher.quirks import API_VERSIONS

# The rest of a pasted path is Rancher's own from here on: its API, or a page such as /env/1a5/infra/registries
API_PATH = re.compile(r"/(?P<version>v1|v2-beta|v\d[\w.-]*)(?=/|$)")
UI_PATH = re.compile(r"/(env|infra|apps|admin|login|catalog|settings|static)(?=/|$)")
PROJECT = re.compile(r"/(?:projects|env)/(?P<id>1a\d{1,12})(?=/|$)")
# A port other than 443 without a scheme is taken for plain http, which Rancher speaks itself (8080)
PLAIN_HTTP = re.compile(r"[^/]+:(?!443(/|$))\d+(/|$)")


@dataclass(frozen=True)
class CleanedAddress:
    """The base URL of a pasted address, what else the address named, and what cleaning did, in sentences."""

    base: BaseURL
    project_id: str = ""
    api_version: str = ""
    notes: tuple[str, ...] = ()


def clean_address(typed: str) -> CleanedAddress:
    """Cleans what can be meant in one way only.

    Raises BadAddress for an empty text, another scheme, a user in front of the host, line breaks, a bad port or host.
    """
    text = typed.strip()
    if not text:
        raise BadAddress("empty", "Enter the address of the Rancher server, such as https://rancher.example.com.")
    notes = ["The blanks around it are left out."] if text != typed else []
    if "://" not in text:
        scheme = "http" if PLAIN_HTTP.match(text) else "https"
        notes.append(f"No scheme was given; {scheme}:// is assumed.")
        text = f"{scheme}://{text}"
    try:
        parts = split_url(text)
    except BadAddress as error:
        if error.reason != "userinfo":
            raise
        raise BadAddress("userinfo", "The address carries a user; keys belong into the fields below.") from None
    if not parts.netloc.isascii():
        notes.append("The host is written in its ASCII form.")
    if parts.query or parts.fragment:
        notes.append("What follows ? or # is left out.")
    path, version, project_id = _cut_path(parts.path, notes)
    base = parse_base_url(f"{parts.scheme}://{parts.netloc}{path}")
    return CleanedAddress(base, project_id=project_id, api_version=version, notes=tuple(notes))


def _cut_path(path: str, notes: list[str]) -> tuple[str, str, str]:
    """The path of a proxy, and the API version and the project that the address named."""
    path = re.sub(r"/{2,}", "/", path)
    version = ""
    project = PROJECT.search(path)
    if api := API_PATH.search(path):
        version = api["version"] if api["version"] in API_VERSIONS else ""
        path = path[: api.start()]
        notes.append("The path of the API is left out; it is added to each call.")
    elif page := UI_PATH.search(path):
        path = path[: page.start()]
        notes.append("The path of Rancher's own page is left out.")
    if project:
        notes.append(f"It names the project {project['id']}.")
    return path, version, project["id"] if project else ""
