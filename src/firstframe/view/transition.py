"""What each kind of event does to a view: one handler each, in one table at the end of this file.

The handlers stand in one file because the rules only make sense beside each other: which states an event leaves
alone, what it opens and what it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.machine import Machine, Seek
from firstframe.view.record import WATCH_STATES, EndReason, State

SEEK_GRACE_MS = 1_000
"""A stall this soon after a seek belongs to it."""


def apply(view: Machine, event: TimelineEvent) -> None:
    """Let an event change a view; the time up to it must have been booked by `Machine.advance`."""
    view.note(event)
    HANDLERS[event.kind](view, event)


def _page_request(view: Machine, event: TimelineEvent) -> None:
    if view.page_request_ms is None:
        view.page_request_ms = event.at_ms


def _player_init(view: Machine, event: TimelineEvent) -> None:
    if view.player_init_ms is None:
        view.player_init_ms = event.at_ms


def _player_ready(view: Machine, event: TimelineEvent) -> None:
    if view.player_ready_ms is None:
        view.player_ready_ms = event.at_ms


def _visibility(view: Machine, event: TimelineEvent) -> None:
    if event.hidden is not None:
        view.hidden = event.hidden


def _play(view: Machine, event: TimelineEvent) -> None:
    if view.ads.in_break or view.state not in (State.IDLE, State.PAUSE, State.FAILED):
        return
    if not view.attempts:
        view.autoplay, view.muted = event.autoplay, event.muted
    view.attempts += 1
    view.attempted = True
    view.attempt_ms, view.wait_at_attempt_ms = event.at_ms, view.content_wait_ms
    view.over = False
    view.state = State.RESUMING if view.started else State.STARTUP


def _autoplay_blocked(view: Machine, event: TimelineEvent) -> None:
    """The last play was never one: what it made wait is taken back."""
    if view.attempt_ms is None or view.state not in (State.STARTUP, State.RESUMING, State.PAUSE):
        return
    instead = State.PAUSE if view.started else State.IDLE
    view.track.rewrite(view.attempt_ms, instead)
    view.content_wait_ms = view.wait_at_attempt_ms
    view.state, view.attempt_ms = instead, None
    view.attempts -= 1
    if not view.attempts and not view.started:
        view.attempted = view.background = False
        view.autoplay = view.muted = None


def _playing(view: Machine, event: TimelineEvent) -> None:
    view.close_seek()
    view.leave_break()
    view.frame()
    if not view.content_started:
        view.content_started = True
        view.content_startup_ms = view.content_wait_ms if view.attempts else None
    view.recovered += view.open_fatals
    view.open_fatals, view.fatal = 0, None
    view.seeked_ms = view.attempt_ms = None
    view.over = False
    view.state = State.PLAYING


def _pause(view: Machine, event: TimelineEvent) -> None:
    if view.state in (State.IDLE, State.FAILED):
        return
    if view.seek and view.seek.seeked:
        view.close_seek()
    elif view.seek:
        view.seek.stalled = False
    view.state = State.PAUSE


def _stall_start(view: Machine, event: TimelineEvent) -> None:
    ignored = (State.PAUSE, State.IDLE, State.FAILED, State.REBUFFER)
    if not view.started or view.ads.in_break or view.state in ignored:
        return
    if view.seek:
        view.seek.stalled = True
    elif view.seeked_ms is not None and event.at_ms - view.seeked_ms <= SEEK_GRACE_MS:
        view.seek = Seek(event.at_ms, State.PLAYING, seeked=True, stalled=True)
        view.state = State.SEEK
    else:
        view.stalls += 1
        view.stall_ms = event.at_ms
        view.state = State.REBUFFER


def _stall_end(view: Machine, event: TimelineEvent) -> None:
    if view.state is State.REBUFFER:
        view.state = State.PLAYING
    elif view.seek:
        view.seek.stalled = False
        if view.seek.seeked:
            view.close_seek()
            view.state = State.PLAYING if view.state in WATCH_STATES else view.state


def _seeking(view: Machine, event: TimelineEvent) -> None:
    if not view.started or view.ads.in_break or view.state is State.FAILED:
        return
    if view.seek:
        view.seek.seeked = False
        return
    view.seeks += 1
    view.seek = Seek(event.at_ms, State.RESUMING if view.state is State.RESUMING else State.PLAYING)
    if view.state in WATCH_STATES:
        view.state = State.SEEK


def _seeked(view: Machine, event: TimelineEvent) -> None:
    if not view.seek:
        return
    view.seek.seeked, view.seeked_ms = True, event.at_ms
    if not view.seek.stalled:
        view.state = view.seek.resume if view.state is State.SEEK else view.state
        view.close_seek()


def _ended(view: Machine, event: TimelineEvent) -> None:
    if view.state is State.FAILED:
        return
    view.close_seek()
    view.ended = view.over = view.started
    view.state = State.IDLE


def _end(view: Machine, event: TimelineEvent) -> None:
    view.close(EndReason.ENDED)


def _error(view: Machine, event: TimelineEvent) -> None:
    if event.severity == "warning":
        view.warnings += 1
        if view.last_error is None or view.last_error.severity == "warning":
            view.last_error = event
    elif event.ad:
        _ad_error(view)
    else:
        view.errors += 1
        view.last_error = event
        if event.severity == "fatal":
            _fail(view, event)


def _fail(view: Machine, event: TimelineEvent) -> None:
    view.close_seek()
    view.leave_break()
    view.attempted = True
    view.open_fatals += 1
    view.fatal = event
    view.state = State.FAILED


def _ad_error(view: Machine) -> None:
    ads = view.ads
    ads.seen = True
    ads.errors += 1
    ads.requests = max(0, ads.requests - (not ads.open))
    if ads.in_break and not ads.break_failed:
        ads.break_failed = True
        ads.break_errors += 1


def _rendition(view: Machine, event: TimelineEvent) -> None:
    view.tally.rendition(event)


def _resize(view: Machine, event: TimelineEvent) -> None:
    view.tally.resize(event)


def _rate(view: Machine, event: TimelineEvent) -> None:
    view.tally.speed(event)


def _latency(view: Machine, event: TimelineEvent) -> None:
    view.tally.latency(event)


def _request(view: Machine, event: TimelineEvent) -> None:
    view.tally.request(event)


def _heartbeat(view: Machine, event: TimelineEvent) -> None:
    """Time has passed: that is all it says."""


def _ad_request(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = True
    view.ads.requests += 1


def _ad_response(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = True
    view.ads.requests = max(0, view.ads.requests - 1)


def _ad_break_start(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = True
    if view.ads.in_break:
        return
    view.close_seek()
    view.ads.in_break, view.ads.break_failed = True, False
    view.ads.breaks += 1
    if view.attempted and view.state is not State.FAILED:
        view.state = State.AD_WAIT if view.started else State.STARTUP


def _ad_start(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = view.ads.open = True
    view.ads.shown = False
    view.ads.attempts += 1


def _ad_playing(view: Machine, event: TimelineEvent) -> None:
    if not view.ads.in_break:
        _ad_break_start(view, event)
    if not view.ads.open:
        _ad_start(view, event)
    if not view.ads.shown:
        view.ads.shown = True
        view.ads.impressions += 1
    view.ads.preroll = view.ads.preroll or not view.content_started
    view.close_seek()
    view.frame()
    view.attempt_ms = None
    view.state = State.AD_PLAYING


def _ad_ended(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = True
    view.ads.open = view.ads.shown = False
    if view.ads.in_break and view.started and view.state in (State.AD_PLAYING, State.PAUSE):
        view.state = State.AD_WAIT


def _ad_break_end(view: Machine, event: TimelineEvent) -> None:
    view.ads.seen = True
    if not view.ads.in_break:
        return
    view.leave_break()
    if view.over:
        view.state = State.IDLE
    elif view.state in WATCH_STATES or view.state is State.PAUSE:
        view.state = State.RESUMING if view.started else State.STARTUP


HANDLERS: Mapping[Kind, Callable[[Machine, TimelineEvent], None]] = {
    Kind.PAGE_REQUEST: _page_request,
    Kind.PLAYER_INIT: _player_init,
    Kind.PLAYER_READY: _player_ready,
    Kind.VISIBILITY: _visibility,
    Kind.PLAY: _play,
    Kind.AUTOPLAY_BLOCKED: _autoplay_blocked,
    Kind.PLAYING: _playing,
    Kind.PAUSE: _pause,
    Kind.STALL_START: _stall_start,
    Kind.STALL_END: _stall_end,
    Kind.SEEKING: _seeking,
    Kind.SEEKED: _seeked,
    Kind.ENDED: _ended,
    Kind.END: _end,
    Kind.ERROR: _error,
    Kind.RENDITION: _rendition,
    Kind.RESIZE: _resize,
    Kind.RATE: _rate,
    Kind.LATENCY: _latency,
    Kind.REQUEST: _request,
    Kind.HEARTBEAT: _heartbeat,
    Kind.AD_REQUEST: _ad_request,
    Kind.AD_RESPONSE: _ad_response,
    Kind.AD_BREAK_START: _ad_break_start,
    Kind.AD_START: _ad_start,
    Kind.AD_PLAYING: _ad_playing,
    Kind.AD_ENDED: _ad_ended,
    Kind.AD_BREAK_END: _ad_break_end,
}
"""What each kind of event does to a view."""
