"""The record of a Livepeer session: one view per session id, whatever it was reported over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.base import Folded, text
from firstframe.dialects.livepeer import wire
from firstframe.dialects.livepeer.beat import Ending
from firstframe.dialects.livepeer.dimension import dimensions_of
from firstframe.dialects.livepeer.failure import Failure, failure_of
from firstframe.dialects.livepeer.history import (
    Heard,
    History,
    Phase,
    PhaseKind,
    history_of,
    phases_of,
    stretches,
)
from firstframe.dialects.livepeer.interval import clipped, length
from firstframe.dialects.livepeer.loss import with_lost
from firstframe.dialects.livepeer.paint import spans_of
from firstframe.dialects.livepeer.parse import TOTALS
from firstframe.dialects.livepeer.picture import changed_source, picture_of
from firstframe.dialects.livepeer.seek import seeks_of
from firstframe.dialects.livepeer.share import HOLE_MS, LOST_MS, Share, Startup, shares_of, startup_of
from firstframe.dialects.livepeer.socket import history_of_totals
from firstframe.view.record import WATCH_STATES, Approx, EndReason, Outcome, Span, ViewRecord

SILENCE_MS = 60_000
"""Without a report for so long a session is over: the SDK reports every few seconds, playing or not."""


def fold(heard: Sequence[Heard], now_ms: int) -> Folded:
    """The one row of a session. What came over HTTP wins; the WebSocket's totals count where it is all there is."""
    events = [each.event for each in heard]
    is_reported = any(event.name != TOTALS for event in events)
    history = with_lost(history_of(heard)) if is_reported else history_of_totals(events)
    session = _Session(history, events)
    silent_ms = max((event.received_at_ms for event in events), default=0) + SILENCE_MS
    record = session.record(is_silent=now_ms >= silent_ms)
    return Folded([record], None if record.closed else silent_ms)


