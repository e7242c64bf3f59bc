"""How long a session played and stalled: totals that may fall, jump or begin too early, put right.

The web player's playing counter starts again after every stall and seek. What was played stands in the element's own
ranges as well, as media time. Rules, in this order: what is no part of the session is taken off each report
(`sample.py`); totals that fall are never added up; the counter is preferred where it never fell and nothing stalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.overrun import without_overrun
from firstframe.dialects.pillarbox.pace import Pace, pace_of
from firstframe.dialects.pillarbox.position import without_ranges
from firstframe.dialects.pillarbox.report import Range, Report, is_one, union
from firstframe.dialects.pillarbox.sample import NEAR_SHARE, Sample, near, samples_of
from firstframe.dialects.pillarbox.startup import without_startup
from firstframe.view.machine import HOLE_MS
from firstframe.view.record import Approx

FEW_MS = 50


class Point(msgspec.Struct):
    """What had been played and stalled by an instant, at least."""

    at_ms: int
    playing_ms: float
    stall_ms: float


class Totals(msgspec.Struct):
    """The sums of a session, where they came from, and how they grew."""

    playing_ms: float = 0
    stall_count: int | None = None
    stall_ms: float | None = None
    ranges: list[Range] | None = None
    approx: set[Approx] = set()
    points: list[Point] = []
    bitrate_x_ms: float = 0
    bitrate_ms: float = 0


def totals_of(reports: Sequence[Report], ready_ms: float | None) -> Totals:
    """The totals of a session whose reports are in order; `ready_ms` is what loading took."""
    samples = _put_right(reports, ready_ms)
    pace = pace_of(samples)
    known = [sample.counter_ms for sample in samples if sample.counter_ms is not None]
    ranges = _ranges(reports)
    totals = Totals(ranges=ranges, approx={mark for sample in samples for mark in sample.marks})
    _add_stalls(totals, samples)
    fell = any(later < earlier for earlier, later in pairwise(known))
    is_latest = _is_latest(reports, samples)
    unseen_ms = _unseen(samples)
    counted, covered = max(known, default=0), pace.covered_ms + unseen_ms
    confirmed = is_latest and not unseen_ms and near(counted, pace.seen_ms)
    trusted = bool(counted) and not fell and not totals.stall_count and is_latest
    age_ms = samples[-1].age_ms
    straight = is_one(ranges or ()) and not _went_back(counted, pace, age_ms)
    totals.playing_ms = counted if trusted and straight else max(counted, covered)
    if fell:
        totals.approx.add(Approx.PLAY_TIME_LOWER_BOUND)
    elif ranges is not None and totals.playing_ms and not confirmed:
        totals.approx.add(Approx.PLAY_TIME_ESTIMATED)
    if _may_be_else(totals, samples, pace, ready_ms):
        totals.approx.add(Approx.STALLS_UPPER_BOUND)
    if age_ms is not None:
        _cap(totals, age_ms)
    without_ranges(totals, reports, age_ms)
    totals.points = _points(samples, pace)
    _add_bitrate(totals, reports, samples)
    return totals


def _put_right(reports: Sequence[Report], ready_ms: float | None) -> list[Sample]:
    """The wait before START is looked for again: a stall that the end cuts short leaves less room for it."""
    told = samples_of(reports)
    samples = without_overrun(reports, without_startup(told, pace_of(told), ready_ms))
    return without_startup(samples, pace_of(samples), ready_ms)


def _ranges(reports: Sequence[Report]) -> list[Range] | None:
    """All that the element ever said it played; the list is emptied with the element, so the last is not enough."""
    told = [report.ranges for report in reports]
    if all(each is None for each in told):
        return None
    return union(each for found in told for each in found or ())


def _is_latest(reports: Sequence[Report], samples: Sequence[Sample]) -> bool:
    """The last report that tells ranges has a good counter too, so neither is older than the other."""
    pairs = zip(reversed(reports), reversed(samples), strict=True)
    last = next((sample for report, sample in pairs if report.is_status or report.ranges is not None), None)
    return last is not None and last.counter_ms is not None


def _add_stalls(totals: Totals, samples: Sequence[Sample]) -> None:
    known = [sample.stall for sample in samples if sample.stall is not None]
    if not known:
        totals.approx.add(Approx.STALLS_UNKNOWN)
        return
    totals.stall_count = max(count for count, _ in known)
    totals.stall_ms = max(duration for _, duration in known)
    if any(_may_hold_more(earlier, later) for earlier, later in pairwise(samples)):
        totals.approx.add(Approx.STALLS_UPPER_BOUND)


def _may_hold_more(earlier: Sample, later: Sample) -> bool:
    """Whether a stall that was told between them may have a pause, a seek or a sleep in it, which the norm leaves out.

    The player counts until playing goes on. That the counter was lost shows that one stall alone was no pause; a total
    that is none shows a pause in a wait; heartbeats come in a stall too, but not in a sleep (norm 2.1, rules 6, 7, 10).
    """
    count = later.stall[0] - (earlier.stall or (0, 0))[0] if later.stall else 0
    sought = later.has_jumped and not earlier.has_jumped
    paused = later.is_measured and later.counter_ms is None
    slept = later.at_ms - earlier.at_ms > HOLE_MS
    return count > 1 or (count == 1 and (sought or paused or slept))


def _went_back(counted_ms: float, pace: Pace, age_ms: float | None) -> bool:
    """Whether the session had time to play all that the ranges hold, and the counter does not know of it.

    Seeking back while playing throws away what was counted. At a faster rate the ranges hold more too, in less time.
    """
    if age_ms is None or pace.seen_ms > age_ms or near(counted_ms, pace.least_ms):
        return False
    return counted_ms < pace.least_ms


def _unseen(samples: Sequence[Sample]) -> float:
    """What was counted after the last report that tells the ranges: a source change had emptied the element."""
    told = [sample for sample in samples if sample.counter_ms is not None]
    since = next((sample for sample in reversed(told) if sample.is_measured), None)
    return max(0, (told[-1].counter_ms or 0) - (since.counter_ms or 0)) if since else 0


def _may_be_else(totals: Totals, samples: Sequence[Sample], pace: Pace, ready_ms: float | None) -> bool:
    """Whether what is told as a stall may have been the wait for the first data, or have a pause in it."""
    first = next((sample for sample in samples if sample.stall and sample.stall[0]), None)
    if not totals.stall_count or first is None or totals.ranges is None:
        return False
    if first.age_ms is None or pace.speed > 1:
        return True
    as_ready = (
        ready_ms is not None and totals.stall_count == 1 and (totals.stall_ms or 0) <= ready_ms + FEW_MS
    )
    return as_ready or _lost_nothing(first, pace)


def _lost_nothing(sample: Sample, pace: Pace) -> bool:
    """A stall amid playing throws away what was counted; one before START or at the end of a pause does not."""
    if sample.counter_ms is None or not sample.seen_ms or not sample.is_measured:
        return False
    return sample.counter_ms >= pace.least(sample.seen_ms) * (1 - NEAR_SHARE)


def _cap(totals: Totals, age_ms: float) -> None:
    """Nobody played longer than the session lasted."""
    if totals.stall_ms and totals.stall_ms > age_ms:  # it began in an earlier session of the player
        totals.stall_ms = max(0, age_ms - totals.playing_ms)
        totals.approx.add(Approx.STALLS_UPPER_BOUND)
    most_ms = max(0, age_ms - (totals.stall_ms or 0))
    if totals.playing_ms > most_ms:
        if not near(totals.playing_ms, most_ms):
            totals.approx.add(Approx.PLAY_TIME_ESTIMATED)
        totals.playing_ms = most_ms


def _points(samples: Sequence[Sample], pace: Pace) -> list[Point]:
    """How playing and stalls grew from report to report; both only ever grow."""
    points: list[Point] = []
    playing_ms = stall_ms = 0.0
    for sample in samples:
        playing_ms = max(playing_ms, sample.counter_ms or 0, pace.least(sample.seen_ms))
        stall_ms = max(stall_ms, (sample.stall or (0, 0))[1])
        points.append(Point(sample.at_ms, playing_ms, stall_ms))
    return points


def _add_bitrate(totals: Totals, reports: Sequence[Report], samples: Sequence[Sample]) -> None:
    """Each report's bitrate, weighted by what was played since the one before; a counter that fell weighs nothing."""
    before = 0.0
    for report, sample in zip(reports, samples, strict=True):
        if sample.counter_ms is None:
            continue
        bitrate, grown = report.bitrate, sample.counter_ms - before
        before = sample.counter_ms
        if bitrate and grown > 0:
            totals.bitrate_x_ms += bitrate * grown
            totals.bitrate_ms += grown
