"""Measured against what real servers answered."""

import pytest

from .replaying import Replay


@pytest.mark.parametrize(("generation", "exchanges"), [("1.6", 420), ("1.4", 195)])
def test_answers_as_recorded(generation: str, exchanges: int) -> None:
    replay = Replay(generation)
    replay.run()
    assert replay.compared >= exchanges, "some recordings were left out"
    assert replay.same / replay.compared >= 0.99, "\n".join(replay.differences)
