"""How a view ended: a clean end, silence in a watch state, silence in a pause."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.dialects.bitmovin.parts import SEEK_PAUSE_MS, at_end, of_web
from firstframe.dialects.bitmovin.sample import Sample, is_old
from firstframe.dialects.bitmovin.timeline import Timeline, is_unload
from firstframe.view.record import WATCH_STATES, Approx, EndReason, State

SILENCE_MS = 150_000
"""Two and a half of the collector's heartbeats."""
HEARTBEAT_MS = 59_000
"""A playing sample this long was cut by the heartbeat: playing went on behind it."""
STALL_CUTS_MS = (3_000, 5_000, 10_000, 30_000, 59_700)
"""Where heartbeats cut a stall: sooner at first [HTML5AnalyticsStateMachine of bitmovin-analytics 2.51.0, driven]."""
CUT_TOLERANCE_MS = 200
"""So late is a timer at most."""
FINAL_REASONS = ("PAGE_CLOSED", "TIMEOUT")
"""A start that failed for these is the last thing the collector says of a view."""


def is_over(timeline: Timeline) -> bool:
    """Whether the collector said that nothing more comes."""
    samples = timeline.samples
    if timeline.replaced or any(sample.closes for sample in samples) or _leaves_page(samples):
        return True
    told = [sample for sample in samples if not sample.is_point or sample.start_failed]
    if told and is_let_go(told[-1]):
        return True
    return bool(told) and told[-1].start_failed and told[-1].start_failed_reason in FINAL_REASONS


def is_let_go(sample: Sample) -> bool:
    """Whether another source ended a startup: the web collector tells of it as of any, but the element is empty then."""
    is_empty = not sample.payload.get("videoDuration") and sample.payload.get("isLive") is not True
    return of_web(sample) and sample.video_startup_ms > 0 and not sample.advance_ms and is_empty


def end_reason(timeline: Timeline, last_received_ms: int, now_ms: int, *, failed: bool) -> EndReason | None:
    """Why a view is over; None while it may go on."""
    if is_over(timeline):
        return EndReason.ENDED
    if now_ms < last_received_ms + SILENCE_MS:
        return None
    goes_on = not failed and state_left(timeline) in WATCH_STATES
    return EndReason.DROPPED if goes_on else EndReason.IDLE_TIMEOUT


def state_left(timeline: Timeline) -> State:
    """The state that the samples leave a view in: each sample tells of the state before it was sent."""
    index = _last_told(timeline)
    if index is None:
        return State.IDLE
    sample = timeline.samples[index]
    if sample.ad:
        return State.AD_PLAYING
    if sample.played_ms:
        return _after_playing(timeline, index)
    if sample.buffered_ms:
        return _after_stall(sample)
    if sample.seeked_ms:
        before = timeline.samples[index - 1] if index else None
        was_paused = before is not None and before.paused_ms > SEEK_PAUSE_MS
        closed = any(each.closes for each in timeline.samples)
        return State.PAUSE if was_paused or (closed and of_web(sample)) else _after_seek(sample)
    if sample.paused_ms and at_end(sample, sample.media_start_ms):
        return State.IDLE
    if sample.paused_ms:
        return State.PLAYING if of_web(sample) else State.PAUSE
    if sample.start_failed or not sample.video_startup_ms:
        return State.IDLE
    return State.PLAYING if sample.advance_ms else State.STARTUP


def tail_flags(timeline: Timeline) -> set[Approx]:
    """What the collector leaves unsaid at the end: a pause or a stall that runs when the page is left."""
    left = state_left(timeline)
    if timeline.replaced:
        return set()
    if left is State.REBUFFER:
        return {Approx.STALLS_LOWER_BOUND}
    if left is not State.PAUSE:
        return set()
    found = {Approx.PAUSE_LOWER_BOUND}
    if any(sample.closes for sample in timeline.samples):
        found.add(Approx.STALLS_LOWER_BOUND)
    if is_old(timeline.samples[-1]):
        # It takes a faster speed, and where another source begins, for a seek that never ends [2.24.1, driven].
        found.add(Approx.PLAY_TIME_LOWER_BOUND)
    return found


def _after_stall(sample: Sample) -> State:
    """The web collector cuts a stall at fixed lengths; one of another length, in which nothing moved, ends in a pause."""
    if sample.advance_ms:
        return State.PLAYING
    is_cut = any(abs(sample.duration_ms - length) <= CUT_TOLERANCE_MS for length in STALL_CUTS_MS)
    return State.PAUSE if of_web(sample) and not is_cut else State.REBUFFER


def _after_seek(sample: Sample) -> State:
    """The web collector tells of a pause behind every seek: a seek that is its last word was cut by page close.

    Then no `closed` comes: where one does, the seek was over, and the viewer had paused in it
    [HTML5AnalyticsStateMachine of bitmovin-analytics 2.51.0].
    """
    return State.IDLE if of_web(sample) else State.PLAYING


def _after_playing(timeline: Timeline, index: int) -> State:
    """A playing sample is sent when playing is left, by a heartbeat, or for a change that does not end it."""
    sample = timeline.samples[index]
    before = timeline.samples[index - 1] if index else None
    if at_end(sample, sample.media_end_ms):
        return State.IDLE
    behind = [each for each in timeline.samples[index + 1 :] if not each.closes]
    goes_on = (
        sample.duration_ms >= HEARTBEAT_MS or is_unload(before, sample) or bool(behind) or not of_web(sample)
    )
    muted = before is not None and sample.payload.get("isMuted") != before.payload.get("isMuted")
    return State.PLAYING if goes_on or muted else State.PAUSE


def _last_told(timeline: Timeline) -> int | None:
    told = [
        index
        for index, sample in enumerate(timeline.samples)
        if not sample.is_point and not _is_setup(sample)
    ]
    return told[-1] if told else None


def _is_setup(sample: Sample) -> bool:
    return bool(sample.player_startup_ms) and not sample.video_startup_ms and not any(sample.parts)


def _leaves_page(samples: Sequence[Sample]) -> bool:
    """A playing sample with a stale clock is only made at page close, also where ``closed`` got lost."""
    return len(samples) > 1 and bool(samples[-1].played_ms) and is_unload(samples[-2], samples[-1])
