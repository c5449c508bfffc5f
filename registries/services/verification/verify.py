"""Proof that a credential works: the registry itself is asked, and what it said is kept as a reason, never as text."""

import hmac
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from dashboard.crypto import SecretUnreadable
from dashboard.rate_limits import RateLimit, take_slot
from registries.access import Access
from registries.events import ProfileEvent
from registries.models import AllowedTarget, ConnectionProfile, CredentialStatus, Verification
from registries.oci import ProbeResult, Reason, probe
from registries.outbound.blocked_addresses import Address, is_public
from registries.services.audit import write
from registries.services.notifications import alerts
from registries.services.verification import saved_secrets

PER_PERSON = RateLimit("verify", slots=10, seconds=60)
REFUSALS_BEFORE_STOP = 2  # many registries lock an account after a few

Source = Verification.Source


class TooMany(Exception):
    """The person has asked ten times within a minute; `seconds` until the next place is free."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Ten verifications a minute are allowed; the next one in {seconds} s. Nothing was sent.")
        self.seconds = seconds


@dataclass(frozen=True, kw_only=True)
class Login:
    """What is verified: a user and a password at a registry's address. Its secret is never printed."""

    server_address: str
    user: str
    secret: str
    registry_id: str = ""
    credential_id: str = ""
    image: str = ""

    def __str__(self) -> str:
        return f"{self.user} at {self.server_address}"

    def __repr__(self) -> str:
        return f"<Login: {self}>"


def verify_typed(access: Access, login: Login, *, source: Verification.Source) -> Verification:
    """Verifies what somebody typed. Raises TooMany. It is on record that a key was used, and what it found."""
    wait_s = take_slot(PER_PERSON, str(access.user.pk))
    if wait_s:
        raise TooMany(wait_s)
    found = _ask(access.profile, login)
    with transaction.atomic():
        verification = _keep(access.profile, login, found, source=source, actor=access.user.get_username())
        if login.credential_id and source != Source.FORM:
            _remember(access.profile, login, verification, found)
        write.write_audit_event(_event(access, access.profile, login, verification))
    return verification


def verify_kept(access: Access, watched: CredentialStatus, *, image: str = "") -> Verification:
    """Verifies the copy that Corral keeps. Raises TooMany, SecretUnreadable."""
    return verify_typed(access, login_of(watched, image=image), source=Source.PERSON)


def verify_on_schedule(watched: CredentialStatus) -> Verification | None:
    """Verifies a kept copy and says when the next time is; None when the copy can't be opened any more."""
    try:
        login = login_of(watched)
    except SecretUnreadable:
        saved_secrets.forget_copy(watched)
        return None
    found = _ask(watched.profile, login)
    with transaction.atomic():
        verification = _keep(watched.profile, login, found, source=Source.SCHEDULE, actor="")
        _remember(watched.profile, login, verification, found)
        write.write_audit_event(_event(None, watched.profile, login, verification))
    return verification


def login_of(watched: CredentialStatus, *, image: str = "") -> Login:
    """Raises SecretUnreadable: the copy opens for the address that it was kept for, and for no other."""
    return Login(
        server_address=watched.server_address,
        user=watched.public_value,
        secret=watched.secret.reveal(),
        registry_id=watched.registry_id,
        credential_id=watched.credential_id,
        image=image,
    )


def allow(scheme: str, host: str, address: Address, port: int) -> bool:
    """Whether a registry may be asked there: public addresses over https, and what the admin's list opens."""
    if scheme == "https" and is_public(address):
        return True
    return any(target.permits(scheme, host, address, port) for target in _registry_targets())


def realm_hosts() -> list[str]:
    """Hosts that the admin's list names: they may be sent a password for a token (`registries.oci.probe`)."""
    hosts: list[str] = []
    for target in _registry_targets():
        if "/" not in target.host:
            ports = [port for ports in target.port_ranges() for port in ports]
            hosts += [f"{target.host}:{port}" for port in ports] or [target.host]
    return hosts


