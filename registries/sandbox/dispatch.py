"""Routing of a request, by path and method, to the rule that answers it."""

from __future__ import annotations

from urllib.parse import unquote

from registries.sandbox import audit, columns, containers, links, rules
from registries.sandbox.answers import Document, method_not_allowed, not_found
from registries.sandbox.queries import Query
from registries.sandbox.request import Request

LIFE_KINDS = frozenset({"registry", "registryCredential", "pullTask"})
SERVED = LIFE_KINDS | {"project", "schema", "setting", "auditLog", "host"}


def dispatch(request: Request) -> rules.Result:
    """Status and document; raises RefusedError where a rule says no."""
    names = request.route.names
    if not names:
        _only_get(request)
        return 200, request.render.api_version()
    kind = request.kind = _kind(request, names[0])
    if kind == "container":
        return _container(request, names[1:])
    if len(names) == 1:
        return _collection(request, kind)
    public = unquote(names[1])
    if len(names) > 2:
        return _link(request, kind, public, names[2:])
    if kind == "setting":
        return _setting(request, public)
    return _read(request, kind, public) if request.method == "GET" else _write(request, kind, public)


def _kind(request: Request, name: str) -> str:
    """The resource type behind a name in a path; raises 404 for what this caller's schemas do not name."""
    if name.lower() == "processinstances" and request.caller.account.kind == "admin":
        return "processInstance"
    if name.lower() in {"container", "containers"}:
        return "container"
    kind = request.facts.kinds[request.route.version].get(name.lower())
    if kind not in SERVED:
        raise not_found()
    return kind


def _container(request: Request, rest: tuple[str, ...]) -> rules.Result:
    """Creates or reads one container; there are no lists of them."""
    if not rest and request.method == "POST":
        return containers.create(request)
    _only_get(request)
    if len(rest) != 1:
        raise not_found()
    return containers.read(request, unquote(rest[0]))


def _collection(request: Request, kind: str) -> rules.Result:
    if request.method == "POST" and kind in LIFE_KINDS:
        return rules.create(request, kind)
    _only_get(request)
    render = request.render
    url = f"{render.prefix}/{request.route.names[0].lower()}"
    if kind == "schema":
        schemas, writable = request.facts.schemas[request.route.version], request.caller.may_write
        documents = [schema.document(prefix=render.prefix, writable=writable) for schema in schemas.values()]
    elif kind == "setting":
        documents = [render.setting(name) for name in request.state.settings]
    elif kind == "project":
        documents = _projects(request)
    else:
        return 200, _page(request, kind, url)
    return 200, render.collection(kind, url, documents)


def _projects(request: Request) -> list[Document]:
    everything = request.params.get("all") == "true"
    projects = sorted(request.state.projects.items())
    return [
        request.render.project(row)
        for number, row in projects
        if request.caller.is_listed(number, everything=everything)
    ]


def _page(request: Request, kind: str, url: str) -> Document:
    """One page of a collection that can be filtered."""
    render = request.render
    filters = columns.PROCESS_FILTERS if kind == "processInstance" else request.schema(kind).filters
    query = Query(request.query, filters=filters)
    if kind == "auditLog":
        rows, more = query.select(audit.visible(request), columns.of_audit)
        data = [render.audit_row(row) for row in rows]
    elif kind == "processInstance":
        processes, more = query.select(request.state.processes, columns.of_process)
        data = [render.process(process) for process in processes]
    elif kind == "host":
        data, more = [], False
    else:
        resources, more = query.select(rules.listed(request, kind), columns.of_resource)
        data = [render.resource(row, include=query.include) for row in resources]
    return render.collection(kind, url, data, query.head(url, more=more))


def _read(request: Request, kind: str, public: str) -> rules.Result:
    if kind == "schema":
        return 200, _schema(request, public)
    if kind == "auditLog":
        return 200, request.render.audit_row(audit.find(request, public))
    if kind not in LIFE_KINDS | {"project"}:
        raise not_found()
    include = Query(request.query, filters={}).include
    return 200, request.render.resource(rules.find(request, kind, public), include=include)


def _schema(request: Request, name: str) -> Document:
    kind = request.facts.kinds[request.route.version].get(name.lower())
    if kind is None:
        raise not_found()
    return request.schema(kind).document(prefix=request.render.prefix, writable=request.caller.may_write)


def _write(request: Request, kind: str, public: str) -> rules.Result:
    if request.method == "POST" and request.action is not None and kind in LIFE_KINDS | {"project"}:
        return rules.act(request, kind, public, request.action)
    if request.method == "PUT" and kind in LIFE_KINDS:
        return rules.update(request, kind, public)
    if request.method == "DELETE" and kind in LIFE_KINDS:
        return rules.delete(request, kind, public)
    raise method_not_allowed()


def _setting(request: Request, name: str) -> rules.Result:
    if request.method == "PUT":
        return rules.change_setting(request, name)
    _only_get(request)
    if name not in request.state.settings:
        raise not_found()
    return 200, request.render.setting(name)


def _link(request: Request, kind: str, public: str, rest: tuple[str, ...]) -> rules.Result:
    _only_get(request)
    if len(rest) != 1:
        raise not_found()
    return 200, links.follow(request, kind, public, rest[0])


def _only_get(request: Request) -> None:
    if request.method != "GET":
        raise method_not_allowed()
