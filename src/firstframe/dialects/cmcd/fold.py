"""A session's views from its reports: by their states where the player tells any, else by what is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from firstframe.dialects.base import Folded
from firstframe.dialects.cmcd.dimension import describe
from firstframe.dialects.cmcd.session import SILENCE_MS, Part, Report, parts_of
from firstframe.dialects.cmcd.stateless import delay_ms, start_of, weigh
from firstframe.dialects.cmcd.translate import Translation
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import Approx, EndReason, Outcome, ViewRecord
from firstframe.view.timeline import Rules, Timeline

_TIMED = Rules(silence_watch_ms=SILENCE_MS)
_UNTIMED = Rules()
"""One that only tells of changes may play on in silence."""
_EVER_MS = 2**62


def fold(reports: Sequence[Report], now_ms: int) -> Folded:
    """The rows of a session, one for each of its views."""
    found = [_View(part) for part in parts_of(reports)]
    rows = []
    for ordinal, view in enumerate(found):
        row = view.row(now_ms)
        row.ordinal = ordinal
        rows.append(row)
    return Folded(rows, found[-1].due_ms if found else None)


class _View:
    """One view while it is folded."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.due_ms: int | None = None
        self._told = Translation(part.reports, playing_ms=_true_start_ms(part))

    def row(self, now_ms: int) -> ViewRecord:
        """Its row as it stands."""
        part, last = self.part, self.part.reports[-1]
        is_timed = any(report.name == "t" for report in part.reports)
        timeline = Timeline(_TIMED if is_timed else _UNTIMED)
        for step in self._steps():
            timeline.take(step)
        if part.until_ms is not None:
            timeline.take(_step(Kind.END, last, part.until_ms))
        folded = timeline.finish(now_ms if part.is_last else _EVER_MS)
        row, self.due_ms = folded.rows[0], folded.due_ms
        self._complete(row)
        return row

    def _steps(self) -> Iterable[TimelineEvent]:
        if self.part.first_told is not None:
            return self._told.steps
        start, reports = start_of(self.part), self.part.reports
        if start is None:
            return self._told.steps
        tried_ms, shown_ms = start
        made = [_step(Kind.PLAY, reports[0], tried_ms)]
        if shown_ms is not None:
            made.append(_step(Kind.PLAYING, reports[0], shown_ms))
        return sorted([*self._told.steps, *made], key=lambda step: step.at_ms)

    def _complete(self, row: ViewRecord) -> None:
        part, told = self.part, self._told
        row.event_count = len(part.reports)
        row.rendition_upshifts, row.rendition_downshifts = told.bitrate.upshifts, told.bitrate.downshifts
        if row.seek_time_ms is not None:
            row.seek_time_ms -= told.paused_seeks_ms
        if not row.has_ad:  # none, or a target that does not ask for them
            row.ad_breaks = row.ad_attempts = row.ad_impressions = None
            row.ad_errors = row.ad_break_errors = None
        row.request_canceled_count = None  # one that was given up has the code 0, as one that failed
        if not told.has_codes:
            row.request_failed_count = None
        if told.was_tried and not row.attempted:
            row.attempted, row.outcome = True, Outcome.EXITED_BEFORE_START
        if part.is_requests or part.first_told is None:
            weigh(row, part)
        self._ending(row)
        describe(row, part.content, [report.said for report in part.reports])
        row.approx += [flag for flag, holds in self._doubts(row).items() if holds]

    def _ending(self, row: ViewRecord) -> None:
        """No player says goodbye; what looks like one, or like nothing at all, is no loss of reports."""
        last = self.part.reports[-1]
        if row.end_reason is EndReason.DROPPED and last.name == "b" and last.said.get("bg") is True:
            row.end_reason = EndReason.ENDED  # Shaka 5.2 says so when the page goes away [seen]
        if row.end_reason is EndReason.DROPPED and self.part.is_requests:
            row.end_reason = EndReason.IDLE_TIMEOUT  # a player that has all it needs asks for nothing
        if row.end_reason is not EndReason.DROPPED and row.outcome is Outcome.DROPPED:
            row.outcome = Outcome.EXITED

    def _doubts(self, row: ViewRecord) -> dict[Approx, bool]:
        part = self.part
        buffers, loads = _tells_buffer(part), _tells_load(part)
        is_cut = row.end_reason is EndReason.DROPPED
        numbers = {report.seq for report in part.reports if report.seq is not None}
        return {
            Approx.STARTUP_IS_READY_TIME: row.video_startup_time_ms is not None
            and (buffers or loads or part.is_requests),
            Approx.PLAY_TIME_ESTIMATED: row.started and buffers,
            Approx.PAUSE_LOWER_BOUND: row.pause_time_ms is not None
            and row.started
            and (buffers or _fell_silent(row)),
            Approx.STALLS_UPPER_BOUND: bool(row.rebuffer_count is not None and buffers),
            Approx.STALLS_LOWER_BOUND: self._told.left_stall_by_seek
            or (
                row.started
                and (part.is_requests or self._told.has_slept or (is_cut and self._told.is_stalled))
            ),
            Approx.PLAY_TIME_LOWER_BOUND: row.started and (is_cut or self._told.has_slept),
            Approx.ATTEMPT_UNCERTAIN: part.is_echo and row.outcome is Outcome.EXITED_BEFORE_START,
            Approx.EVENTS_LOST: bool(numbers) and max(numbers) - part.first_seq >= len(numbers),
            Approx.START_LOST: bool(numbers) and min(numbers) > part.first_seq,
        }


def _fell_silent(row: ViewRecord) -> bool:
    """What came after the last report is not known: a pause that was left goes on, one in an unsent batch is missing.

    Players try again after 429 and 5xx only with a later report; a page that is left sends none [seen].
    """
    is_silence = row.end_reason in (EndReason.DROPPED, EndReason.IDLE_TIMEOUT)
    return is_silence and row.outcome is not Outcome.COMPLETED


def _tells_buffer(part: Part) -> bool:
    """Shaka 5.2 tells what its buffer does: `r` from the load on, then `p` when there is enough, also in a pause [seen]."""
    told = part.first_told
    return not part.is_requests if told is None else told.state in ("r", "w")


def _tells_load(part: Part) -> bool:
    """`s` is said when a source is loaded, unless the player said `d` before.

    By dash.js 5.2 whether or not anybody wants it to play, by hls.js 1.7 where the element plays by itself [seen].
    """
    told = part.first_told
    return told is not None and told.state == "s"


def _true_start_ms(part: Part) -> int | None:
    """When frames moved in a player whose `p` is its buffer's: its start delay runs from the load on [seen]."""
    delay, told = delay_ms(part.reports), part.first_told
    if delay is None or told is None or not _tells_buffer(part):
        return None
    return told.at_ms + round(delay)


def _step(kind: Kind, report: Report, at_ms: int) -> TimelineEvent:
    return TimelineEvent(kind=kind, at_ms=at_ms, key=report.key, received_at_ms=report.received_ms)
