"""What each report says of its own session alone: what an earlier session or a sleep added is taken off.

The web player's counters outlive what they count. They may hold the Unix time or the end of an earlier session, and
they run on while the machine sleeps.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.pillarbox.report import (
    Range,
    Report,
    first_of,
    is_one,
    length,
    opening_of,
    union,
)
from firstframe.dialects.pillarbox.wire import START
from firstframe.view.machine import HOLE_MS
from firstframe.view.record import Approx

SLACK_MS = 5_000
"""How much older than its START a session's total may claim to be."""
AGELESS_LIMIT_MS = 100_000_000_000
"""Beyond it a total of a session without START can only be Unix time (this is three years)."""
NEAR_MS, NEAR_SHARE = 150, 0.05
"""Two measures of one time agree within these."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of the session by one report; None where it does not tell."""

    at_ms: int
    age_ms: int | None
    """Since START, or since the heartbeat that was sent with it."""
    counter_ms: float | None = None
    """The player's own count of playing time."""
    stall: tuple[int, float] | None = None
    """(count, duration) of the stalls that are over."""
    seen_ms: float = 0
    """How much media the element has told so far to have played, each part once."""
    is_measured: bool = False
    """This report tells the ranges, so `seen_ms` is not older than it."""
    has_jumped: bool = False
    """A seek has left a gap between the ranges."""
    marks: frozenset[Approx] = frozenset()
    """What putting it right has made less than exact."""


def samples_of(reports: Sequence[Report]) -> list[Sample]:
    """One sample for each report, in their order."""
    return _without_holes(_read(reports))


def near(measured: float, other: float) -> bool:
    """Within 150 ms, or 5 %."""
    return abs(measured - other) <= max(NEAR_MS, NEAR_SHARE * max(measured, other))


def _read(reports: Sequence[Report]) -> list[Sample]:
    """What the first heartbeat (sent with START, before any playback) already counts is no part of the session.

    Where it was lost, START itself is the zero.
    """
    opening = opening_of(reports)
    begun = first_of(reports, START) or opening
    playback_ms, stall = (opening.playback_ms, opening.stall) if opening else (None, None)
    has_ranges = any(report.ranges is not None for report in reports)
    samples: list[Sample] = []
    seen: list[Range] = []
    for report in reports:
        seen = union([*seen, *(report.ranges or ())])
        age_ms = report.at_ms - begun.at_ms if begun else None
        is_zero = has_ranges and opening is None and report is begun and not samples
        samples.append(
            Sample(
                at_ms=report.at_ms,
                age_ms=age_ms,
                counter_ms=0 if is_zero else _own_counter(report.playback_ms, playback_ms or 0, age_ms),
                stall=less(report.stall, stall or (0, 0)),
                seen_ms=length(seen),
                is_measured=is_zero
                or bool(report.ranges)
                or (report.ranges is not None and not report.is_emptied),
                has_jumped=not is_one(seen),
            )
        )
    return samples


def _own_counter(told_ms: float | None, before_ms: float, age_ms: float | None) -> float | None:
    """A total beyond the session's age is none."""
    if told_ms is None:
        return None
    own_ms = told_ms - before_ms if told_ms >= before_ms else told_ms
    return own_ms if own_ms <= (AGELESS_LIMIT_MS if age_ms is None else age_ms + SLACK_MS) else None


def less(told: tuple[int, float] | None, before: tuple[int, float]) -> tuple[int, float] | None:
    """A (count, duration) of stalls without those before it."""
    return None if told is None else (max(0, told[0] - before[0]), max(0, told[1] - before[1]))


def _without_holes(samples: Sequence[Sample]) -> list[Sample]:
    """Norm rule 10: through a long silence the counter is believed only as far as the media moved: the machine slept.

    Heartbeats come in a pause too, so only a sleep, or a loss of reports, makes such a gap. What a sleep added stays in
    the counter until a seek or a stall throws it away; a stall that was open meanwhile is then told with the sleep in it.
    """
    found: list[Sample] = []
    slept_ms, stall_slept_ms = 0.0, 0.0
    before: Sample | None = None
    for sample in samples:
        if sample.counter_ms is not None and sample.counter_ms < slept_ms:
            told_ms = sample.stall[1] - stall_slept_ms if sample.stall else 0
            stalled_ms = told_ms - before.stall[1] if before and before.stall else 0
            stall_slept_ms += slept_ms if stalled_ms >= slept_ms else 0
            slept_ms = 0
        awake = lessened(sample, slept_ms, stall_slept_ms)
        excess_ms = _excess(before, awake) if before else 0
        if excess_ms:
            slept_ms += excess_ms
            marks = awake.marks | {Approx.HOLE_CREDITED}
            awake = msgspec.structs.replace(lessened(awake, excess_ms, 0), marks=marks)
        found.append(awake)
        before = awake if awake.counter_ms is not None else before
    return found


def lessened(sample: Sample, counted_ms: float, stalled_ms: float) -> Sample:
    """A sample whose counter and stalls hold that much too much."""
    counter_ms = None if sample.counter_ms is None else sample.counter_ms - counted_ms
    marks = sample.marks | {Approx.STALLS_UPPER_BOUND} if stalled_ms else sample.marks
    stall = less(sample.stall, (0, stalled_ms))
    return msgspec.structs.replace(sample, counter_ms=counter_ms, stall=stall, marks=marks)


def _excess(before: Sample, after: Sample) -> float:
    """How far the counter outran the media through a hole between two samples; 0 where there is none."""
    if after.counter_ms is None or not (before.is_measured and after.is_measured):
        return 0
    if after.at_ms - before.at_ms <= HOLE_MS:
        return 0
    counted_ms = after.counter_ms - (before.counter_ms or 0)
    moved_ms = after.seen_ms - before.seen_ms
    return counted_ms - moved_ms if counted_ms > moved_ms and not near(counted_ms, moved_ms) else 0
