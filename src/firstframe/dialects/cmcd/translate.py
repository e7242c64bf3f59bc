"""Reports put into the timeline's words, one after the other. What a report means depends on the state before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from firstframe.dialects.base import number, whole
from firstframe.dialects.cmcd.bitrate import Bitrate
from firstframe.dialects.cmcd.failure import Failure, failures_of
from firstframe.dialects.cmcd.report import LONGEST_MS
from firstframe.dialects.cmcd.session import SILENCE_MS, Report
from firstframe.view.event import Kind, TimelineEvent

_LIVE = ("l", "ll")
_RUNNING = ("s", "p", "k", "r", "w")
_WAITS = ("r", "w")
"""States in which data is waited for; `w` is dash.js's own [wire]."""


class Translation:
    """The reports of one view so far, as events of the timeline."""

    def __init__(self, reports: Sequence[Report], *, playing_ms: int | None = None) -> None:
        """``playing_ms``: when frames first moved, where it is known better than from the states."""
        self.steps: list[TimelineEvent] = []
        self.bitrate = Bitrate()
        self.state: str | None = None
        self.is_live = False
        self.has_started = False
        self.was_tried = False
        """A state was told that only somebody who wants to watch brings about."""
        self.left_stall_by_seek = False
        self.has_codes = False
        """Responses tell how they went: a target need not ask for it."""
        self.paused_seeks_ms = 0
        """Of seeks in a pause that ended with the pause, the time."""
        self._failures = failures_of(reports)
        self._says_start = _says_start(reports)
        self._playing_ms = playing_ms
        self._muted: bool | None = None
        self._is_hidden = self._tells_hidden = False
        self._rate: float | None = None
        self._in_break = self._in_ad = self._is_lone_ad = False
        self._seek_ms: int | None = None
        """When a seek began in a pause."""
        self._at_ms = 0
        self._seq = -1
        self._silence_ms = _longest_silence(reports)
        self.has_slept = False
        """The page stood still while it played."""
        for report in reports:
            self._take(report)

    @property
    def is_stalled(self) -> bool:
        """Data is waited for."""
        return self.state in _WAITS

    def _take(self, report: Report) -> None:
        if self._sleeps_until(report):
            self._sleep(report)
        self._at_ms = report.at_ms
        self._seq = max(self._seq, -1 if report.seq is None else report.seq)
        self._conditions(report)
        handle = _EVENTS.get(report.name)
        if handle is not None:
            handle(self, report)
        failure = self._failures.get(report.key)
        if failure is not None:
            self._fail(report, failure)
        if report.state is not None and report.state != self.state:
            self._become(report, report.state)

    def _put(self, kind: Kind, report: Report, at_ms: int | None = None, **more: Any) -> None:
        self.steps.append(
            TimelineEvent(
                kind=kind,
                at_ms=self._at_ms if at_ms is None else at_ms,
                key=report.key,
                received_at_ms=report.received_ms,
                **more,
            )
        )

    # A page that is kept by the browser, a device that sleeps

    def _sleeps_until(self, report: Report) -> bool:
        """The timer was silent and no number is missing: nothing ran, so nothing played. hls.js says `a` only then [seen]."""
        if self._silence_ms is None or self.state not in _RUNNING or report.seq != self._seq + 1:
            return False
        return report.at_ms - self._at_ms > self._silence_ms

    def _sleep(self, report: Report) -> None:
        self._put(Kind.SEEKED, report)
        self._put(Kind.PAUSE, report)
        self.state, self._seek_ms, self.has_slept = "a", None, True

    # What holds while nothing changes

    def _conditions(self, report: Report) -> None:
        """What any report may tell."""
        said = report.said
        if "st" in said:
            self.is_live = said["st"] in _LIVE
        self._put(
            Kind.HEARTBEAT,
            report,
            live=self.is_live or None,
            playhead_ms=None if self.is_live else number(said.get("pt")),
            dropped_frames=whole(said.get("dfa")),
        )
        if self.bitrate.take(said):
            self._put(Kind.RENDITION, report, bitrate_bps=self.bitrate.total_bps)
        self._speed(report)
        self._see(report)
        if self.is_live and "ltc" in said:
            self._put(Kind.LATENCY, report, latency_ms=number(said["ltc"]))

    def _speed(self, report: Report) -> None:
        """A speed of 1 is not told: dash.js 5.2 has no event `pr`, its reports only lose the key [seen]."""
        if report.name != "pr" and "pr" not in report.said and self._rate is None:
            return
        rate = number(report.said.get("pr", 1))
        if rate != self._rate:
            self._rate = rate
            self._put(Kind.RATE, report, rate=rate)

    def _see(self, report: Report) -> None:
        """Whether the player can be seen: dash.js 5.2 has no event `b`, `bg` is on each report while it cannot [seen]."""
        is_hidden = report.said.get("bg") is True
        if report.name == "b" or is_hidden or self._tells_hidden:
            self._tells_hidden = self._tells_hidden or (is_hidden and report.name != "b")
            if is_hidden != self._is_hidden:
                self._is_hidden = is_hidden
                self._put(Kind.VISIBILITY, report, hidden=is_hidden)

    def mute(self, report: Report) -> None:
        self._muted = report.name == "m"

    def respond(self, report: Report) -> None:
        """A response; its bytes are not on the wire."""
        status = whole(report.said.get("rc"))
        self.has_codes = self.has_codes or status is not None
        self._put(
            Kind.REQUEST,
            report,
            status="failed" if status is not None and (status == 0 or status >= 400) else "ok",
            ttfb_ms=_duration(report.said.get("ttfb")),
            request_ms=_duration(report.said.get("ttlb")),
        )

    def _fail(self, report: Report, failure: Failure) -> None:
        if failure.is_fatal:
            self.was_tried = True
        self._put(Kind.ERROR, report, severity="fatal" if failure.is_fatal else "error", code=failure.code)

    # States

    def _become(self, report: Report, state: str) -> None:
        before, self.state = self.state, state
        if self._seek_ms is not None:
            self._end_paused_seek(report, state)
        if state == "k" and before in _WAITS and self.has_started:
            self.left_stall_by_seek = True
        handle = _STATES.get(state)
        if handle is not None:
            handle(self, report, before)

    def start(self, report: Report, before: str | None) -> None:
        self.was_tried = True
        self._put(Kind.PLAY, report, muted=self._muted)

    def play(self, report: Report, before: str | None) -> None:
        self.was_tried = self.has_started = True
        if self._in_ad:
            self._put(Kind.AD_PLAYING, report)
        else:
            late_ms, self._playing_ms = self._playing_ms, None
            self._put(Kind.PLAYING, report, at_ms=max(late_ms or 0, report.at_ms))

    def wait(self, report: Report, before: str | None) -> None:
        self.was_tried = True
        if self.has_started:
            self._put(Kind.STALL_START, report)
        elif not self._says_start:
            self._put(Kind.PLAY, report, muted=self._muted)

    def seek(self, report: Report, before: str | None) -> None:
        self.was_tried = True
        self._put(Kind.SEEKING, report)
        if before == "a":
            self._seek_ms = report.at_ms

    def pause(self, report: Report, before: str | None) -> None:
        self.was_tried = True
        if before in ("k", *_WAITS):
            self._put(Kind.SEEKED, report)  # one that was open ends here
        self._put(Kind.PAUSE, report)

    def end(self, report: Report, before: str | None) -> None:
        if not self._in_ad:
            self._put(Kind.ENDED, report)

    def quit(self, report: Report, before: str | None) -> None:
        self._put(Kind.END, report)

    def unload(self, report: Report, before: str | None) -> None:
        """hls.js 1.7 says `d` again when the source is taken away [seen]."""
        if self.has_started:
            self._put(Kind.PAUSE, report)

    def _end_paused_seek(self, report: Report, state: str) -> None:
        """dash.js 5.2 never says that it is still paused after a seek: from there to `p` is the pause [seen].

        A wait meanwhile is said when play is pressed, by hls.js `r`, by dash.js `w`: the pause ends there [seen].
        """
        if state in _WAITS:
            self._put(Kind.PLAY, report)
        if state == "p":
            self.paused_seeks_ms += report.at_ms - (self._seek_ms or 0)
        self._seek_ms = None

    # Ads

    def begin_break(self, report: Report) -> None:
        self._in_break = True
        self._put(Kind.AD_BREAK_START, report)

    def begin_ad(self, report: Report) -> None:
        if not self._in_break:
            self.begin_break(report)
            self._is_lone_ad = True
        self._in_ad = True
        self._put(Kind.AD_START, report)
        if self.state == "p" and report.state in (None, "p"):
            self._put(Kind.AD_PLAYING, report)

    def end_ad(self, report: Report) -> None:
        if self._in_ad:
            self._in_ad = False
            self._put(Kind.AD_ENDED, report)
        if self._is_lone_ad:
            self.end_break(report)

    def end_break(self, report: Report) -> None:
        self._is_lone_ad = False
        self.end_ad(report)
        self._in_break = False
        self._put(Kind.AD_BREAK_END, report)
        if self.state == "p" and report.state in (None, "p"):
            self._put(Kind.PLAYING, report)


