"""Probes of registries on loopback, with a certificate authority of this test run."""

from collections.abc import Callable
from typing import Any

import pytest

from registries.oci import ProbeResult, probe
from registries.outbound.call_limits import CallLimits
from tests.authority import Authority

USER, SECRET = "ann", "correct horse"
LOGIN = f"{USER}:{SECRET}"
QUICK = CallLimits(connect_s=1, read_s=1, wall_s=1.5, breaker_open_s=0)  # for tests that wait for a limit

Probe = Callable[..., ProbeResult]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def ask(authority: Authority) -> Probe:
    """`probe` with a login, everything allowed but blocked addresses, and the test's authority trusted."""

    def ask(address: str, **options: Any) -> ProbeResult:
        values: dict[str, Any] = {
            "user": USER,
            "secret": SECRET,
            "allow": lambda *_: True,
            "ca_certificate": authority.pem,
        }
        return probe(address, **(values | options))

    return ask


def states(result: ProbeResult) -> dict[str, str]:
    return {step.name.name.lower(): step.state for step in result.steps}
