"""Connection check, step by step: what works, which step fails, why, and the remedy."""

import re
import time
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from registries.outbound.base_url import BaseURL
from registries.outbound.call_limits import CallLimits
from registries.outbound.deadline import Guard
from registries.outbound.dns import Resolve, resolve_with_system
from registries.outbound.errors import BadAddress, BadResponse, Unreachable, UpstreamError
from registries.outbound.pinning import AllowTarget
from registries.outbound.transport import Transport
from registries.rancher import decode, quirks
from registries.rancher.client import Client
from registries.rancher.errors import PEER, Forbidden, NotFound, Unauthorized
from registries.rancher.quirks import ApiVersion, KeyKind
from registries.rancher.resources import expect_text
from registries.rancher.types import Project

Outcome = Literal["ok", "failed", "skipped", "warning"]
SLUGS = ("resolve", "connect", "tls", "answer", "key", "key_kind", "projects", "rights", "version")
BEFORE_CONNECT = {"dns": 0, "blocked": 1, "refused": 1, "timeout": 1, "busy": 1, "resting": 1}
VERSION = re.compile(r"[\w.+-]{1,64}")

REMEDIES = {
    "dns": "Check the spelling, or ask whoever runs the name server.",
    "blocked": "An admin can add the address under Allowed targets.",
    "refused": "Check the port, and whether Rancher runs there.",
    "timeout": "Check the port and the firewall between here and there.",
    "reset": "Something in between closes the connection; look at its log.",
    "busy": "Try again in a moment.",
    "resting": "Try again in some seconds.",
    "tls_expired": "Renew the certificate.",
    "tls_name": "Use the name that the certificate was made for.",
    "tls_unknown_ca": "Paste the CA certificate that signed it into the form.",
    "tls": "Look at the server's TLS settings.",
    "not_tls": "Write the address with http://, or use the port that speaks https.",
    "redirect": "Use the address that it redirects to.",
    "unauthorized": "Make a new key in Rancher (API, Add environment API key) and enter both parts.",
}
ANOTHER_SERVER = "Check the address: what answers there is not the API of Rancher 1.x."


@dataclass(frozen=True)
class Step:
    """One step: its outcome, a sentence, the remedy of a failure, and its milliseconds where they are known."""

    slug: str
    outcome: Outcome
    detail: str
    remedy: str = ""
    elapsed_ms: int | None = None


@dataclass
class ConnectionCheck:
    """Result of a check. `ok` when no step failed, else `error` is the cause.

    `rights` is None while no project is chosen.
    """

    steps: list[Step] = field(default_factory=list)
    error: UpstreamError | None = None
    key_kind: KeyKind | None = None
    projects: tuple[Project, ...] = ()
    project_id: str | None = None
    rights: Literal["full", "read-only"] | None = None
    server_version: str | None = None
    elapsed_ms: int = 0

    @property
    def failed_step(self) -> Step | None:
        return next((step for step in self.steps if step.outcome == "failed"), None)

    @property
    def ok(self) -> bool:
        return self.failed_step is None

    @property
    def project_name(self) -> str:
        found = next((project for project in self.projects if project.id == self.project_id), None)
        return (found.name or "") if found else ""

    def add(self, slug: str, detail: str, *, outcome: Outcome = "ok", ms: int | None = None) -> None:
        self.steps.append(Step(slug, outcome, detail, elapsed_ms=ms))


class _Stop(Exception):
    """A step failed; the rest is skipped."""


def check_connection(
    base: BaseURL,
    *,
    allow: AllowTarget,
    access_key: str,
    secret_key: str,
    project_id: str | None = None,
    api_version: ApiVersion = "v1",
    ca_certificate: str | None = None,
    limits: CallLimits | None = None,
    resolve: Resolve = resolve_with_system,
) -> ConnectionCheck:
    """Runs the steps up to the first that fails; the others are reported as skipped. Raises nothing."""
    found, started = ConnectionCheck(), time.monotonic()
    try:
        try:
            transport = Transport(
                base,
                allow=allow,
                peer=PEER,
                ca_certificate=ca_certificate,
                read_only=True,
                limits=limits,
                resolve=resolve,
            )
        except BadAddress as error:
            _fail(found, "tls", error)
        try:
            _run(found, transport, (access_key, secret_key), project_id, api_version)
        finally:
            transport.close()
    except _Stop:
        done = {step.slug for step in found.steps}
        for slug in SLUGS:
            if slug not in done:
                found.add(slug, "Not reached.", outcome="skipped")
        found.steps.sort(key=lambda step: SLUGS.index(step.slug))
    found.elapsed_ms = round((time.monotonic() - started) * 1000)
    return found


def _run(
    found: ConnectionCheck, transport: Transport, auth: tuple[str, str], project_id: str | None, api_version: ApiVersion
) -> None:
    _test_network(found, transport)
    account_id = _test_key(found, transport, auth, api_version)
    client = Client(
        transport, access_key=auth[0], secret_key=auth[1], project_id=project_id or "none", api_version=api_version
    )
    _read_projects(found, client, project_id, account_id)
    if found.project_id:
        client = Client(
            transport, access_key=auth[0], secret_key=auth[1], project_id=found.project_id, api_version=api_version
        )
    _read_rights(found, client)
    _read_version(found, client)


def _test_network(found: ConnectionCheck, transport: Transport) -> None:
    """Tests name, connection, TLS, and whether Rancher answers, by one call without a key."""
    guard = Guard(transport.limits.wall_s)
    started = time.monotonic()
    try:
        answer = transport.send("GET", "/ping", guard=guard)
        expect_text(answer, "pong")
    except UpstreamError as error:
        slug = _failed_network_step(found, transport.base, guard, error)
        _fail(found, slug, error, remedy=ANOTHER_SERVER if slug == "answer" else "", started=started)
    _add_network_steps(found, transport.base, guard, upto=3)
    found.add("answer", "Rancher answers.", ms=answer.elapsed_ms)


