from tests.upstream_stands import _no_upstream_remembers, client, stand, stand_14

__all__ = ["_no_upstream_remembers", "client", "stand", "stand_14"]
