"""What an error tells whoever has to decide what comes next."""

import pytest

from registries.rancher.errors import UNREACHABLE, Unreachable


@pytest.mark.parametrize("reason", sorted(UNREACHABLE))
def test_trying_again_helps_unless_somebody_has_to_change_something_first(reason: str) -> None:
    lasting = {"blocked", "tls_expired", "tls_name", "tls_unknown_ca", "not_tls"}
    assert Unreachable(reason).retry_helps is (reason not in lasting)
