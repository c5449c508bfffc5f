"""Limits of one outbound call: seconds, bytes, and how much of the process one upstream may take (faults.md)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CallLimits:
    """Limits of a call (seconds, bytes) and of an upstream's share of the process (faults.md)."""

    connect_s: float = 2.0
    read_s: float = 5.0
    wall_s: float = 8.0
    body_bytes: int = 8 * 2**20
    in_flight: int = 3
    slot_wait_s: float = 0.05
    breaker_errors: int = 5
    breaker_open_s: float = 15.0
