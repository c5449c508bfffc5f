from tests.upstream_stands import opened

__all__ = ["opened"]
