"""Fidelity of the stand-in, measured by the recordings of real servers."""

import pytest

from .replaying import Replay

LEAST_SHARE = 0.98  # of each recording


@pytest.mark.parametrize(("generation", "recordings", "exchanges"), [("1.6", 13, 480), ("1.4", 6, 256)])
def test_answers_as_recorded(generation: str, recordings: int, exchanges: int) -> None:
    replay = Replay(generation)
    replay.run()
    assert len(replay.scores) >= recordings, "some recordings were left out"
    assert sum(score.compared for score in replay.scores.values()) >= exchanges, "some exchanges were left out"
    poor = {name for name, score in replay.scores.items() if score.share < LEAST_SHARE}
    assert poor == set(), "\n".join(replay.differences)
