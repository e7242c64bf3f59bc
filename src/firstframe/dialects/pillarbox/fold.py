"""One session's events to its row."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.dialects.base import Folded
from firstframe.dialects.pillarbox.dimension import fill_dimensions
from firstframe.dialects.pillarbox.failure import Failure, failures_of
from firstframe.dialects.pillarbox.layout import spans_of
from firstframe.dialects.pillarbox.report import (
    MOST_COUNT,
    Report,
    amount,
    first_of,
    in_order,
    length,
    opening_of,
)
from firstframe.dialects.pillarbox.total import Point, Totals, totals_of
from firstframe.dialects.pillarbox.wire import ERROR, NAMES, START, STOP
from firstframe.view.outcome import outcome_of
from firstframe.view.record import Approx, EndReason, ViewRecord

SILENCE_MS = 100_000
"""Heartbeats come every 30 s, also in a pause: three missed ones are an end."""
RECOVERED_MS = 500
"""Playing beyond what an error can have cut short: it went on after it."""
LONGEST_WAIT_MS = 60_000
"""A source that fails later after its load was loaded long before anybody asked for it."""
STILL_PLAYING_SHARE = 0.5
"""Of the time before the last heartbeat; a viewer who played that much of it was watching when it fell silent."""
END_MS = 500
"""How near its duration the last position must be for the end to have been reached."""
LATENCY_LIMIT_MS = 300_000


class Session(msgspec.Struct):
    """What is known of a session before the row is written."""

    reports: list[Report]
    totals: Totals
    failures: list[Failure]
    ready_ms: float | None
    fatal: Failure | None
    """The error that stands: nothing played after it."""
    recovered: int
    live: bool

    @property
    def started(self) -> bool:
        return self.totals.playing_ms > 0

    @property
    def attempted(self) -> bool:
        return self.started or any(not failure.warning for failure in self.failures)


def fold(told: Sequence[Report], now_ms: int) -> Folded:
    """The one row of a session."""
    if not told:
        return Folded(())
    reports = in_order(told)
    known = [report for report in reports if report.name in NAMES] or reports
    due_ms = max(report.received_at_ms for report in reports) + SILENCE_MS
    session = _session(known)
    row = _row(session)
    over = known[-1].name == STOP or (session.fatal is not None and known[-1].name == ERROR)
    if over or now_ms >= due_ms:
        _close(row, session, over=over)
    row.outcome = outcome_of(
        attempted=row.attempted,
        started=row.started,
        failed=session.fatal is not None and not session.fatal.business,
        blocked=session.fatal is not None and session.fatal.business,
        completed=bool(row.completed),
        dropped=row.closed and not over,
    )
    row.event_count = len(reports)
    row.approx = sorted({str(mark) for mark in row.approx})
    return Folded((row,), None if row.closed else due_ms)


def _session(reports: list[Report]) -> Session:
    start = first_of(reports, START)
    total, asset = (amount(start.data, f"qoe_timings.{key}") if start else None for key in ("total", "asset"))
    ready_ms = asset if total is None else total
    totals = totals_of(reports, ready_ms)
    if not totals.playing_ms:
        _add_moved(totals, reports)
    spent_ms = round(totals.playing_ms + (totals.stall_ms or 0))
    if start is None and reports[-1].at_ms - spent_ms < reports[0].at_ms:
        totals.points.insert(0, Point(reports[-1].at_ms - spent_ms, 0, 0))
    failures = failures_of(reports)
    fatals = [failure for failure in failures if not failure.warning]
    standing = [failure for failure in fatals if not _went_on(failure, reports, totals.points)]
    return Session(
        reports=reports,
        totals=totals,
        failures=failures,
        ready_ms=ready_ms,
        fatal=standing[-1] if standing else None,
        recovered=len(fatals) - len(standing),
        live=_is_live(reports),
    )


def _add_moved(totals: Totals, reports: Sequence[Report]) -> None:
    """Without any total, a position that moved is the only sign of playback; it is no measure of it."""
    told = [report for report in reports if report.name != START and report.position_ms is not None]
    if not told or told[-1].ranges is not None or told[-1].playback_ms == 0:
        return
    moved_ms = (told[-1].position_ms or 0) - (told[0].position_ms or 0)
    if moved_ms > 0:
        totals.playing_ms = min(moved_ms, max(0, told[-1].at_ms - told[0].at_ms - (totals.stall_ms or 0)))
        totals.approx.add(Approx.PLAY_TIME_ESTIMATED)


def _went_on(failure: Failure, reports: Sequence[Report], points: Sequence[Point]) -> bool:
    """More was played after an error than can have been played before it."""
    pairs = list(zip(reports, points[-len(reports) :], strict=True))
    later = [(report, point) for report, point in pairs if report.at_ms > failure.at_ms]
    if any(report.name == START for report, _ in later):
        return any(report.playback_ms or report.ranges for report, _ in later)
    before = [(report, point) for report, point in pairs if report.at_ms <= failure.at_ms]
    told = [(report, point) for report, point in before if report.is_status or report.ranges is not None]
    statuses = [point for report, point in later if report.is_status]
    if not statuses:
        return False
    since_ms, played_ms = (told[-1][1].at_ms, told[-1][1].playing_ms) if told else (failure.at_ms, 0)
    cut_short_ms = failure.at_ms - since_ms
    return statuses[-1].playing_ms - played_ms > cut_short_ms + RECOVERED_MS


def _is_live(reports: Sequence[Report]) -> bool:
    """By the first status that has data; a lone ``Live`` of an emptied element says nothing."""
    told = [report for report in reports if report.is_status and report.live is not None]
    loaded = [report for report in told if report.buffered_ms or report.position_ms]
    found = next(iter(loaded), None) or next((report for report in told if not report.is_emptied), None)
    return bool(found and found.live)


def _row(session: Session) -> ViewRecord:
    reports, totals = session.reports, session.totals
    row = ViewRecord(
        view_start_ms=totals.points[0].at_ms,
        view_end_ms=reports[-1].at_ms,
        attempted=session.attempted,
        started=session.started,
        live=session.live,
        content_playing_time_ms=totals.playing_ms,
        startup_wait_ms=_waited_ms(session),
        bitrate_x_ms=totals.bitrate_x_ms,
        bitrate_ms=totals.bitrate_ms,
        dropped_frames=_dropped_frames(reports),
        approx=list(totals.approx),
    )
    fill_dimensions(row, reports)
    _fill_times(row, session)
    _fill_content(row, session)
    _fill_errors(row, session)
    _fill_latency(row, session)
    if first_of(reports, START) is None:
        row.approx.append(Approx.START_LOST)
    if session.started and any(report.is_placed for report in reports):
        # The player's counters hold the change of the clock: what is negative in them is unknown.
        row.approx += [Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_LOWER_BOUND]
    return row


def _waited_ms(session: Session) -> float:
    """From the load to ready or to the error; none where it cannot have been a viewer's wait."""
    waited = session.ready_ms or 0
    return waited if session.attempted and (session.started or waited <= LONGEST_WAIT_MS) else 0


