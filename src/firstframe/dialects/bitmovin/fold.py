"""From the events of one impression to its row. Numbers decide, never the names of states."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.beacon import Context, Event
from firstframe.dialects.base import Folded, text, whole
from firstframe.dialects.bitmovin.ad import Ads, count_ads
from firstframe.dialects.bitmovin.dimension import custom_of, dimensions_of
from firstframe.dialects.bitmovin.ending import SILENCE_MS, end_reason, is_let_go, tail_flags
from firstframe.dialects.bitmovin.parts import (
    FASTEST,
    LATE_MS,
    LONGEST_AUTOPLAY_MS,
    NOTICE_MS,
    at_end,
    autoplay_gap_ms,
    has_jump,
    of_web,
    startup_ms,
    watches_element,
)
from firstframe.dialects.bitmovin.quality import fill_content, fill_quality
from firstframe.dialects.bitmovin.sample import PART_OF_STATE, Sample, adapter_of, sample_of
from firstframe.dialects.bitmovin.timeline import Timeline, timeline_of
from firstframe.dialects.bitmovin.wire import AD_RECORD, ERROR_DETAIL
from firstframe.view.record import WATCH_STATES, Approx, EndReason, Outcome, State, ViewRecord

LAST_SEQUENCE = 1000
"""The collector drops every sample behind this one."""
AD_PLAYERS = ("bitmovin", "bitmovin-pwx", "theoplayer")
"""The adapters that see ads; to the others they are content, or nothing."""
MOVING_LAG_MS = 50
"""Media that moved in all of the startup but this was moving when the collector's clock began."""


START_AT_PLAYING = ("dashjs",)
"""The adapters whose startup ends with the element's `playing`; one that begins with it, for a play they did not hear, ends with
the first progress [DashjsInternalAdapter of bitmovin-analytics 2.51.0]."""
LOADS_ANEW = ("hlsjs", "videojs")
"""The adapters to which a source begins once more when its manifest has failed."""
LOADS_LATE = ("dashjs",)
"""The adapters to which a source begins when its manifest is there, however long a play was heard before."""


class Failure(msgspec.Struct, frozen=True):
    """An error, or a start given up."""

    code: str | None
    message: str | None
    fatal: bool
    recovered: bool = False
    """Something played after it."""


class Told(msgspec.Struct, frozen=True):
    """One event, read."""

    event: Event
    sample: Sample | None = None
    """None for records of ads and details of errors."""


class View(msgspec.Struct, frozen=True):
    """All that a fold reads, sorted by kind."""

    timeline: Timeline
    ads: Ads
    failures: Sequence[Failure]
    first: Event
    last_received_ms: int
    now_ms: int

    @property
    def samples(self) -> Sequence[Sample]:
        return self.timeline.samples

    @property
    def fatal(self) -> Failure | None:
        """The fatal error that stands: nothing played after it."""
        found = [failure for failure in self.failures if failure.fatal and not failure.recovered]
        return found[-1] if found else None

    @property
    def startup_index(self) -> int | None:
        """Which sample tells of the startup; a program change only pretends to."""
        told = (index for index, sample in enumerate(self.samples) if sample.video_startup_ms)
        return next(told, None)


def told_of(event: Event) -> Told:
    """An event of any kind, read."""
    is_sample = event.name not in (AD_RECORD, ERROR_DETAIL)
    return Told(event, sample_of(event) if is_sample else None)


