"""Where in time a session's states were, rebuilt from how its totals grew between reports."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.total import Point
from firstframe.view.record import Span, State
from firstframe.view.span import Track


class _Gap(msgspec.Struct):
    """The time between two reports, and what of it is spent."""

    start_ms: int
    end_ms: int
    playing_ms: int = 0
    stall_ms: int = 0

    @property
    def room_ms(self) -> int:
        return self.end_ms - self.start_ms - self.playing_ms - self.stall_ms


def spans_of(
    points: Sequence[Point], playing_ms: float, stall_ms: float, startup_ms: float, failed_ms: int | None
) -> list[Span]:
    """States from the first to the last report; their sums are the given ones where the session has room for them."""
    end_ms = points[-1].at_ms if failed_ms is None else failed_ms
    gaps = [_Gap(min(earlier.at_ms, end_ms), min(later.at_ms, end_ms)) for earlier, later in pairwise(points)]
    grown = [later.playing_ms - earlier.playing_ms for earlier, later in pairwise(points)]
    stalled = [later.stall_ms - earlier.stall_ms for earlier, later in pairwise(points)]
    _spend(gaps, "stall_ms", stalled, round(stall_ms))
    _spend(gaps, "playing_ms", grown, round(playing_ms))
    return _laid(gaps, round(startup_ms), end_ms, points[-1].at_ms)


def _spend(gaps: list[_Gap], name: str, grown: Sequence[float], total_ms: int) -> None:
    """Give each gap what grew in it, then the rest to whatever has room, latest first."""
    left_ms = total_ms
    for gap, amount in [*zip(gaps, grown, strict=True), *((gap, float(total_ms)) for gap in reversed(gaps))]:
        taken = max(0, min(round(amount), gap.room_ms, left_ms))
        setattr(gap, name, getattr(gap, name) + taken)
        left_ms -= taken


def _laid(gaps: Sequence[_Gap], startup_ms: int, end_ms: int, last_ms: int) -> list[Span]:
    """Idle, startup, then playing, stall and pause in each gap; failed after a fatal error."""
    track = Track([])
    begun = False
    for gap in gaps:
        at_ms = gap.start_ms
        room_ms = gap.room_ms
        if not begun:
            begun = bool(gap.playing_ms or gap.stall_ms) or gap is gaps[-1]
            waited_ms = min(startup_ms, room_ms) if begun else 0
            at_ms = _add(track, State.IDLE, at_ms, room_ms - waited_ms)
            at_ms = _add(track, State.STARTUP, at_ms, waited_ms)
            room_ms = 0
        at_ms = _add(track, State.PLAYING, at_ms, gap.playing_ms)
        at_ms = _add(track, State.REBUFFER, at_ms, gap.stall_ms)
        _add(track, State.PAUSE, at_ms, room_ms)
    track.add(State.FAILED, end_ms, last_ms)
    return track.spans


def _add(track: Track, state: State, at_ms: int, length_ms: int) -> int:
    track.add(state, at_ms, at_ms + length_ms)
    return at_ms + length_ms
