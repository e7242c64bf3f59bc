"""Fitting states in time to sums, and the ranges that were watched."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.beacon import Event
from firstframe.dialects.mux.played import Played, union
from firstframe.dialects.mux.span import rebalance
from firstframe.view.record import Span, State

STATES = (State.IDLE, State.STARTUP, State.PLAYING, State.PAUSE, State.REBUFFER)


def laid(parts: list[tuple[State, int]]) -> list[Span]:
    """Spans end to end, from 0."""
    spans, at = [], 0
    for state, length in parts:
        spans.append(Span(state, at, at + length))
        at += length
    return spans


def total(spans: list[Span], state: State) -> int:
    return sum(span.end_ms - span.start_ms for span in spans if span.state is state)


def test_time_goes_where_the_sums_say():
    """What was a stall and a pause looked like playing, because the events that said so are lost."""
    spans = laid([(State.STARTUP, 500), (State.PLAYING, 10_000)])
    fitted = rebalance(spans, {State.PLAYING: 7_000, State.REBUFFER: 2_000})
    assert fitted == laid(
        [(State.STARTUP, 500), (State.PLAYING, 7_000), (State.PAUSE, 1_000), (State.REBUFFER, 2_000)]
    )


@given(
    st.lists(st.tuples(st.sampled_from(STATES), st.integers(1, 9_000)), max_size=8),
    st.dictionaries(st.sampled_from([State.PLAYING, State.REBUFFER, State.SEEK]), st.integers(0, 20_000)),
)
def test_fitting_keeps_the_stretch_of_time(parts, wanted):
    """However wrong the sums, the view is as long as before, without holes, and its startup is untouched."""
    spans = laid(parts)
    fitted = rebalance(spans, wanted)
    assert sum(span.end_ms - span.start_ms for span in fitted) == sum(length for _, length in parts)
    assert all(before.end_ms == after.start_ms for before, after in pairwise(fitted))
    assert total(fitted, State.STARTUP) == total(spans, State.STARTUP)
    assert all(span.start_ms < span.end_ms for span in fitted)


def played(*texts: object) -> list[tuple[float, float]] | None:
    """What events that say so have played."""
    heard = Played()
    for n, said in enumerate(texts):
        heard.take(
            Event(
                native_view_id="v",
                key=str(n),
                at_ms=n,
                received_at_ms=n,
                name="hb",
                payload={"video_playback_range": said},
            )
        )
    return heard.ranges()


@pytest.mark.parametrize(
    ("texts", "ranges"),
    [
        (['["15:11996"]', '["15:11996","12075:17018"]'], [(15, 11_996), (12_075, 17_018)]),
        (['["0:9000"]', '["0:4000"]'], [(0, 9_000)]),  # a small seek back shortens it
        (['["19:6000"]', '["19:0"]'], [(19, 6_000)]),  # the end fell to the next source's position
        (["[]"], []),
        (["", "no", '{"a":1}', '[1,null,"x:y","5"]', 7, None], []),
    ],
)
def test_watched_ranges(texts, ranges):
    """The union over all events; broken ranges say nothing."""
    assert played(*texts) == ranges


def test_no_ranges_is_not_none_watched():
    """An integration that never states ranges leaves them unknown."""
    assert played() is None


def test_union():
    """Ranges that overlap or touch become one."""
    assert union([(5, 9), (0, 3), (3, 4), (8, 12)]) == [(0, 4), (5, 12)]