def _failed_network_step(found: ConnectionCheck, base: BaseURL, guard: Guard, error: UpstreamError) -> str:
    """Returns the step that the error belongs to; adds those before it as done."""
    if error.reason.startswith("tls") or error.reason == "not_tls":
        _add_network_steps(found, base, guard, upto=2)
        return "tls"
    if guard.connect_ms is None and isinstance(error, Unreachable):
        _add_network_steps(found, base, guard, upto=BEFORE_CONNECT.get(error.reason, 1))
        return SLUGS[BEFORE_CONNECT.get(error.reason, 1)]
    _add_network_steps(found, base, guard, upto=3)
    return "answer"


def _add_network_steps(found: ConnectionCheck, base: BaseURL, guard: Guard, *, upto: int) -> None:
    steps: tuple[tuple[str, str, int | None], ...] = (
        ("resolve", f"{base.host} is {guard.address or 'resolved'}.", guard.resolve_ms),
        ("connect", f"Connected to port {base.port}.", guard.connect_ms),
        ("tls", f"{guard.tls_version or 'TLS'}, the certificate is valid.", guard.tls_ms),
    )
    for slug, detail, ms in steps[:upto]:
        if slug == "tls" and base.scheme == "http":
            found.add(slug, "Plain http: keys travel unencrypted.", outcome="warning")
        else:
            found.add(slug, detail, ms=ms)


def _test_key(found: ConnectionCheck, transport: Transport, auth: tuple[str, str], api_version: ApiVersion) -> str:
    """Tests the key, and reads its kind where the server tells it. Returns the id of the key's account."""
    started = time.monotonic()
    try:
        answer = transport.send("GET", f"/{api_version}", auth=auth)
        decode.check_status(answer)
        account_id = answer.headers.get(quirks.ACCOUNT_ID_HEADER, "")
        if not account_id:
            raise BadResponse("wrong_shape", peer=PEER)
    except Unauthorized as error:
        _fail(found, "key", error, started=started)
    except UpstreamError as error:
        _fail(found, "answer" if isinstance(error, BadResponse | NotFound) else "key", error, started=started)
    found.add("key", "The key is accepted.", ms=answer.elapsed_ms)
    if kind := quirks.key_kind_by_header(answer.headers):
        _add_kind_step(found, kind)
    return account_id


def _add_kind_step(found: ConnectionCheck, kind: KeyKind) -> None:
    found.key_kind = kind
    acts_as = "An environment key: it acts as the project."
    found.add("key_kind", acts_as if kind == "environment" else "An account key: it acts as a person.")


def _read_projects(found: ConnectionCheck, client: Client, project_id: str | None, account_id: str) -> None:
    started = time.monotonic()
    try:
        found.projects = client.projects.list()
    except UpstreamError as error:
        _fail(found, "projects", error, started=started)
    ms = round((time.monotonic() - started) * 1000)
    ids = [project.id for project in found.projects]
    if found.key_kind is None:
        _add_kind_step(found, quirks.key_kind_by_account(account_id, ids))
    chosen = project_id or (ids[0] if len(ids) == 1 else None)
    if chosen and chosen not in ids and found.key_kind == "environment":
        _fail(found, "projects", Forbidden(403), remedy=f"This key opens {', '.join(ids)}, not {chosen}.")
    found.project_id = chosen
    if not ids and not chosen:
        _fail(found, "projects", Forbidden(403), remedy="The key sees no project; use a key of one.")
    if chosen:
        name = found.project_name
        found.add("projects", f"The project is {name or chosen}{f' ({chosen})' if name else ''}.", ms=ms)
    else:
        found.add("projects", f"{len(ids)} projects are visible; choose one.", outcome="warning", ms=ms)


def _read_rights(found: ConnectionCheck, client: Client) -> None:
    if not found.project_id:
        found.add("rights", "Known once a project is chosen.", outcome="skipped")
        return
    started = time.monotonic()
    try:
        schema = client.schemas.get("registry")
    except UpstreamError as error:
        remedy = "Choose a project that the key has a right to." if isinstance(error, Forbidden) else ""
        _fail(found, "rights", error, remedy=remedy, started=started)
    ms = round((time.monotonic() - started) * 1000)
    found.rights = "full" if schema.is_writable else "read-only"
    if schema.is_writable:
        found.add("rights", "Full: registries can be read and changed.", ms=ms)
    else:
        found.add("rights", "Read only: nothing can be changed with this key.", outcome="warning", ms=ms)


def _read_version(found: ConnectionCheck, client: Client) -> None:
    """Reads the server's version. A failure is a warning: nothing depends on it."""
    started = time.monotonic()
    try:
        version = client.settings.server_version()
    except UpstreamError as error:
        found.add("version", f"Not told. {error}", outcome="warning")
        return
    ms = round((time.monotonic() - started) * 1000)
    if version and VERSION.fullmatch(version):
        found.server_version = version
        found.add("version", f"Rancher {version}.", ms=ms)
    else:
        found.add("version", "The server does not tell its version.", outcome="warning", ms=ms)


def _fail(
    found: ConnectionCheck, slug: str, error: UpstreamError, *, remedy: str = "", started: float | None = None
) -> NoReturn:
    ms = round((time.monotonic() - started) * 1000) if started is not None else None
    remedy = REMEDIES.get(error.reason, "") or remedy
    found.steps.append(Step(slug, "failed", str(error), remedy, ms))
    found.error = error
    raise _Stop
