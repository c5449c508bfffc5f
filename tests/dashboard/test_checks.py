"""`dashboard.checks`: what Corral refuses to start with, and that the refusal stops every way to start."""

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from dashboard import env
from dashboard.checks import is_unsafe_sqlite
from dashboard.crypto import KeyRingError, parse_key_ring
from tests.settings import BASE_DIR

SECRET_KEY = secrets.token_urlsafe(64)
ENCRYPTION_KEY = os.environ["CORRAL_ENCRYPTION_KEYS"].partition(":")[2]
SAFE: dict[str, Any] = {
    "DEMO": False,
    "DEBUG": False,
    "SECURE": True,
    "SECRET_KEY": SECRET_KEY,
    "METRICS_TOKEN": "",
    "ALLOWED_HOSTS": ["corral.example.com"],
    "CSRF_TRUSTED_ORIGINS": [],
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "WORKERS": 2,
    "THREADS": 8,
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}},
}


def found(settings: Settings, **changes: Any) -> list[tuple[str, str]]:
    for name, value in (SAFE | changes).items():
        setattr(settings, name, value)
    return [(str(message.id), str(message.msg)) for message in run_checks() if str(message.id).startswith("corral.")]


def test_safe_settings_pass(settings: Settings) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("check", "named", "changes"),
    [
        ("corral.E001", "CORRAL_SECRET_KEY", {"SECRET_KEY": "short"}),
        ("corral.E001", "CORRAL_SECRET_KEY", {"SECRET_KEY": "ab" * 40}),
        ("corral.E002", "CORRAL_ENCRYPTION_KEYS", {"SECRET_KEY": f"my-key-{ENCRYPTION_KEY}"}),
        ("corral.E003", "CORRAL_METRICS_TOKEN", {"METRICS_TOKEN": "guessable"}),
        ("corral.E004", "CORRAL_ENCRYPTION_KEYS", {"ENCRYPTION_KEYS": "k1:c2hvcnQ="}),
        ("corral.E004", "CORRAL_ENCRYPTION_KEYS", {"ENCRYPTION_KEYS": "no-id"}),
        ("corral.E005", "CORRAL_AUDIT_KEYS", {"AUDIT_KEYS": "no-id"}),
        ("corral.E006", "CORRAL_AUDIT_KEYS", {"AUDIT_KEYS": f"a1:{ENCRYPTION_KEY}"}),
        ("corral.E010", "CORRAL_HOSTS", {"ALLOWED_HOSTS": []}),
        ("corral.E010", "CORRAL_HOSTS", {"ALLOWED_HOSTS": ["*"]}),
        ("corral.E011", "CORRAL_DEBUG", {"DEBUG": True}),
        ("corral.E011", "CORRAL_DEMO", {"DEMO": True}),
        ("corral.E012", "CORRAL_ORIGINS", {"CSRF_TRUSTED_ORIGINS": ["http://corral.example.com"]}),
        ("corral.W013", "CORRAL_BEHIND_PROXY", {"SECURE_PROXY_SSL_HEADER": None}),
        ("corral.E020", "CORRAL_WORKERS", {"WORKERS": 0}),
        (
            "corral.E021",
            "CORRAL_WORKERS",
            {"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}},
        ),
    ],
)
def test_each_unsafe_setting_is_refused_by_name(
    settings: Settings, check: str, named: str, changes: dict[str, Any]
) -> None:
    messages = found(settings, **changes)
    assert [number for number, _ in messages] == [check]
    assert named in messages[0][1]


def test_a_cache_of_one_process_is_enough_for_one_process(settings: Settings) -> None:
    cache = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert found(settings, WORKERS=1, CACHES=cache) == []


def test_the_demo_may_listen_on_loopback(settings: Settings) -> None:
    assert found(settings, DEMO=True, SECURE=False, ALLOWED_HOSTS=["127.0.0.1", "localhost"]) == []


def test_a_database_from_its_url_is_safe() -> None:
    assert not is_unsafe_sqlite(env.database("sqlite:////var/lib/corral/corral.sqlite3"))
    assert not is_unsafe_sqlite(env.database("postgres://corral@db.internal/corral"))


