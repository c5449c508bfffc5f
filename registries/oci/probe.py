"""Probe of a registry: verifies one user and one password, step by step."""

from collections.abc import Collection

from registries.oci.api_check import check_api
from registries.oci.endpoint import endpoint_of
from registries.oci.http import LIMITS, Caller
from registries.oci.image import check_image
from registries.oci.login import Session, log_in
from registries.oci.reasons import Reason
from registries.oci.report import ProbeResult, Report, StepFailed, StepName, StopSteps
from registries.outbound.call_limits import CallLimits
from registries.outbound.dns import Resolve, resolve_with_system
from registries.outbound.errors import BadAddress
from registries.outbound.pinning import AllowTarget


def probe(
    server_address: str,
    *,
    user: str,
    secret: str,
    image: str = "",
    allow: AllowTarget,
    realm_hosts: Collection[str] = (),
    ca_certificate: str | None = None,
    limits: CallLimits | None = None,
    resolve: Resolve = resolve_with_system,
) -> ProbeResult:
    """Probes whether the registry accepts user and password and, with `image`, whether that image may be pulled.

    `allow` permits targets of connections, and plain http; it can't permit `outbound.blocked_addresses`. `realm_hosts`
    are hosts (``auth.example.com``, or with a port) that may be sent the password for a token, beside the registry
    itself and `Endpoint.realm_hosts`. `ca_certificate` is PEM text, trusted beside the system's authorities. Raises
    nothing; takes at most 40 s.
    """
    report = Report()
    caller = Caller(allow=allow, ca_certificate=ca_certificate, limits=limits or LIMITS, resolve=resolve)
    try:
        run_steps(report, caller, server_address, (user, secret), realm_hosts, image)
    except StopSteps:
        pass  # the report holds the reason
    finally:
        caller.close()
    return report.finish(with_image=bool(image))


def run_steps(
    report: Report,
    caller: Caller,
    server_address: str,
    login: tuple[str, str],
    realm_hosts: Collection[str],
    image: str,
) -> None:
    """Runs all steps in their order. Raises StopSteps at the first that fails."""
    try:
        endpoint = endpoint_of(server_address)
    except BadAddress:
        report.fail(StepName.RESOLVE, StepFailed(Reason.NAME_NOT_FOUND, "That is not the address of a registry."))
    base, path, answer = check_api(report, caller, endpoint)
    user, secret = login
    session = Session(caller, base, endpoint, user, secret, realm_hosts, path)
    log_in(report, session, answer)
    if image:
        was_open = session.challenge is None
        check_image(report, session, image, endpoint)
        if was_open and session.challenge is not None:  # the repository asked, and took the password
            report.pass_login(Reason.OK)