def fold(told: Sequence[Told], now_ms: int) -> Folded:
    """The one row of an impression; an id that the collector gave is never split."""
    if not told:
        return Folded(())
    told = sorted(told, key=lambda each: (each.event.received_at_ms, each.event.key))
    ordered = [each.event for each in told]
    timeline = timeline_of(each.sample for each in told if each.sample is not None)
    records = [event.payload for event in ordered if event.name == AD_RECORD]
    view = View(
        timeline,
        count_ads(records, timeline.runs(State.AD_PLAYING)),
        _failures(timeline, [event for event in ordered if event.name == ERROR_DETAIL]),
        ordered[0],
        ordered[-1].received_at_ms,
        now_ms,
    )
    row = ViewRecord(approx=[])
    for step in STEPS:
        step(row, view)
    opening = [sample.payload for sample in timeline.samples if sample.video_startup_ms or sample.played_ms]
    newest = _newest(timeline)
    said = [*(sample.payload for sample in newest), *records]
    custom = [*(sample.custom for sample in newest), *map(custom_of, records)]
    for name, value in dimensions_of(said, opening or said, custom, _context(ordered)).items():
        setattr(row, name, value)
    if timeline.lost_count:
        row.extra["lost_samples"] = str(timeline.lost_count)
    return Folded((row,), None if row.closed else view.last_received_ms + SILENCE_MS)


def _newest(timeline: Timeline) -> list[Sample]:
    """Samples for dimensions, newest first; those in which something happened before those that only tell."""
    newest = reversed(timeline.samples)
    return sorted(newest, key=lambda sample: not (sample.played_ms or sample.video_startup_ms))


def _context(ordered: Sequence[Event]) -> Context:
    """Of the newest request that came with an origin."""
    return next((event.context for event in reversed(ordered) if event.context.origin), ordered[-1].context)


def _failures(timeline: Timeline, details: Sequence[Event]) -> list[Failure]:
    """Errors in order. A detail repeats the error of a sample; it counts alone only where that sample is lost."""
    samples = timeline.samples
    found = [failure for index in range(len(samples)) if (failure := _failure(samples, index))]
    known = {failure.code for failure in found}
    for detail in details:
        code = text(detail.payload.get("code"), 128)
        if code not in known:
            known.add(code)
            found.append(_detailed(samples, detail, code))
    if not all(map(_is_nameless, found)):
        # The video.js adapter tells of an error once more when it is over [`error` in VideojsInternalAdapter 2.51.0, driven].
        found = [failure for failure in found if not _is_nameless(failure)]
    messages = {
        text(each.payload.get("code"), 128): text(each.payload.get("message"), 256) for each in details
    }
    return [
        failure if failure.message else msgspec.structs.replace(failure, message=messages.get(failure.code))
        for failure in found
    ]


def _is_nameless(failure: Failure) -> bool:
    return failure.code in (None, "unknown") and failure.message is None


def _failure(samples: Sequence[Sample], index: int) -> Failure | None:
    sample = samples[index]
    gave_up = sample.start_failed and sample.start_failed_reason != "PAGE_CLOSED"
    if sample.error_code is None and not gave_up:
        return None
    return Failure(
        code=sample.error_code or sample.start_failed_reason.lower() or None,
        message=text(sample.payload.get("errorMessage"), 256),
        fatal=sample.critical or gave_up,
        recovered=any(later.played_ms for later in samples[index + 1 :]),
    )


def _detailed(samples: Sequence[Sample], detail: Event, code: str | None) -> Failure:
    fatal = (text(detail.payload.get("severity")) or "CRITICAL").upper() == "CRITICAL"
    recovered = any(
        sample.played_ms and (sample.time_ms or 0) > detail.at_ms + NOTICE_MS for sample in samples
    )
    return Failure(code, text(detail.payload.get("message"), 256), fatal, recovered)


def _place(row: ViewRecord, view: View) -> None:
    timeline = view.timeline
    row.native_view_id = view.first.native_view_id
    row.view_start_ms = timeline.start_ms if view.samples else view.first.at_ms
    row.view_end_ms = timeline.end_ms if view.samples else view.first.at_ms
    row.spans = timeline.spans()


def _start(row: ViewRecord, view: View) -> None:
    states = {piece.state for piece in view.timeline.pieces}
    shown = bool({State.PLAYING, State.AD_PLAYING} & states) or view.ads.impressions > 0
    later = bool({State.REBUFFER, State.SEEK, State.PAUSE} & states)
    row.started = shown or _startup_moved(view) or (later and view.timeline.lost_count > 0)
    gave_up = any(sample.start_failed for sample in view.samples)
    tried = states - {State.IDLE} or view.startup_index is not None
    row.attempted = bool(row.started or tried or gave_up or any(failure.fatal for failure in view.failures))
    row.has_ad = view.ads.seen
    row.preroll_played = _preroll(view)