@pytest.mark.parametrize("option", ["transaction_mode", "init_command"])
def test_sqlite_without_its_options_is_not(option: str) -> None:
    database = env.database("sqlite:////var/lib/corral/corral.sqlite3")
    del database["OPTIONS"][option]
    assert is_unsafe_sqlite(database)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["manage.py", "db_worker", "--batch"], id="worker"),
        pytest.param(["manage.py", "migrate", "--plan"], id="command"),
        pytest.param(["-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi"], id="web server"),
    ],
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORRAL_SECRET_KEY", ""),
        ("CORRAL_SECRET_KEY", "short"),
        ("CORRAL_ENCRYPTION_KEYS", "k1:c2hvcnQ="),
        ("CORRAL_AUDIT_KEYS", "k1:c2hvcnQ="),
        ("CORRAL_HOSTS", ""),
    ],
)
def test_nothing_starts_with_a_refused_setting(command: list[str], name: str, value: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "CORRAL_SECRET_KEY": SECRET_KEY,
        "CORRAL_ENCRYPTION_KEYS": os.environ["CORRAL_ENCRYPTION_KEYS"],
        "CORRAL_AUDIT_KEYS": os.environ["CORRAL_AUDIT_KEYS"],
        "CORRAL_HOSTS": "corral.example.com",
        "CORRAL_BIND": f"unix:{tmp_path}/socket",
        "DATABASE_URL": f"sqlite:///{tmp_path}/corral.sqlite3",
    }
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env=environment | {name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert name in ended.stderr


@pytest.mark.parametrize("ring", ["", "c4n4ryKEY", "c4n4ryKEY:k1", "k1:c4n4ryKEY", "c4n4ryKEY:a c4n4ryKEY:b"])
def test_a_ring_that_is_written_wrongly_is_not_printed(ring: str) -> None:
    with pytest.raises(KeyRingError) as caught:
        parse_key_ring(ring)
    assert "c4n4ry" not in str(caught.value)


def test_an_id_stands_for_one_key_of_a_ring() -> None:
    key = base64.b64encode(bytes(32)).decode()
    with pytest.raises(KeyRingError, match="Key 2 has the id of one before it"):
        parse_key_ring(f"k1:{key},k1:{key}")


CHECKED_SECRETS = [  # one run refuses them all
    "CORRAL_SECRET_KEY",
    "CORRAL_ENCRYPTION_KEYS",
    "CORRAL_AUDIT_KEYS",
    "CORRAL_METRICS_TOKEN",
    "CORRAL_WEBHOOK_URL",
    "CORRAL_WEBHOOK_SECRET",
    "CORRAL_OIDC_CLIENT_SECRET",
]
URL = "https://c4n4ry:c4n4ry/c4n4ry@hooks.example.com/c4n4ry?c4n4ry"


@pytest.mark.parametrize(
    ("names", "value"),
    [
        (CHECKED_SECRETS, "c4n4ry"),
        (CHECKED_SECRETS, "c4n4ry:c4n4ry"),
        (CHECKED_SECRETS, "k1:c4n4ry,k1:c4n4ry"),
        (CHECKED_SECRETS, URL),
        (["DATABASE_URL"], URL.replace("https", "postgres")),
    ],
)
def test_a_refused_start_prints_no_secret_setting(names: list[str], value: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "CORRAL_SECRET_KEY": SECRET_KEY,
        "CORRAL_ENCRYPTION_KEYS": os.environ["CORRAL_ENCRYPTION_KEYS"],
        "CORRAL_AUDIT_KEYS": os.environ["CORRAL_AUDIT_KEYS"],
        "CORRAL_HOSTS": "corral.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path}/corral.sqlite3",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "dashboard.wsgi"],
        cwd=BASE_DIR,
        env=environment | dict.fromkeys(names, value),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert names[0] in ended.stderr
    assert "c4n4ry" not in ended.stdout + ended.stderr
