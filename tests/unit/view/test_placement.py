"""When a client's clock is believed, and where a view goes when it is not."""

from __future__ import annotations

import pytest

from firstframe.view.placement import WINDOW_MS, believed_shift, place
from firstframe.view.record import Approx, Span, State, ViewRecord


@pytest.mark.parametrize(
    ("delay_ms", "shift_ms"),
    [(0, 0), (40, 0), (-5_000, 0), (-5_001, -5_001), (WINDOW_MS, 0), (WINDOW_MS + 1, WINDOW_MS + 1)],
)
def test_believed_shift(delay_ms, shift_ms):
    """More than 5 s ahead or wholly a day behind is a wrong clock; less is a slow network."""
    assert believed_shift(delay_ms) == shift_ms


def test_place_moves_everything_and_says_so():
    """Start, end and spans move together; durations do not change."""
    record = ViewRecord(view_start_ms=100, view_end_ms=300, spans=[Span(State.PLAYING, 100, 300)])
    place(record, -50)
    assert (record.view_start_ms, record.view_end_ms, record.clock_shift_ms) == (50, 250, -50)
    assert (record.spans, record.approx) == ([Span(State.PLAYING, 50, 250)], [Approx.CLOCK_SHIFTED])


def test_no_shift_leaves_no_trace():
    """A believable clock changes nothing and sets no flag."""
    record = ViewRecord(view_start_ms=100, view_end_ms=300)
    place(record, 0)
    assert record == ViewRecord(view_start_ms=100, view_end_ms=300)
