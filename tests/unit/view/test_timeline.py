"""The rules of the timeline, one by one; the golden metric cases cover the common ones."""

from __future__ import annotations

import pytest

from firstframe.view.record import Approx, EndReason, Outcome, State

BASE_MS = 1_780_000_000_000
MINUTE_MS = 60_000


def states(row):
    return [(str(span.state), span.end_ms - span.start_ms) for span in row.spans]


def test_no_event_is_no_row(timeline):
    """A timeline without events has no view."""
    from firstframe.view.timeline import fold_timeline

    assert fold_timeline([], now_ms=0).rows == []


def test_loaded_is_not_attempted(row):
    """A player that is only set up is an impression; its load and setup times are known."""
    found = row("0 page_request | 300 player_init | 800 player_ready | 900 end")
    assert (found.outcome, found.attempted) == (Outcome.NOT_ATTEMPTED, False)
    assert (found.page_load_time_ms, found.player_startup_time_ms) == (300, 500)
    assert (found.watch_time_ms, found.rebuffer_count) == (0, None)


def test_an_hour_of_silence_splits(timeline):
    """More than an hour without an event closes the view at its last one; the next event opens another."""
    text = f"0 play | 500 playing | 10500 pause | {10500 + 61 * MINUTE_MS} play | {10700 + 61 * MINUTE_MS} playing"
    first, second = timeline(text + f" | {20700 + 61 * MINUTE_MS} end", split=True).rows
    assert (first.view_end_ms, first.end_reason) == (BASE_MS + 10500, EndReason.IDLE_TIMEOUT)
    assert (first.pause_time_ms, first.content_playing_time_ms, first.outcome) == (0, 10000, Outcome.DROPPED)
    assert (second.ordinal, second.video_startup_time_ms, second.content_playing_time_ms) == (1, 200, 10000)
    assert second.outcome == Outcome.EXITED


def test_an_hour_exactly_does_not_split(timeline):
    """The limit itself is still the same view."""
    text = f"0 play | 0 playing | 1000 pause | {1000 + 60 * MINUTE_MS} play | {1500 + 60 * MINUTE_MS} end"
    assert len(timeline(text, split=True).rows) == 1


def test_split_in_a_watch_state_is_dropped(timeline):
    """A view that fell silent while playing was dropped; its hour of silence belongs to nobody."""
    first, second = timeline(
        f"0 play | 0 playing | 1000 heartbeat | {70 * MINUTE_MS} heartbeat", split=True
    ).rows
    assert (first.end_reason, first.watch_time_ms) == (EndReason.DROPPED, 1000)
    assert (second.attempted, second.watch_time_ms) == (False, 0)


def test_an_assigned_id_is_never_split(row):
    """Where an SDK named the view, a pause of hours stays inside it."""
    found = row(f"0 play | 0 playing | 1000 pause | {180 * MINUTE_MS} play | {180 * MINUTE_MS + 100} playing")
    assert (found.pause_time_ms, found.watch_time_ms) == (180 * MINUTE_MS - 1000, 1100)


def test_an_hour_of_silence_while_playing_is_not_watched(row):
    """In a view that cannot be split, a hole of more than an hour is not booked as watched, and flagged."""
    found = row(
        f"0 play | 0 playing | 1000 heartbeat | {90 * MINUTE_MS} heartbeat | {90 * MINUTE_MS + 2000} end"
    )
    assert states(found) == [("playing", 1000), ("idle", 90 * MINUTE_MS - 1000), ("playing", 2000)]
    assert Approx.HOLE_CREDITED in found.approx


def test_what_the_player_showed_goes_over_to_the_next_view(timeline):
    """After a split the rendition, the sizes and the length are still what they were."""
    text = (
        "0 resize width=1280 height=720 | 0 rendition bitrate_bps=1000000 width=640 height=360"
        f" | 0 play duration_ms=60000 | 0 playing | 1000 pause | {70 * MINUTE_MS} play | {70 * MINUTE_MS} playing"
        f" | {70 * MINUTE_MS + 1000} end"
    )
    _, second = timeline(text, split=True).rows
    assert (second.bitrate_x_ms, second.bitrate_ms) == (1e9, 1000)
    assert (second.max_upscale, second.duration_ms, second.rendition_upshifts) == (1, 60000, None)


STALL = "0 play | 1000 playing | 11000 stall_start | 131000 heartbeat | 251000 heartbeat | 400000 stall_end"


def test_play_after_a_stall_timeout_opens_another_view(timeline):
    """After a stall of five minutes only a new play counts, and it is another view."""
    first, second = timeline(
        STALL + " | 410000 playing | 420000 play | 420500 playing | 430500 end", split=True
    ).rows
    assert (first.end_reason, first.rebuffer_duration_ms) == (EndReason.REBUFFER_TIMEOUT, 300000)
    assert first.view_end_ms == BASE_MS + 311000
    assert (second.video_startup_time_ms, second.content_playing_time_ms) == (500, 10000)