def _fill_times(row: ViewRecord, session: Session) -> None:
    totals = session.totals
    if row.started:
        row.video_startup_time_ms = row.content_startup_time_ms = session.ready_ms
        row.rebuffer_count, row.rebuffer_duration_ms = totals.stall_count, totals.stall_ms
    if row.video_startup_time_ms is not None:
        row.approx.append(Approx.STARTUP_IS_READY_TIME)
    if row.attempted and row.startup_wait_ms < (session.ready_ms or 0):
        row.approx.append(Approx.STARTUP_LOWER_BOUND)
    row.watch_time_ms = row.startup_wait_ms + row.content_playing_time_ms + (row.rebuffer_duration_ms or 0)
    failed_ms = session.fatal.at_ms if session.fatal else None
    row.spans = spans_of(
        totals.points, totals.playing_ms, row.rebuffer_duration_ms or 0, row.startup_wait_ms, failed_ms
    )
    if row.spans:
        row.approx.append(Approx.SPANS_ESTIMATED)


def _fill_content(row: ViewRecord, session: Session) -> None:
    reports, ranges = session.reports, session.totals.ranges
    was_told = _tells_content(session)
    if ranges is not None and was_told:
        row.played_ranges, row.played_range_ms = ranges, length(ranges)
    row.stream_type = ("live" if session.live else "on_demand") if _has_kind(reports) else None
    if session.live:
        return
    positions = [report.position_ms for report in reports if report.position_ms is not None]
    ends = [end for _, end in ranges or ()]
    furthest = max((place for place in (*positions, *ends) if place >= 0), default=None)
    row.max_playhead_ms = furthest if was_told else None
    row.duration_ms = max((found for report in reports if (found := report.duration_ms)), default=None)
    if row.duration_ms is not None:
        last = reports[-1]
        row.completed = last.name == STOP and (last.position_ms or 0) >= row.duration_ms - END_MS


