"""Reads settings from the environment: typed, and with one sentence for each that is missing or malformed."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
_missing_are_refused = True


class SettingError(ImproperlyConfigured):
    """A setting is missing or malformed; the text is a sentence for whoever starts Corral, and names the setting."""


def allow_missing() -> None:
    """Settings without a value and without a default are empty from here on.

    For `manage.py` alone, before it reads the settings, and for commands that need none. An empty secret opens nothing:
    Django refuses an empty SECRET_KEY whenever it is used, an empty key ring has no key, and `checks.py` names each.
    """
    global _missing_are_refused  # noqa: PLW0603 - settings are read once, in a module that can't be handed anything
    _missing_are_refused = False


def text(name: str, default: str | None = None) -> str:
    """The setting, or what the file named by ``NAME_FILE`` holds (how container secrets arrive).

    Raises SettingError with the setting's name when there is neither a value nor a default, or no such file.
    """
    if value := os.environ.get(name, ""):
        return value
    if path := os.environ.get(f"{name}_FILE", ""):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingError(f"{name}_FILE can't be read: {type(error).__name__}.") from None  # may name a secret
    if default is None:
        require(name)
    return default or ""


def require(*names: str) -> None:
    """Raises SettingError that names each one of these settings that has no value."""
    if _missing_are_refused and (missing := [name for name in names if not text(name, "")]):
        raise SettingError(f"Set {', '.join(missing)}; README.md lists every setting.")


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name, str(default)).strip().lower()
    if value not in TRUE | FALSE:
        raise SettingError(f"{name} is neither on nor off: write 1 or 0.")
    return value in TRUE


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise SettingError(f"{name} is not a whole number.") from None


def choice(name: str, default: str, options: Collection[str]) -> str:
    """One of a few words, in capitals."""
    value = text(name, default).upper()
    if value not in options:
        raise SettingError(f"{name} is none of {', '.join(options)}.")
    return value


def words(name: str, default: str | None = "") -> list[str]:
    """A list separated by commas or blanks."""
    return text(name, default).replace(",", " ").split()


def pairs(name: str) -> dict[str, str]:
    """``one=this; other=that``: values may hold blanks. Raises SettingError for a part without a value."""
    found = {}
    for part in filter(str.strip, text(name, "").split(";")):
        key, _, value = part.partition("=")
        if not (key.strip() and value.strip()):
            raise SettingError(f"{name} has a part that is no pair: write group=team; group=team.")
        found[key.strip()] = value.strip()
    return found


def database(url: str) -> dict[str, Any]:
    """Django's database settings for ``sqlite:///path`` or ``postgres://user:password@host:port/name?option=value``.

    SQLite gets what `faults.md` measured: WAL alone gives "locked" errors under several writers, IMMEDIATE gives none,
    and without recursive_triggers an INSERT OR REPLACE passes the triggers that guard a table.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # whose text quotes the URL, password and all
        raise SettingError("DATABASE_URL can't be read: encode what is special in a password (/ as %2F).") from None
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")) or ":memory:",
            "CONN_MAX_AGE": 600,  # opening the file anew and its pragmas cost more than a page's queries
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA recursive_triggers=ON",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": port or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": "10"} | dict(parse_qsl(parts.query)),
        }
    raise SettingError("DATABASE_URL begins with neither sqlite:// nor postgres://.")