class _Session:
    """One session while its record is made."""

    def __init__(self, history: History, events: Sequence[Event]) -> None:
        self._history = history
        self._origins = {event.context.origin for event in events}
        self._first_ms = min((event.at_ms for event in events), default=0)
        self._live = any(session.get("live") is True for session in history.sessions)
        self._startup: Startup = startup_of(history)
        self._phases: list[Phase] = phases_of(history.marks, history.last_ms)
        self._started = self._startup.shown_ms is not None
        self._shares: list[Share] = shares_of(history, self._startup, self._phases, started=self._started)
        self._failure: Failure = failure_of(history, self._shares, self._phases, started=self._started)
        self._end_ms = self._end()
        self._spans: list[Span] = spans_of(
            history, self._startup, self._shares, self._phases, self._failure, self._end_ms
        )

    def record(self, *, is_silent: bool) -> ViewRecord:
        """The row as it stands now."""
        end = self._end_reason(is_silent=is_silent)
        values: dict[str, Any] = {
            "view_start_ms": round(self._begin()),
            "view_end_ms": round(self._end_ms),
            "closed": end is not None,
            "end_reason": end,
            "attempted": self._attempted(),
            "started": self._started,
            "outcome": self._outcome(end),
            "event_count": self._history.event_count,
            "spans": self._spans,
            **self._flags(),
            **self._durations(),
            **self._errors(),
            **picture_of(self._history, self._shares, live=self._live),
            **dimensions_of(self._history, self._origins),
        }
        return ViewRecord(**values, approx=self._approx(end), extra=self._extra())

    # what happened

    def _begin(self) -> float:
        times = [mark.at_ms for mark in self._history.marks] + [beat.at_ms for beat in self._history.beats]
        return min(times, default=float(self._first_ms))

    def _end(self) -> float:
        """The last event that counts: heartbeats of a page on which nothing goes on any more do not."""
        last = self._phases[-1]
        is_over = last.kind is PhaseKind.OFF or not self._attempted()
        is_over = is_over or (last.kind is PhaseKind.FAILED and self._failure.fatal is not None)
        times = [mark.at_ms for mark in self._history.marks]
        times += [
            share.beat.at_ms
            for share in self._shares
            if share.beat.at_ms <= last.start_ms or share.spent_ms > 0 or not (is_over or self._is_resting())
        ]
        return max(times, default=self._begin())

    def _is_resting(self) -> bool:
        """Its last word is a pause: nobody says how long that went on."""
        return self._phases[-1].kind is PhaseKind.PAUSED and self._history.ending is Ending.SILENT

    def _attempted(self) -> bool:
        return (
            self._started
            or bool(self._history.of("play"))
            or self._history.once("mount_to_play_ms") is not None
            or any(mark.stops for mark in self._history.marks)
        )

    def _end_reason(self, *, is_silent: bool) -> EndReason | None:
        was_destroyed = any(share.beat.capped for share in self._shares[-1:])
        if self._was_left() or was_destroyed:
            return EndReason.ENDED
        if not is_silent:
            return None
        if self._history.ending is Ending.HIDDEN:
            return EndReason.ENDED
        watching = bool(self._spans) and self._spans[-1].state in WATCH_STATES and self._is_on()
        return EndReason.DROPPED if watching and not self._history.is_socket else EndReason.IDLE_TIMEOUT

    def _was_left(self) -> bool:
        """The last thing that happened is a leave, wherever its time lies on a clock that was set back."""
        ending = self._history.ending
        return ending is Ending.LEFT or (
            self._startup.set_back and any(beat.leaves for beat in self._history.beats)
        )

    def _is_on(self) -> bool:
        return self._phases[-1].kind in (PhaseKind.ON, PhaseKind.FAILED)

    def _outcome(self, end: EndReason | None) -> Outcome:
        if not self._attempted():
            return Outcome.NOT_ATTEMPTED
        if self._failure.fatal:
            technical, business = (
                (Outcome.PLAYBACK_FAILED, Outcome.PLAYBACK_BLOCKED)
                if self._started
                else (Outcome.START_FAILED, Outcome.START_BLOCKED)
            )
            return business if self._failure.business else technical
        if not self._started:
            return Outcome.EXITED_BEFORE_START
        if self._ended_last():
            return Outcome.COMPLETED
        return Outcome.DROPPED if end is EndReason.DROPPED else Outcome.EXITED

    def _ended_last(self) -> bool:
        states = [mark.kind for mark in self._history.marks if mark.kind in ("play", "pause", "ended")]
        return states[-1:] == ["ended"]

    # numbers

    def _durations(self) -> dict[str, Any]:
        playing = sum(share.playing_ms for share in self._shares)
        rebuffer = sum(share.rebuffer_ms for share in self._shares)
        seek = sum(share.seek_ms for share in self._shares)
        waited = self._startup_wait()
        seeks = len(seeks_of(self._history))
        knows_seeks = seeks > 0 or self._has_own_controls()
        paused = None
        if not self._history.is_socket:
            paused = length(clipped(stretches(self._phases, PhaseKind.PAUSED), float("-inf"), self._end_ms))
        return {
            "video_startup_time_ms": self._startup.duration_ms if self._started else None,
            "content_startup_time_ms": self._startup.duration_ms if self._started else None,
            "startup_wait_ms": waited,
            "watch_time_ms": waited + playing + rebuffer + seek,
            "content_playing_time_ms": playing,
            "rebuffer_duration_ms": rebuffer,
            "rebuffer_count": sum(share.rebuffers for share in self._shares),
            "seek_time_ms": seek if knows_seeks else None,
            "seek_count": seeks if knows_seeks else None,
            "pause_time_ms": paused,
        }

    def _startup_wait(self) -> float:
        asked = self._startup.asked_ms
        if self._started or asked is None:
            return self._startup.duration_ms or 0.0
        return length(clipped(stretches(self._phases, PhaseKind.ON), asked, self._end_ms))

    def _has_own_controls(self) -> bool:
        """Whether the player is Livepeer's own, which reports its viewers' seeks."""
        return any(
            "@livepeer/react" in f"{session.get('player')}{session.get('version')}"
            for session in self._history.sessions
        )

    def _flags(self) -> dict[str, Any]:
        status = self._said("autoplay_status")
        knows_end = not self._live and not self._history.is_socket
        return {
            "live": self._live,
            "stream_type": "live" if self._live else "on_demand",
            "autoplay": None if status is None else status == "autoplay",
            "completed": bool(self._history.of("ended")) if knows_end else None,
        }

    def _said(self, key: str) -> str | None:
        """What the first heartbeat says that says anything."""
        told = (beat.payload[key] for beat in self._history.beats if key in beat.payload)
        return next((found for each in told if (found := text(each, 64))), None)

    def _errors(self) -> dict[str, Any]:
        history, fatal = self._history, self._failure.fatal
        errors = [mark for mark in history.marks if mark.kind == "error"]
        last = errors[-1] if errors else None
        warned = sum(beat.warnings for beat in history.beats)
        offline = sum(mark.category == "offline" for mark in errors)
        shown = fatal or last
        return {
            "error_count": max(len(errors), sum(beat.errors for beat in history.beats)),
            "warning_count": max(len(history.of("warning")), warned - offline, 0),
            "recovered_errors": self._failure.recovered,
            "fatal_error_code": fatal.category if fatal else None,
            "error_code": last.category if last else None,
            "error_message": shown.message if shown else None,
            "error_class": _error_class(self._failure, shown.category) if shown else None,
        }

    def _approx(self, end: EndReason | None) -> list[str]:
        waits = sum(share.rebuffers for share in self._shares) > 0
        is_socket = self._history.is_socket
        repaired = any(
            share.restored or share.beat.capped or share.refused_ms > LOST_MS for share in self._shares
        )
        guessed = [mark.guessed for mark in self._history.marks]
        cut = self._is_unheard(end) and self._is_on()
        holes = any(share.hole_ms > HOLE_MS for share in self._shares)
        flags = {
            Approx.SPANS_ESTIMATED: self._started,
            Approx.STARTUP_IS_FIRST_PROGRESS: self._startup.late,
            Approx.START_LOST: (self._started and self._startup.asked_ms is None) or any(guessed[:1]),
            Approx.EVENTS_LOST: any(guessed),
            # Where the startup is not known to the millisecond, neither is what was played after it.
            Approx.PLAY_TIME_ESTIMATED: (
                repaired or self._startup.late or any(guessed[1:]) or (is_socket and waits)
            ),
            # A socket's last second is never sent.
            Approx.PLAY_TIME_LOWER_BOUND: is_socket
            or holes
            or self._startup.lost
            or self._startup.set_back
            or cut,
            Approx.STALLS_LOWER_BOUND: (is_socket and waits) or self._startup.set_back or cut,
            Approx.PAUSE_LOWER_BOUND: (self._is_resting() or self._is_unheard(end)) and not is_socket,
            # Livepeer's own controls tell of their seeks; one that a script makes is but a wait, in their player too.
            Approx.STALLS_UPPER_BOUND: waits,
            Approx.SEVERAL_SOURCES: changed_source(self._history),
        }
        return sorted(flag.value for flag, holds in flags.items() if holds)

    def _is_unheard(self, end: EndReason | None) -> bool:
        """Closed without the two heartbeats of a leave: up to an interval behind the last one is never told.

        So it is with a page that was hidden, and died. One that was hidden before it was left says no more than that one.
        """
        is_left = self._was_left() or any(share.beat.capped for share in self._shares[-1:])
        rests = self._phases[-1].kind is PhaseKind.OFF or self._failure.fatal is not None
        return self._started and end is not None and not (is_left or rests or self._history.is_socket)

    def _extra(self) -> dict[str, str]:
        """Livepeer's own words for what has no field."""
        of = self._history.of
        counts = {
            "fullscreen": len(of("enter-fullscreen")),
            "picture_in_picture": len(of("enter-pip")),
            "clips": len(of("clip")),
            "quality_choices": len(of("video-quality")),
        }
        texts = {
            "autoplay": self._said("autoplay_status"),
            "mount_to_play_ms": text(self._history.once("mount_to_play_ms")),
            "reported_over": "websocket" if self._history.is_socket else "http",
        }
        found = {name: str(count) for name, count in counts.items() if count}
        return found | {name: value for name, value in texts.items() if value is not None}


def _error_class(failure: Failure, category: str) -> str:
    is_business = failure.business if failure.fatal else category in wire.BUSINESS
    return "business" if is_business else "technical"