def _tells_content(session: Session) -> bool:
    """Whether a report tells where the media was once it played: none does if the next source comes before it."""
    opening = opening_of(session.reports)
    return not session.started or any(
        not report.is_emptied and (report.position_ms is not None or report.ranges is not None)
        for report in session.reports
        if report is not opening
    )


def _has_kind(reports: Sequence[Report]) -> bool:
    return any(report.is_status and report.live is not None for report in reports)


def _dropped_frames(reports: Sequence[Report]) -> int | None:
    """The element counts on over sources: what the first status says of frames is an earlier session's."""
    told = [found for report in reports if report.is_status and (found := report.frame_drops) is not None]
    if not told:
        return None
    opening = opening_of(reports)
    before = (opening.frame_drops if opening else None) or 0
    return min(max(0, round(max(told) - before)), MOST_COUNT)


def _fill_errors(row: ViewRecord, session: Session) -> None:
    errors = [failure for failure in session.failures if not failure.warning]
    row.error_count, row.recovered_errors = len(errors), session.recovered
    row.warning_count = len(session.failures) - len(errors)
    row.fatal_error_code = session.fatal.code if session.fatal else None
    told = session.fatal or (session.failures[-1] if session.failures else None)
    if told:
        row.error_code, row.error_message = told.code, told.message
        row.error_class = "business" if told.business else "technical"
        named = {"block_reason": told.block_reason, "error_type": told.kind}
        row.extra = {**row.extra, **{name: value for name, value in named.items() if value}}


def _fill_latency(row: ViewRecord, session: Session) -> None:
    if not session.live:
        return
    for report in session.reports:
        shown = report.shown_ms
        latency_ms = report.at_ms - shown if report.is_status and shown else None
        if latency_ms is not None and 0 <= latency_ms <= LATENCY_LIMIT_MS:
            row.latency_sum_ms += latency_ms
            row.latency_count += 1
            row.approx.append(Approx.LATENCY_UPPER_BOUND)


def _close(row: ViewRecord, session: Session, *, over: bool) -> None:
    row.closed = True
    if over:
        row.end_reason = EndReason.ENDED
    else:
        row.end_reason = EndReason.DROPPED if _was_playing(session) else EndReason.IDLE_TIMEOUT
    last = session.reports[-1]
    if row.started and last.is_emptied and last.ranges == []:
        # One may have been open, and nothing of it is left to see.
        row.approx.append(Approx.STALLS_LOWER_BOUND)
    if last.name == STOP:
        return
    # What came after the last totals was never told: not even whether it was played.
    if not over or (row.started and last.ranges is None):
        row.approx.append(Approx.PLAY_TIME_LOWER_BOUND)
    if row.rebuffer_count is not None:
        row.approx.append(Approx.STALLS_LOWER_BOUND)


def _was_playing(session: Session) -> bool:
    """More than half of the time before the last report was played or stalled."""
    points = session.totals.points
    if not session.started or session.fatal or len(points) < 2:
        return session.started and not session.fatal
    before, last = points[-2:]
    spent_ms = last.playing_ms + last.stall_ms - before.playing_ms - before.stall_ms
    return spent_ms >= STILL_PLAYING_SHARE * (last.at_ms - before.at_ms)
