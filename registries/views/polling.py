"""Polling of open operations: pauses between two polls, and their count in the URL."""

from typing import Any

from django.http import HttpRequest

PAUSES_S = (1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 10, 10)  # they grow, and end after about a minute


def read_tick(request: HttpRequest) -> int:
    """Reads the number of polls before this one from the URL; 0 if invalid."""
    tick = request.GET.get("tick", "")
    return int(tick) if tick.isdecimal() and len(tick) < 4 else 0


def poll_context(tick: int, *, is_open: bool) -> dict[str, Any]:
    """Template context: `poll_tick`, 0 if polling ends, and `poll_pause` in seconds."""
    return {
        "poll_tick": tick + 1 if is_open and tick < len(PAUSES_S) else 0,
        "poll_pause": PAUSES_S[min(tick, len(PAUSES_S) - 1)],
    }