def _startup_moved(view: View) -> bool:
    """Whether frames moved in the startup sample itself; else a source change ended the wait, not a frame."""
    index = view.startup_index
    if index is None:
        return False
    sample = view.samples[index]
    return 0 < sample.advance_ms <= sample.video_startup_ms + NOTICE_MS


def _preroll(view: View) -> bool:
    shown = [
        piece.state for piece in view.timeline.pieces if piece.state in (State.PLAYING, State.AD_PLAYING)
    ]
    return shown[:1] == [State.AD_PLAYING] or view.ads.preroll_startup_ms is not None


def _startup(row: ViewRecord, view: View) -> None:
    row.startup_wait_ms = view.timeline.total_ms(State.STARTUP)
    row.player_startup_time_ms = _set_up_ms(view.samples)
    row.page_load_time_ms = _first_ms(view.samples, "pageLoadTime")
    row.drm_time_ms = _first_ms(view.samples, "drmLoadTime")
    row.startup_in_background = any(sample.payload.get("pageLoadType") == 2 for sample in view.samples)
    index = view.startup_index
    telling = view.samples[index] if index is not None else next(iter(view.samples), None)
    if telling is not None:
        row.autoplay = _flag(telling, "autoplay")
        row.muted = _flag(telling, "isMuted")
    if not row.started:
        return
    if index is not None and not view.samples[index].payload.get("isProgramChange"):
        row.content_startup_time_ms = startup_ms(view.samples, index)
    waited = view.ads.preroll_startup_ms
    row.video_startup_time_ms = row.content_startup_time_ms if waited is None else waited


def _set_up_ms(samples: Sequence[Sample]) -> float | None:
    """Player startup; the Bitmovin player's adapter always says 1, which is no measurement."""
    for sample in samples:
        constant = sample.player_startup_ms == 1 and str(sample.payload.get("player")).startswith("bitmovin")
        if sample.player_startup_ms and not constant:
            return sample.player_startup_ms
    return None


def _first_ms(samples: Sequence[Sample], name: str) -> float | None:
    found = (whole(sample.payload.get(name), low=1, high=86_400_000) for sample in samples)
    return next((ms for ms in found if ms), None)


def _flag(sample: Sample, name: str) -> bool | None:
    value = sample.payload.get(name)
    return value if isinstance(value, bool) else None


def _durations(row: ViewRecord, view: View) -> None:
    timeline = view.timeline
    row.watch_time_ms = timeline.total_ms(*WATCH_STATES)
    row.content_playing_time_ms = timeline.total_ms(State.PLAYING)
    row.ad_playing_time_ms = timeline.total_ms(State.AD_PLAYING)
    row.rebuffer_duration_ms = timeline.total_ms(State.REBUFFER)
    row.seek_time_ms = timeline.seek_ms
    row.pause_time_ms = timeline.total_ms(State.PAUSE)
    row.rebuffer_count = timeline.runs(State.REBUFFER)
    row.seek_count = timeline.seeks


def _ads(row: ViewRecord, view: View) -> None:
    sees_ads = any(sample.payload.get("player") in AD_PLAYERS for sample in view.samples)
    if view.ads.seen or sees_ads:
        row.ad_breaks = view.ads.breaks
        row.ad_attempts = view.ads.attempts
        row.ad_impressions = view.ads.impressions
        row.ad_errors = view.ads.errors
        row.ad_break_errors = view.ads.break_errors


def _errors(row: ViewRecord, view: View) -> None:
    errors = [failure for failure in view.failures if failure.fatal]
    row.error_count = len(errors)
    row.warning_count = len(view.failures) - len(errors)
    row.recovered_errors = sum(failure.recovered for failure in errors)
    row.fatal_error_code = view.fatal.code if view.fatal else None
    shown = view.fatal or (view.failures[-1] if view.failures else None)
    if shown:
        row.error_code, row.error_message = shown.code, shown.message
    row.error_class = "technical" if errors else None


