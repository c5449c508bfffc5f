"""HTTP answers and error documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Document = dict[str, Any]

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: status, headers in the order in which they are sent, and the uncompressed body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The decoded body; raises `msgspec.DecodeError` when it is no JSON."""
        return msgspec.json.decode(self.body)


class RefusedError(Exception):
    """Refusal of a request. `code` is Rancher's; errors of validation name the field and carry no message.

    `message` is the sentence of the few errors that have one beside their code.
    """

    def __init__(self, status: int, code: str, field_name: str | None = None, *, message: str | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.field_name, self.message = status, code, field_name, message


def not_found() -> RefusedError:
    return RefusedError(404, "Not Found")


def forbidden() -> RefusedError:
    return RefusedError(403, "Forbidden")


def unauthorized() -> RefusedError:
    return RefusedError(401, "Unauthorized")


def method_not_allowed() -> RefusedError:
    return RefusedError(405, "Method not allowed")


def conflict() -> RefusedError:
    return RefusedError(409, "Conflict")


def invalid(code: str, field_name: str) -> RefusedError:
    """An error of validation: 422, with the field's name."""
    return RefusedError(422, code, field_name)


def error_document(refused: RefusedError, *, error_id: str) -> Document:
    """The body of an error as recorded: `message` repeats the code, except in errors of validation (null there)."""
    document: Document = {
        "id": error_id,
        "type": "error",
        "links": {},
        "actions": {},
        "status": refused.status,
        "code": refused.code,
        "message": None if refused.field_name else refused.message or refused.code,
        "detail": None,
    }
    if refused.field_name or refused.message:
        document["fieldName"] = refused.field_name
    document["baseType"] = "error"
    return document


def html_not_found(path: str) -> Answer:
    """The web server's own 404 page, sent for an unknown API version."""
    shown = path.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    page = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>\n'
        "<title>Error 404 Not Found</title>\n</head>\n<body><h2>HTTP ERROR 404</h2>\n"
        f"<p>Problem accessing {shown}. Reason:\n<pre>    Not Found</pre></p><hr>"
        "<i><small>Powered by Jetty://</small></i><hr/>\n\n</body>\n</html>\n"
    )
    headers = {"Set-Cookie": "PL=rancher;Path=/", "Content-Type": "text/html; charset=ISO-8859-1"}
    return Answer(404, headers, page.encode("latin-1", "replace"))
