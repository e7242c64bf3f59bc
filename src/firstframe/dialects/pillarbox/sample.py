"""What each report says of its own session alone: what an earlier session or a sleep added is taken off.

The web player's counters outlive what they count. They may hold the Unix time or the end of an earlier session, and
they run on while the machine sleeps.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.pillarbox.report import Range, Report, first_of, length, opening_of, union
from firstframe.dialects.pillarbox.wire import START
from firstframe.view.machine import HOLE_MS

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
    """Since START."""
    counter_ms: float | None = None
    """The player's own count of playing time."""
    stall: tuple[int, float] | None = None
    """(count, duration) of the stalls that are over."""
    seen_ms: float = 0
    """How much media the element has told so far to have played, each part once."""
    is_measured: bool = False
    """This report tells the ranges, so `seen_ms` is not older than it."""
    over_hole: bool = False
    """Before it was a silence that the counter ran through and the media did not."""


def samples_of(reports: Sequence[Report]) -> list[Sample]:
    """One sample for each report, in their order."""
    return _without_holes(_read(reports))


def near(measured: float, other: float) -> bool:
    """Within 150 ms, or 5 %."""
    return abs(measured - other) <= max(NEAR_MS, NEAR_SHARE * max(measured, other))


def _read(reports: Sequence[Report]) -> list[Sample]:
    """What the first heartbeat (sent with START, before any playback) already counts is no part of the session."""
    start, opening = first_of(reports, START), opening_of(reports)
    playback_ms, stall = (opening.playback_ms, opening.stall) if opening else (None, None)
    samples = []
    seen: list[Range] = []
    for report in reports:
        seen = union([*seen, *(report.ranges or ())])
        age_ms = report.at_ms - start.at_ms if start else None
        samples.append(
            Sample(
                at_ms=report.at_ms,
                age_ms=age_ms,
                counter_ms=_own_counter(report.playback_ms, playback_ms or 0, age_ms),
                stall=less(report.stall, stall or (0, 0)),
                seen_ms=length(seen),
                is_measured=bool(report.ranges) or (report.ranges is not None and not report.is_emptied),
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
    """Through a long silence the counter is believed only as far as the media moved: the machine slept.

    Heartbeats come in a pause too, so only a sleep, or a loss of reports, makes such a gap. What a sleep added stays in
    the counter until a seek or a stall throws it away.
    """
    found: list[Sample] = []
    slept_ms: float = 0
    before: Sample | None = None
    for sample in samples:
        if sample.counter_ms is None:
            found.append(sample)
            continue
        slept_ms = slept_ms if sample.counter_ms >= slept_ms else 0
        awake = msgspec.structs.replace(sample, counter_ms=sample.counter_ms - slept_ms)
        excess_ms = _excess(before, awake) if before else 0
        if excess_ms:
            slept_ms += excess_ms
            awake = msgspec.structs.replace(
                awake, counter_ms=(awake.counter_ms or 0) - excess_ms, over_hole=True
            )
        found.append(awake)
        before = awake
    return found


def _excess(before: Sample, after: Sample) -> float:
    """How far the counter outran the media through a hole between two samples; 0 where there is none."""
    if after.at_ms - before.at_ms <= HOLE_MS or not (before.is_measured and after.is_measured):
        return 0
    counted_ms = (after.counter_ms or 0) - (before.counter_ms or 0)
    moved_ms = after.seen_ms - before.seen_ms
    return counted_ms - moved_ms if counted_ms > moved_ms and not near(counted_ms, moved_ms) else 0
