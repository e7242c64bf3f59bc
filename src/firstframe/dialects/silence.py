"""What a view may have more of when nobody said that it was over: the last news of it is never the last that happened.

So it is wherever a page dies without a word, as a hidden one does on a phone: its last report was made when it was hidden.
"""

from __future__ import annotations

from firstframe.view.record import Approx, EndReason, Outcome, ViewRecord

_CUT_OFF = (Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND, Approx.PAUSE_LOWER_BOUND)


def unheard(row: ViewRecord) -> tuple[Approx, ...]:
    """The flags of a view that is closed at its last event: what was watched behind it, or how long a pause went on."""
    if row.end_reason is EndReason.DROPPED:
        return _CUT_OFF
    is_paused = row.end_reason is EndReason.IDLE_TIMEOUT and row.outcome is Outcome.DROPPED
    return (Approx.PAUSE_LOWER_BOUND,) if is_paused else ()
