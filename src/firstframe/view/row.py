"""The record of a view whose events have been folded: every field that follows from the events alone."""

from __future__ import annotations

from firstframe.view.machine import Machine
from firstframe.view.outcome import outcome_of
from firstframe.view.record import Approx, EndReason, Outcome, State, ViewRecord

MESSAGE_LIMIT = 256


def row_of(view: Machine, ordinal: int, reason: EndReason | None) -> ViewRecord:
    """The record, closed for the given reason or still open."""
    live = bool(view.live)
    row = ViewRecord(
        ordinal=ordinal,
        view_start_ms=view.first_ms,
        view_end_ms=view.at_ms,
        received_first_ms=view.received_first_ms,
        received_last_ms=view.received_last_ms,
        event_count=view.events,
        closed=reason is not None,
        end_reason=reason,
        attempted=view.attempted,
        started=view.started,
        live=live,
        autoplay=view.autoplay,
        muted=view.muted,
        startup_in_background=view.background,
        completed=None if live else view.ended,
        dropped_frames=view.dropped_frames,
        duration_ms=None if live else view.duration_ms,
        max_playhead_ms=view.max_playhead_ms,
        outcome=_outcome(view, reason),
        approx=[Approx.HOLE_CREDITED] if view.hole else [],
        spans=list(view.track.spans),
    )
    _fill_startup(row, view)
    _fill_durations(row, view)
    _fill_ads(row, view)
    _fill_errors(row, view)
    _fill_weights(row, view)
    _fill_requests(row, view)
    return row


def _outcome(view: Machine, reason: EndReason | None) -> Outcome:
    business = view.fatal is not None and view.fatal.business
    return outcome_of(
        attempted=view.attempted,
        started=view.started,
        failed=view.fatal is not None and not business,
        blocked=business,
        completed=view.over,
        dropped=reason not in (None, EndReason.ENDED),
    )


def _fill_startup(row: ViewRecord, view: Machine) -> None:
    row.video_startup_time_ms = view.startup_ms
    row.content_startup_time_ms = view.content_startup_ms
    row.startup_wait_ms = view.track.total(State.STARTUP)
    row.page_load_time_ms = _between(view.page_request_ms, view.player_init_ms)
    row.player_startup_time_ms = _between(view.player_init_ms, view.player_ready_ms)


def _between(start_ms: int | None, end_ms: int | None) -> int | None:
    return None if start_ms is None or end_ms is None or end_ms < start_ms else end_ms - start_ms


def _fill_durations(row: ViewRecord, view: Machine) -> None:
    track = view.track
    row.watch_time_ms = track.watched()
    row.content_playing_time_ms = track.total(State.PLAYING)
    row.ad_playing_time_ms = track.total(State.AD_PLAYING)
    row.pause_time_ms = track.total(State.PAUSE)
    row.media_time_ms = view.tally.media_ms
    if view.started:
        running = view.at_ms - view.seek.since_ms if view.seek else 0
        row.rebuffer_duration_ms, row.rebuffer_count = track.total(State.REBUFFER), view.stalls
        row.seek_time_ms, row.seek_count = view.seek_time_ms + running, view.seeks


def _fill_ads(row: ViewRecord, view: Machine) -> None:
    ads = view.ads
    row.has_ad, row.preroll_played = ads.seen, ads.preroll
    row.ad_breaks, row.ad_attempts, row.ad_impressions = ads.breaks, ads.attempts, ads.impressions
    row.ad_errors, row.ad_break_errors = ads.errors, ads.break_errors


def _fill_errors(row: ViewRecord, view: Machine) -> None:
    row.error_count, row.warning_count, row.recovered_errors = view.errors, view.warnings, view.recovered
    row.fatal_error_code = view.fatal.code if view.fatal else None
    told = view.fatal or view.last_error
    if told:
        row.error_code = told.code
        row.error_message = told.message[:MESSAGE_LIMIT] if told.message else None
        row.error_class = "business" if told.business else "technical"


def _fill_weights(row: ViewRecord, view: Machine) -> None:
    tally, picture = view.tally, view.tally.picture
    row.bitrate_x_ms, row.bitrate_ms = tally.bitrate_x_ms, tally.bitrate_ms
    row.upscale_x_ms, row.downscale_x_ms, row.scale_ms = (
        tally.upscale_x_ms,
        tally.downscale_x_ms,
        tally.scale_ms,
    )
    row.max_upscale, row.max_downscale = tally.max_upscale, tally.max_downscale
    row.rendition_upshifts, row.rendition_downshifts = tally.upshifts, tally.downshifts
    row.latency_sum_ms, row.latency_count = tally.latency_sum_ms, tally.latency_count
    row.player_width_px, row.player_height_px = _px(picture.player_width), _px(picture.player_height)
    row.video_width_px, row.video_height_px = _px(picture.video_width), _px(picture.video_height)


def _px(size: float | None) -> int | None:
    return None if size is None else round(size)


def _fill_requests(row: ViewRecord, view: Machine) -> None:
    tally = view.tally
    row.request_count = tally.request_count
    row.request_failed_count, row.request_canceled_count = (
        tally.request_failed_count,
        tally.request_canceled_count,
    )
    row.request_bytes, row.request_load_ms = tally.request_bytes, tally.request_load_ms
    row.ttfb_sum_ms, row.ttfb_count, row.max_request_latency_ms = (
        tally.ttfb_sum_ms,
        tally.ttfb_count,
        tally.max_ttfb_ms,
    )
