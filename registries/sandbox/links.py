"""Documents behind the links of a registry and of a credential. Source: `links.json`."""

from __future__ import annotations

from registries.sandbox import rules
from registries.sandbox.answers import Document, not_found
from registries.sandbox.queries import Query
from registries.sandbox.render import LINKS
from registries.sandbox.request import Request
from registries.sandbox.state import Row

# Link -> type of the collection behind it. Every recorded one was empty, whatever the registry had.
COLLECTIONS = {
    "credentials": "credential",
    "hosts": "host",
    "images": "image",
    "instances": "instance",
    "volumes": "volume",
}


def follow(request: Request, kind: str, public: str, link: str) -> Document:
    """The document behind a link; raises RefusedError 404 for a resource or a link that isn't there."""
    if kind not in ("registry", "registryCredential"):
        raise not_found()
    row = rules.find(request, kind, public)
    links = {name.lower(): name for name in LINKS[kind]}
    name = links.get(link.lower())
    if name is None:
        raise not_found()
    if name == "account":
        return request.render.project(request.state.projects[row.account])
    if name == "registry":
        return request.render.resource(request.state.registries[row.fields["registry"]])
    return _empty_collection(request, row, name)


def _empty_collection(request: Request, row: Row, link: str) -> Document:
    render, kind = request.render, COLLECTIONS[link]
    url = f"{render.collection_url(row.kind).lower()}/{render.id_of(row)}/{link}"
    query = Query(request.query, filters=request.facts.filters(kind, version=request.route.version))
    head = query.head(url, more=False) | {"createTypes": _create_types(request, kind)}
    return render.collection(kind, url, [], head)


def _create_types(request: Request, kind: str) -> dict[str, str]:
    if not request.caller.may_write:
        return {}
    if kind == "credential":
        return request.render.credential_types()
    return {"container": f"{request.render.prefix}/containers"} if kind == "instance" else {}
