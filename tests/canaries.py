"""Secrets that were typed somewhere, and every place where none of them may turn up again."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from django.core.cache import cache
from django.db import connection


def spellings(secret: str) -> set[str]:
    """As it is, as a URL has it, and as JSON and Python write it."""
    return {secret, quote(secret, safe=""), secret.encode("unicode_escape").decode(), secret.replace("\n", "\r\n")}


def database() -> dict[str, str]:
    """Every table as text; of SQLite also the file and its write-ahead log, where deleted rows live on."""
    places = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            places[f"table {table}"] = "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())
    if connection.vendor == "sqlite":
        for name in (connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}-wal"):
            if Path(name).exists():
                places[f"file {Path(name).name}"] = Path(name).read_bytes().decode("latin-1")
    return places


def kept_in_cache() -> dict[str, str]:
    """What the tests' cache of one process holds."""
    return {f"cache {key}": str(value) for key, value in vars(cache._connections).items()} | {  # type: ignore[attr-defined]
        "cache": str(getattr(cache, "_cache", ""))
    }


def leaks(secrets: Iterable[str], places: Mapping[str, str]) -> list[str]:
    """Where which secret turned up: ``place: its first letters``."""
    return [
        f"{place}: {secret[:12]}"
        for secret in secrets
        for place, text in places.items()
        if any(spelling in text for spelling in spellings(secret))
    ]
