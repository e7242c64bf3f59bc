"""When a client's clock is believed, and where a view goes when it is not."""

from __future__ import annotations

import pytest

from firstframe.view.placement import WINDOW_MS, clock_shift, place
from firstframe.view.record import Approx, Span, State, ViewRecord


@pytest.mark.parametrize(
    ("times", "shift"),
    [
        ([], 0),
        ([(1000, 1040), (2000, 2900)], 0),
        ([(6000, 1000), (7000, 2100)], 0),
        ([(6001, 1000), (9000, 8000)], -5001),
        ([(0, WINDOW_MS)], 0),
        ([(0, WINDOW_MS + 1), (10, WINDOW_MS + 500)], WINDOW_MS + 1),
        ([(0, WINDOW_MS + 5000), (WINDOW_MS, WINDOW_MS + 5000)], 0),
    ],
)
def test_clock_shift(times, shift):
    """More than 5 s ahead or wholly a day behind is a wrong clock; one late batch of several is a slow network."""
    assert clock_shift(times) == shift


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
