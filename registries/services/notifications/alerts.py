"""Alerts: a credential stopped working, works again, or is about to expire. Each is told once."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from registries.models import Alert, CredentialStatus, Verification
from registries.oci.reasons import Reason
from registries.services.notifications.channels import webhook

# Failures that may pass by themselves are told when they happen twice in a row; the others concern the credential.
MAY_PASS = frozenset(
    {
        Reason.UNREACHABLE,
        Reason.TIMEOUT,
        Reason.NAME_NOT_FOUND,
        Reason.BLOCKED,
        Reason.NOT_A_REGISTRY,
        Reason.TOKEN_REFUSED,
    }
)
NEUTRAL = frozenset({Reason.RATE_LIMITED, Reason.NOT_PROVEN})  # these say nothing of the credential
CERTIFICATE_WARNING = timedelta(days=14)
TOKEN_WARNING = timedelta(hours=1)

Kind = Alert.Kind


def notify_of_change(watched: CredentialStatus, verification: Verification, reason: Reason) -> None:
    """Notifies of a failure that was not told yet, and of the recovery from one that was.

    To be called in the transaction that saves `watched`, whose `notified_reason` it sets.
    """
    if reason == Reason.OK:
        if watched.notified_reason:
            watched.notified_reason = ""
            notify(Kind.RECOVERED, f"{watched} works again", "", watched)
        return
    if reason in {watched.notified_reason, *NEUTRAL} or not _is_certain(watched, verification, reason):
        return
    is_first = not watched.notified_reason
    watched.notified_reason = reason
    if is_first:  # another cause of the same failure is not told again
        notify(Kind.FAILING, f"{watched} stopped working", f"{reason.sentence} {reason.remedy}".strip(), watched)


def notify_of_expiry(watched: CredentialStatus) -> None:
    """Notifies ahead, once each, that the registry's certificate or the token used as password is about to expire."""
    now = timezone.now()
    certificate, token = watched.certificate_expires_at, watched.token_expires_at
    if certificate and now < certificate < now + CERTIFICATE_WARNING:
        _notify_once(watched, f"The certificate of {watched.server_address} expires on {certificate:%d %b %Y}")
    if token and now < token < now + TOKEN_WARNING:
        _notify_once(watched, f"The token of {watched} expires at {token:%H:%M} UTC on {token:%d %b %Y}")


def notify(kind: Alert.Kind, title: str, detail: str, watched: CredentialStatus | None) -> Alert:
    """Saves an alert, which Corral shows; it becomes due for the webhook if there is one."""
    return Alert.objects.create(
        kind=kind,
        profile=watched.profile if watched else None,
        registry_id=watched.registry_id if watched else "",
        credential_id=watched.credential_id if watched else "",
        title=title,
        detail=detail,
        next_try_at=timezone.now() if webhook.is_set() else None,
    )


def _notify_once(watched: CredentialStatus, title: str) -> None:
    with transaction.atomic():
        told = Alert.objects.filter(kind=Kind.EXPIRING, profile=watched.profile, title=title)
        if not told.exists():
            notify(Kind.EXPIRING, title, "Renew it before pulls fail.", watched)


def _is_certain(watched: CredentialStatus, verification: Verification, reason: Reason) -> bool:
    if reason not in MAY_PASS:
        return True
    before = Verification.objects.filter(
        profile=watched.profile, credential_id=watched.credential_id, pk__lt=verification.pk
    ).first()
    return before is not None and not before.ok
