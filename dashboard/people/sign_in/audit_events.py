"""Audit events of sign-ins, sign-outs, wrong codes and passwords, from the signals of Django and allauth.

A receiver that can't write raises, and Django saves no session for a response of 500: an unrecorded sign-in fails.
"""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed, password_set, user_logged_in
from allauth.mfa.signals import authentication_failed as code_failed
from allauth.socialaccount.signals import social_account_added, social_account_removed
from django.contrib.auth.signals import user_logged_in as django_logged_in
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from dashboard.events import Event, emit_event
from dashboard.people.models import User
from dashboard.people.sign_in.sealed_factors import is_key_lost
from dashboard.people.sign_in.second_factor import PROVEN


@receiver(django_logged_in, dispatch_uid="session_begins")
def begin_session(request: HttpRequest, **_: Any) -> None:
    for stale in ("began_at", "seen_at", PROVEN):
        request.session.pop(stale, None)


@receiver(user_logged_in, dispatch_uid="record_sign_in")
def record_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    ways = [one.get("type", one["method"]) for one in get_authentication_records(request, user)]
    emit_event(Event(action="person.sign_in", actor=user, after={"by": ", ".join(ways)}))


@receiver(user_logged_out, dispatch_uid="record_sign_out")
def record_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user:
        emit_event(Event(action="person.sign_out", actor=user, reason=getattr(request, "ended_because", "")))


@receiver(code_failed, dispatch_uid="record_wrong_code")
def record_wrong_code(user: User, reauthentication: bool, **_: Any) -> None:
    action = "person.confirm" if reauthentication else "person.sign_in"
    reason = "Its encryption key is lost: no code can be checked." if is_key_lost(user) else "Wrong code."
    emit_event(Event(action=action, actor=user, outcome="failed", reason=reason))


@receiver([password_changed, password_set], dispatch_uid="record_password")
def record_password(user: User, **_: Any) -> None:
    emit_event(Event(action="person.password", actor=user, target_type="person", target_name=user.username))


@receiver(social_account_added, dispatch_uid="record_identity_added")
def record_identity_added(sociallogin: Any, **_: Any) -> None:
    emit_event(Event(action="identity.link", actor=sociallogin.user, target_type="identity"))


@receiver(social_account_removed, dispatch_uid="record_identity_removed")
def record_identity_removed(socialaccount: Any, **_: Any) -> None:
    emit_event(Event(action="identity.unlink", actor=socialaccount.user, target_type="identity"))
