"""People for these tests, and a browser each that has just signed in."""

from tests.registries.conftest import admin, auditor, browse, make_user
from tests.upstream_stands import opened

__all__ = ["admin", "auditor", "browse", "make_user", "opened"]