def test_play_after_a_stall_timeout_reopens_an_assigned_view(row):
    """Where an SDK named the view, the same view goes on; the time between is idle."""
    found = row(STALL + " | 420000 play | 420500 playing | 430500 end")
    assert (found.end_reason, found.rebuffer_count) == (EndReason.ENDED, 1)
    assert states(found)[-4:] == [
        ("rebuffer", 300000),
        ("idle", 109000),
        ("resuming", 500),
        ("playing", 10000),
    ]


def test_five_minutes_of_stall_exactly_go_on(row):
    """The limit itself is no timeout."""
    found = row("0 play | 0 playing | 1000 stall_start | 301000 stall_end | 302000 end")
    assert (found.rebuffer_duration_ms, found.end_reason) == (300000, EndReason.ENDED)


def test_nothing_counts_after_the_end(row):
    """Events after the end that are no play change nothing."""
    found = row("0 play | 0 playing | 1000 end | 2000 heartbeat | 3000 error severity=fatal | 4000 playing")
    assert (found.view_end_ms, found.error_count, found.outcome) == (BASE_MS + 1000, 0, Outcome.EXITED)


def test_silence_while_watching_drops_after_five_minutes(timeline):
    """A watched view is open until five minutes of silence, then dropped at its last event."""
    text = "0 play | 500 playing | 10500 heartbeat"
    before, after = (timeline(text, after_ms=wait) for wait in (5 * MINUTE_MS - 1, 5 * MINUTE_MS))
    assert (before.rows[0].closed, before.due_ms) == (False, BASE_MS + 10500 + 5 * MINUTE_MS)
    assert (after.rows[0].end_reason, after.rows[0].outcome) == (EndReason.DROPPED, Outcome.DROPPED)
    assert (after.rows[0].view_end_ms, after.due_ms) == (BASE_MS + 10500, None)


def test_silence_while_paused_ends_after_an_hour(timeline):
    """A paused view is open for an hour of silence."""
    text = "0 play | 500 playing | 10500 pause"
    assert timeline(text, after_ms=59 * MINUTE_MS).rows[0].closed is False
    assert timeline(text, after_ms=60 * MINUTE_MS).rows[0].end_reason == EndReason.IDLE_TIMEOUT


def test_a_completed_view_stays_completed_without_an_end(row):
    """The end of the video was seen: silence after it does not make it dropped."""
    assert row("0 play | 500 playing | 10500 ended").outcome == Outcome.COMPLETED


def test_a_replay_is_the_same_view(row):
    """Play after ended goes on in the same view: resuming, and no longer completed at its end."""
    found = row("0 play | 500 playing | 10500 ended | 20500 play | 20700 playing | 25700 end")
    assert states(found) == [
        ("startup", 500),
        ("playing", 10000),
        ("idle", 10000),
        ("resuming", 200),
        ("playing", 5000),
    ]
    assert (found.completed, found.outcome, found.video_startup_time_ms) == (True, Outcome.EXITED, 500)


def test_a_stall_soon_after_a_seek_belongs_to_it(row):
    """Within a second after seeked, with no playing between, a stall is more of the seek."""
    found = row(
        "0 play | 0 playing | 10000 seeking | 10200 seeked | 10700 stall_start | 12000 playing | 20000 end"
    )
    assert (found.seek_count, found.seek_time_ms, found.rebuffer_count) == (1, 1500, 0)


@pytest.mark.parametrize(("at", "stalls"), [(11200, 0), (11201, 1)])
def test_the_grace_of_a_seek_is_one_second(row, at, stalls):
    """A second after seeked is still the seek, a millisecond more is a stall."""
    found = row(
        f"0 play | 0 playing | 10000 seeking | 10200 seeked | {at} stall_start | 13000 stall_end | 20000 end"
    )
    assert found.rebuffer_count == stalls


def test_playing_ends_the_grace(row):
    """Once content played after the seek, a stall is a stall."""
    found = row(
        "0 play | 0 playing | 10000 seeking | 10200 seeked | 10210 playing | 10700 stall_start | 12000 end"
    )
    assert (found.rebuffer_count, found.rebuffer_duration_ms) == (1, 1300)


def test_scrubbing_is_one_seek(row):
    """Seeks that begin while one is open are the same one."""
    found = row("0 play | 0 playing | 5000 seeking | 5300 seeking | 5600 seeking | 6000 seeked | 7000 end")
    assert (found.seek_count, found.seek_time_ms) == (1, 1000)


