"""What every test starts from."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database in a file, as in a real installation: threads and processes of a test meet the same locks."""
    database: Path = tmp_path_factory.mktemp("database") / "tests.sqlite3"
    connections["default"].settings_dict["TEST"]["NAME"] = str(database)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """No test meets another one's sign-in limits or kept lists."""
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _static_root(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whitenoise warns about a folder of collected files that isn't there; tests serve the sources instead."""
    settings.STATIC_ROOT = str(tmp_path_factory.mktemp("static"))
