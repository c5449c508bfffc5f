"""What a sign-in leaves in the session, for tests that don't go through the form."""

import time
from datetime import timedelta
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.db.models import F
from django.test import Client

from dashboard.people.models import FailedSignIns
from dashboard.people.sign_in.failures import write_failed_sign_ins

WHO = "account_authentication_methods_user"


def prove(client: Client, user: Any, *, seconds_ago: float = 0) -> None:
    """As if the person had given their password so long ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - seconds_ago}]
    session[WHO] = str(user.pk)
    session.save()


def write_failures() -> None:
    """Writes the failed sign-ins so far to the audit log, as the beat does two minutes later."""
    FailedSignIns.objects.update(minute=F("minute") - timedelta(minutes=2))
    write_failed_sign_ins()
