"""Run inside `manage.py shell`: one person signed in, one profile of the sandbox, and the person's session key."""

import os

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile, Membership


def seed() -> str:
    """Fills an empty database; the session's key."""
    user = User.objects.create_user("bench", is_staff=True, is_superuser=True)
    AllowedTarget.objects.create(scheme="http", host="127.0.0.1")
    access_key, secret_key = os.environ["BENCH_KEYS"].split()
    profile = ConnectionProfile.objects.create(
        name="Bench",
        slug="bench",
        base_url=os.environ["BENCH_RANCHER"],
        project_id="1a5",
        access_key=access_key,
        secret_key=secret_key,
    )
    Membership.objects.create(profile=profile, user=user, role="operator")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


print("session", seed())  # noqa: T201 - the bench reads it
