"""How long a session played and stalled: totals that may fall, jump or begin too early, put right.

The web player's playing counter starts again after every stall and seek, may hold the Unix time or the end of an
earlier session, and its stall counter takes the wait for the first data as a stall. What was played stands in the
element's own ranges as well, as media time. Rules, in this order: what the first heartbeat (sent with START, before
any playback) already counts is no part of the session; a total beyond the session's age is none; totals that fall are
never added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from firstframe.dialects.pillarbox.report import (
    SAME_RANGE_MS,
    Range,
    Report,
    first_of,
    is_one,
    length,
    opening_of,
    union,
)
from firstframe.dialects.pillarbox.wire import START, STOP
from firstframe.view.record import Approx

SLACK_MS = 5_000
"""How much older than its START a session's total may claim to be."""
AGELESS_LIMIT_MS = 100_000_000_000
"""Beyond it a total of a session without START can only be Unix time (this is three years)."""
NEAR_MS, NEAR_SHARE = 150, 0.05
"""Two measures of one time agree within these."""
OVERFLOW_MS = 30
READY_SLACK_MS = 250
FEW_MS = 50
STARVED_MS = 1_500
"""A browser stalls with this much of one track in its buffer, when it has nothing of the other."""


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


class _Base(msgspec.Struct, frozen=True):
    """What the first heartbeat already counts, and when the session began."""

    start_ms: int | None
    playback_ms: float = 0
    stall: tuple[int, float] = (0, 0)

    def counter(self, report: Report) -> float | None:
        """A report's playing counter as this session's own, None where it cannot be."""
        value = report.playback_ms
        if value is None:
            return None
        own = value - self.playback_ms if value >= self.playback_ms else value
        limit = AGELESS_LIMIT_MS if self.start_ms is None else report.at_ms - self.start_ms + SLACK_MS
        return own if own <= limit else None


def totals_of(reports: Sequence[Report], ready_ms: float | None) -> Totals:
    """The totals of a session whose reports are in order; `ready_ms` is what loading took."""
    base = _base(reports)
    counters = [(report, base.counter(report)) for report in reports if report.is_status]
    known = [value for _, value in counters if value is not None]
    ranges = _ranges(reports)
    totals = Totals(ranges=ranges, approx=set())
    _add_stalls(totals, reports, base)
    fell = any(later < earlier for earlier, later in pairwise(known))
    counted, covered = max(known, default=0), length(ranges or ())
    trusted = bool(counted) and not fell and not totals.stall_count and _is_latest(reports, base)
    age_ms = None if base.start_ms is None else reports[-1].at_ms - base.start_ms
    straight = is_one(ranges or ()) and not _went_back(counted, covered, age_ms)
    totals.playing_ms = counted if trusted and straight else max(counted, covered)
    if fell:
        totals.approx.add(Approx.PLAY_TIME_LOWER_BOUND)
    elif counted and covered and _is_latest(reports, base) and not near(counted, covered):
        totals.approx.add(Approx.PLAY_TIME_ESTIMATED)
    if age_ms is not None:
        lost_nothing = not fell and bool(counted) and counted >= covered * (1 - NEAR_SHARE)
        ran_on_ms = counted - covered if covered and straight and lost_nothing else 0
        if not _stalled_within(totals, reports[-1], covered, ran_on_ms, age_ms):
            _take_out_startup(totals, age_ms, ready_ms, trusted=lost_nothing, measured=bool(covered))
        _cap(totals, age_ms)
    totals.points = _points(reports, base)
    _add_bitrate(totals, counters)
    return totals


def near(measured: float, other: float) -> bool:
    """Within 150 ms, or 5 %."""
    return abs(measured - other) <= max(NEAR_MS, NEAR_SHARE * max(measured, other))


def _base(reports: Sequence[Report]) -> _Base:
    start, opening = first_of(reports, START), opening_of(reports)
    start_ms = start.at_ms if start else None
    if opening is None:
        return _Base(start_ms)
    return _Base(start_ms, opening.playback_ms or 0, opening.stall or (0, 0))


def _ranges(reports: Sequence[Report]) -> list[Range] | None:
    """All that the element ever said it played; the list is emptied with the element, so the last is not enough."""
    told = [report.ranges for report in reports]
    if all(each is None for each in told):
        return None
    return union(each for found in told for each in found or ())


def _is_latest(reports: Sequence[Report], base: _Base) -> bool:
    """The last report that tells ranges has a good counter too, so neither is older than the other."""
    last = next(
        (report for report in reversed(reports) if report.is_status or report.ranges is not None), None
    )
    return last is not None and base.counter(last) is not None


