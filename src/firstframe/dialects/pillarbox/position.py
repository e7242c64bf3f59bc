"""Web players that tell no played ranges, as all before 1.32: only the last position stands beside their counter.

The counter starts again after every stall and seek, and runs on through a stall that the end cuts short. Without ranges
nothing confirms it. Where a stall is known to have thrown it away, the position is the better measure, so far as the
session had time for it; where it ran past a position at which the buffer ends, the rest was a stall.
[@srgssr/pillarbox-web 1.21.1 and 1.24.1, driven; native players count right]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from firstframe.dialects.pillarbox.report import Range, Report, first_of, opening_of
from firstframe.dialects.pillarbox.sample import near
from firstframe.dialects.pillarbox.wire import START
from firstframe.view.record import Approx

BUFFER_END_MS = 500
"""A position this near to all that is buffered is where the buffer ends."""


class Sums(Protocol):
    """What of the totals is put right here."""

    playing_ms: float
    stall_count: int | None
    stall_ms: float | None
    ranges: list[Range] | None
    approx: set[Approx]


def without_ranges(totals: Sums, reports: Sequence[Report], age_ms: float | None) -> None:
    """Put right what was played and stalled in a session of the web player that tells no ranges."""
    if totals.ranges is not None or not totals.playing_ms or not _is_of_web(reports):
        return
    totals.approx.add(Approx.PLAY_TIME_ESTIMATED)
    if totals.stall_count:
        totals.approx.add(Approx.STALLS_UPPER_BOUND)  # it may hold the first wait, or a pause
    last = _last_placed(reports)
    moved_ms = _moved_ms(reports, last)
    if last is None or moved_ms is None:
        return
    if near(totals.playing_ms, moved_ms):
        return
    if totals.playing_ms > moved_ms:
        _take_off_stall(totals, last, moved_ms)
        return
    totals.approx.add(Approx.PLAY_TIME_LOWER_BOUND)
    room_ms = (age_ms or 0) - (totals.stall_ms or 0)
    if totals.stall_count and moved_ms <= room_ms:
        totals.playing_ms = moved_ms


def _take_off_stall(totals: Sums, last: Report, moved_ms: float) -> None:
    """The counter ran past the position: in a stall that goes on, or what was played before a seek back is still in it."""
    left_ms = (last.buffered_ms or 0) - (last.position_ms or 0)
    if totals.stall_ms is None or not moved_ms or abs(left_ms) > BUFFER_END_MS:
        totals.approx.add(Approx.STALLS_LOWER_BOUND)
        return
    totals.stall_ms += totals.playing_ms - moved_ms
    totals.stall_count = (totals.stall_count or 0) + 1
    totals.playing_ms = moved_ms
    totals.approx.add(Approx.STALLS_UPPER_BOUND)


def _last_placed(reports: Sequence[Report]) -> Report | None:
    """The last report from which the media can be seen; a live stream's position says nothing of what was played."""
    told = [report for report in reports if report.is_status and not report.is_emptied]
    last = told[-1] if told else None
    return None if last is None or last.live or last is opening_of(reports) else last


def _moved_ms(reports: Sequence[Report], last: Report | None) -> float | None:
    """How far the position came since the first status."""
    if last is None or last.position_ms is None:
        return None
    opening = opening_of(reports)
    return max(0, last.position_ms - ((opening.position_ms if opening else None) or 0))


def _is_of_web(reports: Sequence[Report]) -> bool:
    start = first_of(reports, START)
    player = start.data.get("player") if start else None
    return isinstance(player, Mapping) and player.get("platform") == "Web"
