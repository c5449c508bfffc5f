"""API check, the lower steps: DNS, connection, TLS, and whether a registry answers at `/v2/`. Sends no password."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from registries.oci.endpoint import Endpoint
from registries.oci.http import Caller, is_before_connect, refuse_faults, step_failed_of
from registries.oci.reasons import Reason
from registries.oci.report import Report, StepFailed, StepName
from registries.outbound.answer import Answer
from registries.outbound.base_url import BaseURL
from registries.outbound.deadline import Guard
from registries.outbound.errors import BadResponse, Unreachable, UpstreamError

API = "/v2/"
# Errors over https after which plain http is tried; the transport refuses it where the admin didn't allow it
MAYBE_PLAIN_HTTP = frozenset({"not_tls", "blocked", "refused", "reset", "tls"})
# Errors before any step passed, and the step that is reported as failed
BEFORE_ANYTHING = {
    "dns": StepName.RESOLVE,
    "busy": StepName.RESOLVE,
    "resting": StepName.RESOLVE,
    "ca_certificate": StepName.TLS,
}
CONNECTED = "A connection could be made."
KNOWN = "The name is known."


@dataclass(frozen=True)
class Contact:
    """The first call: an answer or an error, and a guard that tells how far the call got."""

    base: BaseURL
    guard: Guard
    path: str = API
    answer: Answer | None = None
    error: UpstreamError | None = None


def check_api(report: Report, caller: Caller, endpoint: Endpoint) -> tuple[BaseURL, str, Answer]:
    """Runs the steps up to the API. Gives the origin and path that answer, and the answer: 200 or 401.

    Raises StopSteps.
    """
    contact = _first_contact(caller, endpoint)
    _report_network(report, contact)
    try:
        answer = _require_registry(contact)
    except StepFailed as failure:
        report.fail(StepName.API, failure, ms=contact.answer.elapsed_ms if contact.answer else None)
    report.add(StepName.API, "A registry answers.", ms=answer.elapsed_ms)
    return contact.base, contact.path, answer


def looks_like_registry(answer: Answer) -> bool:
    """Whether a registry sent this 200: it has the registry's header or a JSON body (a web page has neither)."""
    if answer.headers.get("docker-distribution-api-version", "").lower().startswith("registry/2"):
        return True
    try:
        msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return False
    return True


def _first_contact(caller: Caller, endpoint: Endpoint) -> Contact:
    """The call over https, or the one over http where https failed and http is allowed."""
    secure = _contact(caller, endpoint.secure)
    if secure.error is None or secure.error.reason not in MAYBE_PLAIN_HTTP:
        return secure
    plain = _contact(caller, endpoint.plain)
    return secure if plain.error is not None and plain.error.reason == "blocked" else plain


def _contact(caller: Caller, base: BaseURL) -> Contact:
    """The call to the API. Of all redirects only one is followed, once: to the same path without its slash."""
    contact = _call(caller, base, API)
    location = contact.error.location if isinstance(contact.error, BadResponse) else ""
    bare = API.rstrip("/")
    return _call(caller, base, bare) if location in {bare, f"{base.text}{bare}"} else contact


def _call(caller: Caller, base: BaseURL, path: str) -> Contact:
    contact = Contact(base, caller.new_guard(), path)
    try:
        return replace(contact, answer=caller.send(base, path, guard=contact.guard))
    except UpstreamError as error:
        return replace(contact, error=error)


def _report_network(report: Report, contact: Contact) -> None:
    """Reports the steps up to TLS. Raises StopSteps at the one that failed."""
    guard, error = contact.guard, contact.error
    failure = step_failed_of(error, guard) if error else None
    if error and failure and error.reason in BEFORE_ANYTHING:
        report.fail(BEFORE_ANYTHING[error.reason], failure)
    report.add(StepName.RESOLVE, KNOWN, ms=guard.resolve_ms)
    if error and failure and is_before_connect(error, guard):
        report.fail(StepName.CONNECT, failure)
    report.add(StepName.CONNECT, CONNECTED, ms=guard.connect_ms)
    if contact.base.scheme == "http":
        plain = "Plain http: the password crosses the network in clear text."
        report.add(StepName.TLS, plain, state="warning")
        return
    if failure and isinstance(error, Unreachable) and guard.tls_ms is None:
        report.fail(StepName.TLS, failure)
    expires_at = report.certificate_expires_at = guard.certificate_expires_at
    days = f" for {(expires_at - datetime.now(UTC)).days} more days" if expires_at else ""
    report.add(StepName.TLS, f"{guard.tls_version or 'TLS'}; the certificate is valid{days}.", ms=guard.tls_ms)


def _require_registry(contact: Contact) -> Answer:
    """The answer, if a registry sent it. Raises StepFailed for any other."""
    answer = contact.answer
    if answer is None:
        raise step_failed_of(contact.error or Unreachable("reset"), contact.guard)
    refuse_faults(answer)
    if answer.status == 401 or (answer.status == 200 and looks_like_registry(answer)):
        return answer
    what = "a page that is not a registry's" if answer.status == 200 else f"status {answer.status}"
    raise StepFailed(Reason.NOT_A_REGISTRY, f"At /v2/ it answers with {what}.")