def _add_stalls(totals: Totals, reports: Sequence[Report], base: _Base) -> None:
    told = [_own_stall(report, base) for report in reports]
    known = [each for each in told if each is not None]
    if not known:
        totals.approx.add(Approx.STALLS_UNKNOWN)
        return
    totals.stall_count = max(count for count, _ in known)
    totals.stall_ms = max(duration for _, duration in known)


def _own_stall(report: Report, base: _Base) -> tuple[int, float] | None:
    told = report.stall
    if told is None:
        return None
    return max(0, told[0] - base.stall[0]), max(0, told[1] - base.stall[1])


def _went_back(counted_ms: float, covered_ms: float, age_ms: float | None) -> bool:
    """Whether the session had time to play all that the ranges hold, and the counter does not know of it.

    Seeking back while playing throws away what was counted. At a faster rate the ranges hold more too, in less time.
    """
    return age_ms is not None and not near(counted_ms, covered_ms) and counted_ms < covered_ms <= age_ms


def _stalled_within(totals: Totals, last: Report, covered_ms: float, ran_on_ms: float, age_ms: float) -> bool:
    """Whether the playing counter ran on through a stall; if so, what was played is what the ranges hold.

    A pause in a stall banks the counter with the stall in it, and the stall then lasts until playing goes on. One that
    the end of the session cuts short is never counted: it shows where nothing was left in the buffer.
    """
    if totals.stall_count is None or near(covered_ms, covered_ms + ran_on_ms):
        return False
    if not totals.stall_count:
        if not _is_starved(last):
            return False
        totals.stall_count, totals.stall_ms = 1, ran_on_ms
    elif covered_ms + (totals.stall_ms or 0) > age_ms + OVERFLOW_MS:
        return False  # the counter is right, and the stall was before START
    elif totals.stall_count == 1:
        totals.stall_ms = min(totals.stall_ms or 0, ran_on_ms)
    totals.playing_ms = covered_ms
    totals.approx |= {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_UPPER_BOUND}
    return True


def _is_starved(last: Report) -> bool:
    """The session ends where the buffer and what was played end."""
    buffered_ms, position_ms = last.amount("buffered_duration"), last.position_ms
    if last.name != STOP or not last.ranges or not buffered_ms or position_ms is None:
        return False
    played_until_ms = last.ranges[-1][1]
    return abs(position_ms - played_until_ms) <= SAME_RANGE_MS and buffered_ms - played_until_ms <= STARVED_MS


def _take_out_startup(
    totals: Totals, age_ms: float, ready_ms: float | None, *, trusted: bool, measured: bool
) -> None:
    """A stall that does not fit between START and the end, beside the playing time, was the wait before START.

    The playing time is believed where the counter is not behind the ranges: a stall amid playing would have thrown
    away what it had counted. Without ranges it is believed as far as the excess is what loading took.
    """
    if not totals.stall_count or not totals.stall_ms:
        return
    excess_ms = totals.playing_ms + totals.stall_ms - age_ms
    explained = ready_ms is not None and excess_ms <= ready_ms + READY_SLACK_MS
    if trusted and excess_ms > OVERFLOW_MS and (measured or explained):
        totals.stall_count -= 1
        totals.stall_ms = max(0, totals.stall_ms - excess_ms) if totals.stall_count else 0
    elif totals.stall_count == 1 and ready_ms is not None and totals.stall_ms <= ready_ms + FEW_MS:
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


def _points(reports: Sequence[Report], base: _Base) -> list[Point]:
    """How playing and stalls grew from report to report; both only ever grow."""
    points: list[Point] = []
    playing_ms = stall_ms = 0.0
    seen: list[Range] = []
    for report in reports:
        seen = union([*seen, *(report.ranges or ())])
        playing_ms = max(playing_ms, base.counter(report) or 0, length(seen))
        stall_ms = max(stall_ms, (_own_stall(report, base) or (0, 0))[1])
        points.append(Point(report.at_ms, playing_ms, stall_ms))
    return points


def _add_bitrate(totals: Totals, counters: Sequence[tuple[Report, float | None]]) -> None:
    """Each report's bitrate, weighted by what was played since the one before; a counter that fell weighs nothing."""
    before = 0.0
    for report, counter in counters:
        if counter is None:
            continue
        bitrate, grown = report.amount("bitrate"), counter - before
        before = counter
        if bitrate and grown > 0:
            totals.bitrate_x_ms += bitrate * grown
            totals.bitrate_ms += grown
