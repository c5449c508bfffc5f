"""Containers that are created and never started, to show which credential the server picks for an image.

Source: `resolver.json`. Only the recorded fields are served.
"""

from __future__ import annotations

from registries.sandbox import request_body
from registries.sandbox.answers import Document, RefusedError, invalid, method_not_allowed, not_found
from registries.sandbox.image_credential import choose_credential
from registries.sandbox.pulls import DOCKER
from registries.sandbox.request import Request
from registries.sandbox.state import Row, add_row, number_in, public_id

REFUSED = "The provided registry is not whitelisted"


def create(request: Request) -> tuple[int, Document]:
    """POST on containers: 201, or 422 `InvalidOption` for an image whose host isn't on the whitelist."""
    if not request.caller.may_create:
        raise method_not_allowed()
    image = request_body.java_text(request.body.get("imageUuid"))
    if image is None:
        raise invalid("MissingRequired", "imageUuid")
    choice = choose_credential(request.state, request.caller.acting_as, image.removeprefix(DOCKER))
    if not choice.is_whitelisted:
        raise RefusedError(422, "InvalidOption", message=REFUSED)
    fields = {
        "imageUuid": f"{DOCKER}{choice.image}",
        "registryCredentialId": public_id("credential", choice.credential.number) if choice.credential else None,
    }
    row = add_row(request.state, "container", account=request.caller.acting_as, now=request.now, fields=fields)
    row.state = "stopped"
    return 201, _shown(request, row)


def read(request: Request, public: str) -> tuple[int, Document]:
    """One container of the caller's project; raises RefusedError 404 for another one."""
    number = number_in(public)
    row = request.state.containers.get(number) if number is not None else None
    if row is None or row.account != request.caller.acting_as:
        raise not_found()
    return 200, _shown(request, row)


def _shown(request: Request, row: Row) -> Document:
    public = public_id(row.kind, row.number)
    links = {"self": f"{request.render.prefix}/containers/{public}"}
    shown = {"id": public, "type": row.kind, "links": links, "actions": {}, "baseType": "instance", "state": row.state}
    return shown | row.fields
