"""How long a session played and stalled: totals that may fall, jump or begin too early, put right.

The web player's playing counter starts again after every stall and seek. What was played stands in the element's own
ranges as well, as media time. Rules, in this order: what is no part of the session is taken off each report
(`sample.py`); totals that fall are never added up; the counter is preferred where it never fell and nothing stalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.pace import Pace, pace_of
from firstframe.dialects.pillarbox.report import SAME_RANGE_MS, Range, Report, is_one, union
from firstframe.dialects.pillarbox.sample import NEAR_SHARE, Sample, near, samples_of
from firstframe.dialects.pillarbox.startup import without_startup
from firstframe.dialects.pillarbox.wire import STOP
from firstframe.view.record import Approx

FEW_MS = 50
STARVED_MS = 1_500
"""A browser stalls with this much of one track in its buffer, when it has nothing of the other."""
END_MS = 10
"""At the end of the media position and buffer are one; what differs is rounding."""


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
    told = samples_of(reports)
    pace = pace_of(told)
    samples = without_startup(told, pace, ready_ms)
    known = [sample.counter_ms for sample in samples if sample.counter_ms is not None]
    ranges = _ranges(reports)
    totals = Totals(ranges=ranges, approx=set())
    _add_stalls(totals, samples)
    if any(sample.over_hole for sample in samples):
        totals.approx.add(Approx.HOLE_CREDITED)
    fell = any(later < earlier for earlier, later in pairwise(known))
    is_latest = _is_latest(reports, samples)
    counted, covered = max(known, default=0), pace.covered_ms
    trusted = bool(counted) and not fell and not totals.stall_count and is_latest
    age_ms = samples[-1].age_ms
    straight = is_one(ranges or ()) and not _went_back(counted, pace, age_ms)
    totals.playing_ms = counted if trusted and straight else max(counted, covered)
    if fell:
        totals.approx.add(Approx.PLAY_TIME_LOWER_BOUND)
    elif counted and covered and is_latest and not near(counted, pace.seen_ms):
        totals.approx.add(Approx.PLAY_TIME_ESTIMATED)
    if age_ms is not None:
        lost_nothing = not fell and bool(counted) and counted >= covered * (1 - NEAR_SHARE)
        ran_on_ms = counted - covered if covered and straight and lost_nothing else 0
        if not _stalled_within(totals, reports[-1], samples, covered, ran_on_ms):
            _doubt_stall(totals, ready_ms, lost_nothing=lost_nothing and straight and bool(covered))
        _cap(totals, age_ms)
    totals.points = _points(samples, pace)
    _add_bitrate(totals, reports, samples)
    return totals


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


def _went_back(counted_ms: float, pace: Pace, age_ms: float | None) -> bool:
    """Whether the session had time to play all that the ranges hold, and the counter does not know of it.

    Seeking back while playing throws away what was counted. At a faster rate the ranges hold more too, in less time.
    """
    if age_ms is None or pace.seen_ms > age_ms or near(counted_ms, pace.least_ms):
        return False
    return counted_ms < pace.least_ms


def _stalled_within(
    totals: Totals, last: Report, samples: Sequence[Sample], covered_ms: float, ran_on_ms: float
) -> bool:
    """Whether the playing counter ran on through a stall; if so, what was played is what the ranges hold.

    A pause in a stall banks the counter with the stall in it, and the stall then lasts until playing goes on. One that
    the end of the session cuts short is never counted: it shows where nothing was left in the buffer.
    """
    if totals.stall_count is None or near(covered_ms, covered_ms + ran_on_ms):
        return False
    if not totals.stall_count:
        if not (_is_starved(last) and _stood_still(samples)):
            return False
        totals.stall_count, totals.stall_ms = 1, ran_on_ms
    elif totals.stall_count == 1:
        totals.stall_ms = min(totals.stall_ms or 0, ran_on_ms)
    totals.playing_ms = covered_ms
    totals.approx |= {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_UPPER_BOUND}
    return True


def _is_starved(last: Report) -> bool:
    """The session ends where the buffer and what was played end, short of the end of the media."""
    buffered_ms, position_ms = last.amount("buffered_duration"), last.position_ms
    if last.name != STOP or not last.ranges or not buffered_ms or position_ms is None:
        return False
    played_until_ms = last.ranges[-1][1]
    stopped_there = abs(position_ms - played_until_ms) <= SAME_RANGE_MS
    left_ms = buffered_ms - played_until_ms
    return stopped_there and abs(left_ms) > END_MS and left_ms <= STARVED_MS


def _stood_still(samples: Sequence[Sample]) -> bool:
    """Once the counter had left the ranges behind, nothing more was played.

    Where they go on growing behind the counter it is a slow rate, or a part that was watched again.
    """
    told = [sample for sample in samples if sample.is_measured and sample.counter_ms is not None]
    return all(
        near(earlier.counter_ms or 0, earlier.seen_ms) or later.seen_ms - earlier.seen_ms <= SAME_RANGE_MS
        for earlier, later in pairwise(told)
    )


def _doubt_stall(totals: Totals, ready_ms: float | None, *, lost_nothing: bool) -> None:
    """A stall that may have been the wait for the first data stays, and says so.

    It is no longer than loading took, or the counter lost nothing by it: one amid playing would have thrown away what
    was counted. Only one at the end of a pause would not.
    """
    if totals.stall_count != 1 or totals.stall_ms is None:
        return
    if lost_nothing or (ready_ms is not None and totals.stall_ms <= ready_ms + FEW_MS):
        totals.approx.add(Approx.STALLS_UPPER_BOUND)


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
        bitrate, grown = report.amount("bitrate"), sample.counter_ms - before
        before = sample.counter_ms
        if bitrate and grown > 0:
            totals.bitrate_x_ms += bitrate * grown
            totals.bitrate_ms += grown