def test_a_seek_ends_a_stall(row):
    """Time in the stall before the seek is rebuffering, the rest is the seek's."""
    found = row("0 play | 0 playing | 5000 stall_start | 6000 seeking | 6500 seeked | 8000 end")
    assert (found.rebuffer_duration_ms, found.seek_time_ms, found.content_playing_time_ms) == (
        1000,
        500,
        6500,
    )


def test_a_seek_before_the_first_frame_is_none(row):
    """Jumping to a start position is part of the startup."""
    found = row("0 play | 100 seeking | 400 seeked | 1000 playing | 5000 end")
    assert (found.seek_count, found.video_startup_time_ms) == (0, 1000)


def test_an_abandoned_seek_counts_until_the_end(row):
    """A seek that never finished lasted until the view's end."""
    found = row("0 play | 0 playing | 5000 seeking | 9000 end")
    assert (found.seek_count, found.seek_time_ms, found.watch_time_ms) == (1, 4000, 9000)


def test_a_hole_is_believed_as_far_as_the_playhead_moved(row):
    """Ten minutes without an event, in which the playhead moved one, are one minute of playing."""
    found = row(
        "0 play | 0 playing playhead_ms=0 | 10000 heartbeat playhead_ms=10000"
        " | 610000 heartbeat playhead_ms=70000 | 620000 end playhead_ms=80000"
    )
    assert states(found) == [("playing", 70000), ("idle", 540000), ("playing", 10000)]
    assert found.approx == [Approx.HOLE_CREDITED]


def test_a_hole_at_double_speed_is_half_as_long(row):
    """The playhead's way is divided by the speed of playback."""
    found = row(
        "0 play | 0 rate rate=2 | 0 playing playhead_ms=0 | 200000 heartbeat playhead_ms=100000 | 200000 end"
    )
    assert (found.content_playing_time_ms, found.media_time_ms) == (50000, 100000)


@pytest.mark.parametrize("playheads", [("", "playhead_ms=5"), ("playhead_ms=5", ""), ("", "")])
def test_a_hole_without_playheads_is_believed(row, playheads):
    """Without a playhead on both sides there is nothing to doubt the time with."""
    before, after = playheads
    found = row(f"0 play | 0 playing {before} | 200000 heartbeat {after} | 200000 end")
    assert found.content_playing_time_ms == 200000


def test_media_time_follows_the_rate(row):
    """Sixty seconds of wall time at half speed are thirty seconds of media."""
    found = row("0 play | 0 playing | 10000 rate rate=0.5 | 70000 end")
    assert (found.media_time_ms, found.content_playing_time_ms) == (40000, 70000)


def test_a_fatal_error_stands_until_something_plays(row):
    """A new play alone does not recover a failed view."""
    found = row("0 play | 0 playing | 1000 error code=E3 | 2000 play | 4000 end")
    assert (found.outcome, found.recovered_errors, found.fatal_error_code) == (
        Outcome.PLAYBACK_FAILED,
        0,
        "E3",
    )
    assert states(found) == [("playing", 1000), ("failed", 1000), ("resuming", 2000)]


def test_a_recovered_error_is_still_the_last_error(row):
    """What recovered counts as an error, without a code that stands."""
    found = row("0 play | 0 playing | 1000 error code=E7 message=lost | 2000 playing | 4000 end")
    assert (found.recovered_errors, found.fatal_error_code, found.error_code) == (1, None, "E7")
    assert (found.error_message, found.error_class) == ("lost", "technical")


def test_a_business_error_while_playing_blocks(row):
    """A rule that stops playback is no failure."""
    found = row("0 play | 0 playing | 1000 error business=true | 2000 end")
    assert (found.outcome, found.error_class) == (Outcome.PLAYBACK_BLOCKED, "business")


def test_an_ad_error_never_fails_a_view(row):
    """A fatal error of an ad is the ad's: the break had an error, the view went on."""
    found = row(
        "0 play | 100 ad_break_start | 100 ad_start | 500 error ad=true | 600 error ad=true | 700 ad_break_end"
        " | 900 playing | 5000 end"
    )
    assert (found.ad_errors, found.ad_break_errors, found.error_count) == (2, 1, 0)
    assert (found.ad_attempts, found.ad_impressions, found.outcome) == (1, 0, Outcome.EXITED)
    assert (found.video_startup_time_ms, found.content_startup_time_ms) == (900, 300)


