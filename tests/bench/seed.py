"""Run inside `manage.py shell`: one profile of the sandbox, and one person who is signed in."""

import os

from django.conf import settings

from dashboard.people.models import User
from registries.models import AllowedTarget, ConnectionProfile, Membership
from tests.bench.signing_in import sign_in


def seed() -> tuple[str, str]:
    """Fills an empty database; the session's key for Corral, and for Django's admin with Django's own backend."""
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
    return sign_in(user, settings.AUTHENTICATION_BACKENDS[0]), sign_in(
        user, "django.contrib.auth.backends.ModelBackend"
    )


print("sessions", *seed())  # noqa: T201 - the bench reads it