def _content(row: ViewRecord, view: View) -> None:
    newest = [sample.payload for sample in _newest(view.timeline)]
    row.live = next((each["isLive"] for each in newest if isinstance(each.get("isLive"), bool)), False)
    lengths = (whole(each.get("videoDuration"), low=1, high=10**11) for each in newest)
    length = next((each for each in lengths if each), None)
    row.duration_ms = None if row.live else length
    row.stream_type = "live" if row.live else "on_demand" if length else None
    fill_content(row, view.timeline)


def _ending(row: ViewRecord, view: View) -> None:
    row.end_reason = end_reason(
        view.timeline, view.last_received_ms, view.now_ms, failed=view.fatal is not None
    )
    row.closed = row.end_reason is not None
    led = [sample for sample in view.samples if _leads(sample)]
    if row.started and row.duration_ms and led:
        row.completed = any(at_end(sample, sample.media_end_ms) for sample in led)
    ended = bool(led) and row.completed is True and at_end(led[-1], led[-1].media_end_ms)
    row.outcome = _outcome(row, view, ended=ended)


def _leads(sample: Sample) -> bool:
    """Whether a sample leads to a position of the content; `closed` says at which one the page was left."""
    at_close = sample.closes and bool(sample.media_end_ms)
    return bool(sample.played_ms or sample.seeked_ms or at_close) and not sample.ad


def _outcome(row: ViewRecord, view: View, *, ended: bool) -> Outcome:
    if not row.attempted:
        return Outcome.NOT_ATTEMPTED
    if view.fatal:
        return Outcome.PLAYBACK_FAILED if row.started else Outcome.START_FAILED
    if not row.started:
        return Outcome.EXITED_BEFORE_START
    if ended:
        return Outcome.COMPLETED
    return Outcome.DROPPED if row.end_reason is EndReason.DROPPED else Outcome.EXITED


def _doubts(row: ViewRecord, view: View) -> None:
    timeline, first = view.timeline, next(iter(view.samples), None)
    stopped_counting = bool(row.started and view.fatal)
    found = {
        Approx.STARTUP_IS_FIRST_PROGRESS: row.video_startup_time_ms is not None
        and first is not None
        and of_web(first)
        and (adapter_of(first) not in START_AT_PLAYING or _began_moving(view)),
        Approx.STARTUP_LOWER_BOUND: (
            row.video_startup_time_ms is not None and (_began_moving(view) or _may_have_waited(view))
        )
        or any(sample.start_failed and not sample.duration_ms for sample in view.samples)
        or any(
            is_let_go(sample) and sample.video_startup_ms <= MOVING_LAG_MS for sample in view.samples[-1:]
        ),
        Approx.STALLS_UPPER_BOUND: has_jump(view.samples),
        Approx.STALLS_LOWER_BOUND: timeline.lost_count > 0
        or _lacks_length(view, "buffered")
        or timeline.whole.standing.is_unsure
        or stopped_counting,
        Approx.PAUSE_LOWER_BOUND: timeline.lost_count > 0 or _lacks_length(view, "paused"),
        Approx.START_LOST: first is not None and bool(first.seq),
        Approx.EVENTS_LOST: timeline.lost_count > 0,
        Approx.EVENTS_CAPPED: any((sample.seq or 0) >= LAST_SEQUENCE for sample in view.samples),
        Approx.PLAY_TIME_ESTIMATED: timeline.moved_ms > 0
        or timeline.conflicts
        or timeline.whole.standing.is_unsure,
        Approx.PLAY_TIME_LOWER_BOUND: timeline.lost_count > 0
        or timeline.has_hole
        or any(sample.is_set_back for sample in view.samples)
        or row.end_reason is EndReason.DROPPED
        or _began_moving(view)
        or stopped_counting,
        Approx.ATTEMPT_UNCERTAIN: row.outcome is Outcome.EXITED_BEFORE_START and _is_echo(view),
        Approx.HOLE_CREDITED: bool(timeline.credited),
        Approx.SPANS_ESTIMATED: timeline.overlap_ms > NOTICE_MS
        or (len(view.samples) > 1 and any(sample.time_ms is None for sample in view.samples)),
    }
    tail = tail_flags(timeline) if row.closed and row.started and not view.fatal else set()
    row.approx = sorted(
        {*(str(name) for name, holds in found.items() if holds), *(str(each) for each in tail)}
    )


