"""Where in time a view belongs, when the client's clock cannot be believed."""

from __future__ import annotations

from firstframe.view.record import Approx, ViewRecord
from firstframe.view.span import shifted

AHEAD_MS = 5_000
"""A clock further ahead of the server's than this is wrong."""
WINDOW_MS = 86_400_000
"""All events of a view older than this on receipt: the clock is wrong, not the network slow."""


def believed_shift(delay_ms: int) -> int:
    """What to add to a view's times, from the least delay of its events to their receipt: 0 while the clock is believable.

    The smallest delay is the best guess at the difference of the clocks: the fastest event was nearly instant.
    """
    return delay_ms if delay_ms < -AHEAD_MS or delay_ms > WINDOW_MS else 0


def place(record: ViewRecord, shift_ms: int) -> None:
    """Move a record in time; durations stay as they are."""
    if not shift_ms:
        return
    record.view_start_ms += shift_ms
    record.view_end_ms += shift_ms
    record.clock_shift_ms += shift_ms
    record.spans = shifted(record.spans, shift_ms)
    record.approx = sorted({*record.approx, Approx.CLOCK_SHIFTED})
