from tests.upstream_stands import client, stand, stand_14

__all__ = ["client", "stand", "stand_14"]
