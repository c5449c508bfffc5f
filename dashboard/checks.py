"""Refuses to start with settings that are missing, weak or unsafe together; each refusal names the setting.

They are Django system checks without `deploy`, so every command runs them, the workers' too; `dashboard.wsgi` runs them
for the web server.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
CACHES_OF_ONE_PROCESS = ("locmem.LocMemCache", "dummy.DummyCache")
SECRET_LENGTH, SECRET_VARIETY, TOKEN_LENGTH = 50, 16, 32
HOW_TO_MAKE_ONE = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'"


@register(Tags.security)
def check_secrets(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    key = _secret_key()
    if len(key) < SECRET_LENGTH or len(set(key)) < SECRET_VARIETY:
        yield Error(
            f"CORRAL_SECRET_KEY is missing or weak: it takes {SECRET_LENGTH} random characters or more.",
            hint=HOW_TO_MAKE_ONE,
            id="corral.E001",
        )
    ring = [pair.partition(":")[2] for pair in settings.ENCRYPTION_KEYS.replace(",", " ").split()]
    if any(encryption_key and encryption_key in key for encryption_key in ring):
        yield Error(
            "CORRAL_SECRET_KEY holds a key of CORRAL_ENCRYPTION_KEYS: make them apart, so that one can leak alone.",
            hint=HOW_TO_MAKE_ONE,
            id="corral.E002",
        )
    if 0 < len(settings.METRICS_TOKEN) < TOKEN_LENGTH:
        yield Error(
            f"CORRAL_METRICS_TOKEN is weak: it takes {TOKEN_LENGTH} characters; leave it out to have no /metrics.",
            hint=HOW_TO_MAKE_ONE,
            id="corral.E003",
        )


def _secret_key() -> str:
    """Empty where `manage.py check` runs without it: Django raises at the first use of an empty one."""
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:
        return ""


@register(Tags.security)
def check_hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    hosts = set(settings.ALLOWED_HOSTS)
    if not hosts or "*" in hosts:
        yield Error(
            "CORRAL_HOSTS names no host: write the names under which people reach Corral (and no *).",
            id="corral.E010",
        )
    for name, is_on in (("CORRAL_DEMO", settings.DEMO), ("CORRAL_DEBUG", settings.DEBUG)):
        if is_on and (others := hosts - LOOPBACK):
            yield Error(
                f"{name} is on together with CORRAL_HOSTS={','.join(sorted(others))}: it is for loopback only.",
                id="corral.E011",
            )
    if insecure := [origin for origin in settings.CSRF_TRUSTED_ORIGINS if not origin.startswith("https://")]:
        yield Error(f"CORRAL_ORIGINS has {insecure[0]}: an origin begins with https://.", id="corral.E012")
    if settings.SECURE and settings.SECURE_PROXY_SSL_HEADER is None:
        yield Warning(
            "CORRAL_BEHIND_PROXY is off: without a proxy that speaks TLS every page redirects to https forever.",
            id="corral.W013",
        )


@register(Tags.security, Tags.caches)
def check_cache(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if settings.WORKERS < 1 or settings.THREADS < 1:
        yield Error("CORRAL_WORKERS and CORRAL_THREADS are 1 or more.", id="corral.E020")
    if settings.WORKERS > 1 and settings.CACHES["default"]["BACKEND"].endswith(CACHES_OF_ONE_PROCESS):
        yield Error(
            f"The cache is one for each process, and CORRAL_WORKERS is {settings.WORKERS}: sign-in limits would be "
            "counted in each apart. Use a cache that all share.",
            id="corral.E021",
        )


@register(Tags.security)
def check_identity_provider(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if not settings.OIDC_ISSUER:
        return
    address = urlsplit(settings.OIDC_ISSUER)
    is_local = address.scheme == "http" and address.hostname in LOOPBACK and not settings.SECURE
    if address.scheme != "https" and not is_local:
        yield Error("CORRAL_OIDC_ISSUER begins with https://: what it says decides who is signed in.", id="corral.E050")
    if not settings.OIDC_CLIENT_ID:
        yield Error("CORRAL_OIDC_CLIENT_ID is missing: the identity provider gives it to you.", id="corral.E051")


@register(Tags.security)
def check_sqlite(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterator[CheckMessage]:
    if is_unsafe_sqlite(settings.DATABASES["default"]):
        yield Error(
            "DATABASES: SQLite takes transaction_mode IMMEDIATE and recursive_triggers (dashboard.env.database).",
            hint="Without the first, writers meet 'database is locked'; without the second, rows can be replaced "
            "past the triggers that guard them.",
            id="corral.E030",
        )


def is_unsafe_sqlite(database: Mapping[str, Any]) -> bool:
    options = database.get("OPTIONS", {})
    return database["ENGINE"] == "django.db.backends.sqlite3" and (
        options.get("transaction_mode") != "IMMEDIATE" or "recursive_triggers=ON" not in options.get("init_command", "")
    )