def _registry_targets() -> QuerySet[AllowedTarget]:
    return AllowedTarget.objects.filter(kind=AllowedTarget.Kind.REGISTRY)


def _ask(profile: ConnectionProfile, login: Login) -> ProbeResult:
    """Outside of any transaction: it may take as long as a registry likes, up to the client's limit."""
    return probe(
        login.server_address,
        user=login.user,
        secret=login.secret,
        image=login.image,
        allow=allow,
        realm_hosts=realm_hosts(),
        ca_certificate=profile.ca_certificate or None,
    )


def _keep(
    profile: ConnectionProfile, login: Login, found: ProbeResult, *, source: Verification.Source, actor: str
) -> Verification:
    return Verification.objects.create(
        profile=profile,
        registry_id=login.registry_id,
        credential_id=login.credential_id,
        server_address=login.server_address,
        public_value=login.user,
        source=source,
        actor=actor,
        image=login.image,
        reason=found.reason,
        milliseconds=found.milliseconds,
        steps=[asdict(step) for step in found.steps],
        facts={
            "certificate_expires_at": found.certificate_expires_at and found.certificate_expires_at.isoformat(),
            "digest": found.digest,
            "platforms": list(found.platforms),
        },
        retry_at=found.retry_at,
    )


def _remember(profile: ConnectionProfile, login: Login, verification: Verification, found: ProbeResult) -> None:
    """What the verification says of the credential, and when a kept copy is verified next.

    Nothing, where it wasn't the kept copy that was verified: somebody typed another password, or it was replaced
    meanwhile.
    """
    watched, _ = CredentialStatus.objects.select_for_update().get_or_create(
        profile=profile,
        credential_id=login.credential_id,
        defaults={
            "registry_id": login.registry_id,
            "server_address": login.server_address,
            "public_value": login.user,
        },
    )
    if watched.secret and not _is_the_copy(login, watched):
        return
    reason = found.login_reason  # what came of an image says nothing of user and password
    watched.reason, watched.checked_at = reason, verification.checked_at
    watched.certificate_expires_at = found.certificate_expires_at or watched.certificate_expires_at
    if reason in {Reason.OK, Reason.NOT_PROVEN}:
        watched.failing_since, watched.refusals = None, 0
    elif reason != Reason.RATE_LIMITED:  # which says nothing of the credential
        watched.failing_since = watched.failing_since or verification.checked_at
        watched.refusals += reason == Reason.BAD_CREDENTIALS
    if watched.secret:
        watched.next_check_at = _next_check_at(watched, found)
        alerts.notify_of_change(watched, verification, reason)
    watched.save()
    # a list that is kept for some seconds shows the result before this one: nobody takes it any more
    ConnectionProfile.objects.filter(pk=profile.pk).update(write_serial=F("write_serial") + 1)


def _is_the_copy(login: Login, watched: CredentialStatus) -> bool:
    if (login.server_address.lower(), login.user) != (watched.server_address.lower(), watched.public_value):
        return False
    try:
        return hmac.compare_digest(login.secret.encode(), watched.secret.reveal().encode())
    except SecretUnreadable:
        return False


def _next_check_at(watched: CredentialStatus, found: ProbeResult) -> datetime | None:
    if watched.refusals >= REFUSALS_BEFORE_STOP:
        return None
    planned = saved_secrets.next_check_at()
    return max(found.retry_at, planned) if found.retry_at else planned


def _event(access: Access | None, profile: ConnectionProfile, login: Login, verification: Verification) -> ProfileEvent:
    """`access` None: nobody asked, the schedule did."""
    return ProfileEvent(
        action="credential.verify",
        actor=access.user if access else None,
        actor_name="" if access else "(schedule)",
        role=access.role_name if access else "",
        profile=profile,
        outcome="succeeded" if verification.ok or verification.reason == Reason.NOT_PROVEN else "failed",
        target_type="credential",
        target_id=login.credential_id,
        target_name=str(login),
        after={"reason": verification.reason, "image": login.image},
    )