def _lacks_length(view: View, part: str) -> bool:
    """Whether the clock was set back in a stall or a pause: nothing says how long that was."""
    return any(
        sample.is_set_back and PART_OF_STATE.get(sample.state.lower()) == part for sample in view.samples
    )


def _is_echo(view: View) -> bool:
    """Whether the web collector may have made an impression of its own of what another one tells.

    A failed manifest makes the hls.js and the video.js adapter begin a second one that waits until the page is left. A page
    that calls `load()` and then `play()` makes one for each, and the first to hear of the play is over with the element's
    `loadstart`; so does one that hands dash.js another source and then plays, and there the first lasts until the manifest
    is loaded [`registerMediaElement` in HTML5InternalAdapter of bitmovin-analytics 2.51.0, driven].
    A real second video that is left before its metadata says the same, so it stays an attempt.
    """
    told = [sample for sample in view.samples if not sample.player_startup_ms or sample.video_startup_ms]
    if len(told) != 1:
        return False
    first = told[0]
    unknown = not first.payload.get("videoDuration") and not first.payload.get("videoPlaybackWidth")
    waited_on = first.start_failed and adapter_of(first) in LOADS_ANEW and first is view.samples[0]
    at_once = first.video_startup_ms <= MOVING_LAG_MS or adapter_of(first) in LOADS_LATE
    return unknown and (waited_on or (is_let_go(first) and at_once))


def _began_moving(view: View) -> bool:
    """Play was pressed before the metadata: the collector's clock began with the first moving frame.

    Then it begins where frames had come to, just behind the beginning, where nobody seeks and nothing rests; or frames moved
    in all of it.
    """
    index = view.startup_index
    if index is None or autoplay_gap_ms(view.samples, index) is not None:
        return False
    sample = view.samples[index]
    if watches_element(sample) and MOVING_LAG_MS < (sample.media_start_ms or 0) <= FASTEST * LATE_MS:
        return True
    moved = 0 < sample.advance_ms <= FASTEST * sample.video_startup_ms + NOTICE_MS  # farther is a seek
    if adapter_of(sample) in START_AT_PLAYING:
        # A live one seeks to the edge first, and that makes a time update of its own.
        return sample.payload.get("isLive") is True or (moved and sample.advance_ms > MOVING_LAG_MS)
    took_ms = sample.advance_ms / _rate_behind(view.samples[index + 1 :])
    return moved and sample.video_startup_ms <= took_ms + MOVING_LAG_MS


def _may_have_waited(view: View) -> bool:
    """An autoplay began so late that its wait cannot be told from the time before anybody saw it."""
    index = view.startup_index
    gap = None if index is None else autoplay_gap_ms(view.samples, index)
    return gap is not None and gap > LONGEST_AUTOPLAY_MS


def _rate_behind(samples: Sequence[Sample]) -> float:
    """How fast the media moved at first where that was faster than the clock; the playback rate is never told."""
    for sample in samples:
        if sample.played_ms >= NOTICE_MS and sample.advance_ms:
            return min(max(1.0, sample.advance_ms / sample.played_ms), FASTEST)
    return 1.0


def _quality(row: ViewRecord, view: View) -> None:
    fill_quality(row, view.timeline)


STEPS = (_place, _start, _startup, _durations, _ads, _errors, _content, _quality, _ending, _doubts)
"""In this order: each reads what those before it wrote."""
