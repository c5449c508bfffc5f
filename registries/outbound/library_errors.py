"""Exceptions of requests, urllib3, http.client, ssl and sockets, mapped to our errors."""

import http.client
import ssl

import requests
import urllib3.exceptions

from registries.outbound.byte_cap import ResponseTooLarge
from registries.outbound.deadline import Guard
from registries.outbound.errors import BadResponse, Unreachable, UpstreamError

# OpenSSL's codes of certificate errors (x509_vfy.h)
EXPIRED, NOT_YET_VALID, HOSTNAME_MISMATCH, IP_MISMATCH = 10, 9, 62, 64
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})


def explain(problem: BaseException, guard: Guard, *, writes: bool) -> UpstreamError:
    """Maps a library's exception to one of our errors, by its chain of causes."""
    maybe = writes and guard.sent
    if guard.expired:
        return Unreachable("timeout", maybe_applied=maybe)
    chain = _causes(problem)
    for cause in chain:
        if isinstance(cause, ResponseTooLarge):
            return BadResponse("too_large", maybe_applied=maybe)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(_certificate_reason(cause.verify_code))
        if isinstance(cause, ssl.SSLError) and cause.reason in NOT_TLS and not guard.sent:
            return Unreachable("not_tls")
        if isinstance(cause, http.client.LineTooLong) or ("headers" in str(cause) and _is_header_problem(cause)):
            return BadResponse("headers", maybe_applied=maybe)
        if isinstance(cause, urllib3.exceptions.DecodeError):
            return BadResponse("not_json", maybe_applied=maybe)
        if isinstance(cause, urllib3.exceptions.IncompleteRead | http.client.IncompleteRead):
            return BadResponse("truncated", maybe_applied=maybe)
        if isinstance(cause, http.client.BadStatusLine) and not isinstance(cause, http.client.RemoteDisconnected):
            return BadResponse("not_json", maybe_applied=maybe)
    if any(isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError | requests.Timeout) for cause in chain):
        return Unreachable("timeout", maybe_applied=maybe)
    if any(isinstance(cause, ssl.SSLError) for cause in chain) and not guard.sent:
        return Unreachable("tls")
    if any(type(cause) in (ValueError, UnicodeDecodeError) for cause in chain):
        return BadResponse("not_json", maybe_applied=maybe)
    return Unreachable("reset", maybe_applied=maybe)


def _is_header_problem(cause: BaseException) -> bool:
    return isinstance(cause, http.client.HTTPException) and "got more than" in str(cause)


def _certificate_reason(code: int) -> str:
    if code in (EXPIRED, NOT_YET_VALID):
        return "tls_expired"
    return "tls_name" if code in (HOSTNAME_MISMATCH, IP_MISMATCH) else "tls_unknown_ca"


def _causes(problem: BaseException) -> list[BaseException]:
    """The chain of causes: the exception, its causes, and exceptions that libraries carry as arguments instead."""
    found: list[BaseException] = []
    waiting: list[object] = [problem]
    while waiting and len(found) < 20:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
