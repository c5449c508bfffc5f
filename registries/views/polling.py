"""Polling of what is under way: the pauses between two looks, and how many there were."""

from typing import Any

from django.http import HttpRequest

PAUSES_S = (1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 10, 10)  # they grow, and end after about a minute


def read_tick(request: HttpRequest) -> int:
    """How many looks came before this one, from the URL; 0 for nonsense."""
    tick = request.GET.get("tick", "")
    return int(tick) if tick.isdecimal() and len(tick) < 4 else 0


def poll_context(tick: int, *, is_open: bool) -> dict[str, Any]:
    """`poll_tick`, 0 where nobody is to look again, and `poll_pause` in seconds."""
    return {
        "poll_tick": tick + 1 if is_open and tick < len(PAUSES_S) else 0,
        "poll_pause": PAUSES_S[min(tick, len(PAUSES_S) - 1)],
    }
