"""What a sign-in leaves in the session, for tests that don't go through the form."""

import time
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

WHO = "account_authentication_methods_user"


def prove(client: Client, user: Any, *, seconds_ago: float = 0) -> None:
    """As if the person had given their password so long ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - seconds_ago}]
    session[WHO] = str(user.pk)
    session.save()