def test_a_midroll_waits_in_ad_wait(row):
    """In a break after the first frame, time without ad frames is waiting, then resuming, never rebuffering."""
    found = row(
        "0 play | 0 playing | 10000 pause | 10000 ad_break_start | 10000 ad_start | 11000 ad_playing"
        " | 12000 stall_start | 13000 stall_end | 20000 ad_ended | 20500 ad_break_end | 20600 play"
        " | 21000 playing | 30000 ended"
    )
    assert states(found) == [
        ("playing", 10000),
        ("ad_wait", 1000),
        ("ad_playing", 9000),
        ("ad_wait", 500),
        ("resuming", 500),
        ("playing", 9000),
    ]
    assert (found.rebuffer_count, found.pause_time_ms, found.preroll_played) == (0, 0, False)


def test_a_postroll_leaves_a_view_completed(row):
    """Ads after the end of the content do not undo it."""
    found = row(
        "0 play | 0 playing | 9000 ended | 9000 ad_break_start | 9500 ad_playing | 12000 ad_break_end | 20000 end"
    )
    assert (found.outcome, found.ad_playing_time_ms, found.ad_breaks) == (Outcome.COMPLETED, 2500, 1)
    assert states(found)[-1] == ("idle", 8000)


def test_two_ads_are_two_impressions(row):
    """Each ad that showed a frame counts once, also when it was paused between."""
    found = row(
        "0 play | 0 ad_break_start | 0 ad_start | 100 ad_playing | 500 pause | 900 ad_playing | 2000 ad_ended"
        " | 2000 ad_start | 2100 ad_playing | 3000 ad_ended | 3000 ad_break_end | 3100 playing | 4000 end"
    )
    assert (found.ad_attempts, found.ad_impressions, found.preroll_played, found.has_ad) == (2, 2, True, True)


def test_a_refused_resume_is_pause(row):
    """When the browser refuses a play after a pause, the pause just went on."""
    found = row("0 play | 0 playing | 1000 pause | 5000 play | 5200 autoplay_blocked | 9000 end")
    assert states(found) == [("playing", 1000), ("pause", 8000)]


def test_refusal_takes_only_the_last_attempt_back(row):
    """An attempt before the refused one stays an attempt."""
    found = row("0 play | 300 pause | 1000 play | 1100 autoplay_blocked | 2000 end")
    assert (found.attempted, found.outcome, found.startup_wait_ms) == (True, Outcome.EXITED_BEFORE_START, 300)


def test_hidden_after_the_first_frame_is_no_hidden_startup(row):
    """Only a page hidden during the startup puts the startup in the background."""
    assert row("0 play | 500 playing | 600 visibility hidden=true | 900 end").startup_in_background is False


def test_live_has_no_length_and_no_end(row):
    """A live view knows neither duration nor completion."""
    found = row("0 play live=true duration_ms=5000 | 0 playing | 5000 ended")
    assert (found.live, found.duration_ms, found.completed) == (True, None, None)


def test_sequence_numbers_win_over_clocks(row):
    """When every event has a number, a clock that jumps back only stops time."""
    found = row("0 play seq=1 | 1000 playing seq=2 | 500 heartbeat seq=3 | 6000 end seq=4")
    assert (found.video_startup_time_ms, found.content_playing_time_ms) == (1000, 5000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 play | 0 playing | 5000 play | 5000 pause | 5000 playing | 9000 end", [("playing", 9000)]),
        (
            "0 play | 0 playing | 5000 pause | 6000 pause | 6000 play | 9000 end",
            [("playing", 5000), ("pause", 4000)],
        ),
        ("0 end | 0 playing | 0 play", []),
        ("0 playing | 0 stall_start | 0 play | 5000 end", [("playing", 5000)]),
        ("0 play | 0 playing | 1000 stall_end | 1000 stall_start | 2000 end", [("playing", 2000)]),
        ("0 play | 0 playing | 1000 playing | 1000 seeked | 1000 seeking | 2000 end", [("playing", 2000)]),
        ("0 play | 0 playing | 1000 play | 1000 playing | 1000 ended | 2000 ended", [("playing", 2000)]),
    ],
)
def test_one_instant_has_the_order_that_makes_sense(row, text, expected):
    """Events of one instant are ordered by the state they find, not by arrival."""
    assert states(row(text)) == expected


def test_spans_have_the_clients_times(row):
    """Spans begin and end at the events that made them."""
    found = row("0 play | 500 playing | 1500 end")
    assert [(span.state, span.start_ms - BASE_MS, span.end_ms - BASE_MS) for span in found.spans] == [
        (State.STARTUP, 0, 500),
        (State.PLAYING, 500, 1500),
    ]


def test_receipts_and_events_are_counted(row):
    """A row knows its first and last receipt and the number of its events."""
    found = row("0 play | 500 playing | 1500 end")
    assert (found.received_first_ms, found.received_last_ms, found.event_count) == (
        BASE_MS,
        BASE_MS + 1500,
        3,
    )