def _says_start(reports: Sequence[Report]) -> bool:
    """A player that says `s` need not be guessed to start where it waits."""
    for report in reports:
        if report.state == "p":
            return False
        if report.state == "s":
            return True
    return False


def _longest_silence(reports: Sequence[Report]) -> int | None:
    """Three of the timer's intervals, and at least three of the standard's; unknown where it did not run twice."""
    timed = [report.at_ms for report in reports if report.name == "t"]
    intervals = [later - earlier for earlier, later in pairwise(timed) if later > earlier]
    return max(SILENCE_MS, 3 * min(intervals)) if intervals else None


def _duration(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= LONGEST_MS else None


_EVENTS: Mapping[str, Callable[[Translation, Report], None]] = {
    "m": Translation.mute,
    "um": Translation.mute,
    "rr": Translation.respond,
    "abs": Translation.begin_break,
    "as": Translation.begin_ad,
    "ae": Translation.end_ad,
    "sk": Translation.end_ad,
    "abe": Translation.end_break,
}
"""Events that say more than the state they come with."""

_STATES: Mapping[str, Callable[[Translation, Report, str | None], None]] = {
    "s": Translation.start,
    "p": Translation.play,
    "r": Translation.wait,
    "w": Translation.wait,
    "k": Translation.seek,
    "a": Translation.pause,
    "e": Translation.end,
    "q": Translation.quit,
    "d": Translation.unload,
}
"""What it means to enter a state; `f` is an error's (see `failure`)."""
