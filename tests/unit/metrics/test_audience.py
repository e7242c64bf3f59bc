"""The audience over a video, of plays whose SDKs tell different things."""

import pytest

from firstframe.metrics.audience import audience
from firstframe.metrics.filter import EVERYTHING
from support_question import NEW_YEAR_MS, NOW_MS, PROJECT, make_view, store, wait

pytestmark = pytest.mark.engine


def test_who_does_not_tell_a_position_came_nowhere(engine) -> None:
    """It is not known how far they came, which is not the beginning: only those with a position are counted."""
    known = {"duration_ms": 100_000.0, "live": False}
    store(
        engine,
        [
            make_view("silent", dialect="livepeer", **known),
            make_view("at once", max_playhead_ms=0.0, **known),
            make_view("whole", max_playhead_ms=100_000.0, played_ranges=[(0.0, 100_000.0)], **known),
        ],
    )
    times = {"start_ms": NEW_YEAR_MS, "end_ms": NOW_MS}
    found = wait(engine, lambda wrapped: audience(wrapped, PROJECT, found=EVERYTHING, bots=False, **times))
    assert (found.plays, found.plays_with_ranges, found.plays_with_position) == (3, 1, 2)
    assert found.reached == [2] + [1] * 99
    assert found.watched == [1] * 100
