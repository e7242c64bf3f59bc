"""Mux views: what the events come to, where the SDK's sums are right and where the timeline is."""

from __future__ import annotations

import pytest

from firstframe.dialects.mux import MUX
from firstframe.view.derived import derive
from firstframe.view.record import Approx, EndReason, Outcome, State
from support_cases import BASE_MS, load_cases, run_case
from support_mux import Watching, event, folded, numbered, parsed


def state_ms(row, *states: State) -> int:
    return sum(span.end_ms - span.start_ms for span in row.spans if span.state in states)


@pytest.mark.parametrize("number", [False, True], ids=["raw", "numbered"])
@pytest.mark.parametrize("case", load_cases("mux"), ids=lambda case: case["name"])
def test_metric_cases(case, number):
    """The norm's own cases come out as they say, with and without sequence numbers."""
    events = [
        event(one["type"], one["t_ms"], **{k: v for k, v in one.items() if k not in ("type", "t_ms")})
        for one in case["events"]
    ]
    run_case(case, parsed(numbered(events) if number else events), MUX)


def test_the_timeline_wins_where_nothing_is_missing():
    """The SDK counts the first second of a stall as playing; the events say when it began."""
    sdk = Watching()
    sdk.start(800)
    sdk.play(12_000)
    sdk.stall(3_000)
    sdk.play(5_000)
    sdk.leave()
    row = folded(sdk.events)
    assert sdk.events[-1]["view_playing_time_ms_cumulative"] == 18_000
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms, row.rebuffer_count) == (17_000, 3_000, 1)
    assert (row.video_startup_time_ms, row.watch_time_ms) == (800, 20_800)
    assert (row.outcome, row.end_reason, row.approx) == (Outcome.EXITED, EndReason.ENDED, [])


def test_a_stall_begins_when_the_playhead_stood_still():
    """`rebufferstart` is told a second late with the time at which it was, behind a heartbeat that came first."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 100),
                event("hb", 10_500),
                event("rebufferstart", 10_000, view_rebuffer_count=1),
                event("rebufferend", 13_000, view_rebuffer_duration=3_000),
                event("viewend", 20_000),
            ]
        )
    )
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (3_000, 16_900)


def test_frames_move_before_a_busy_page_says_so():
    """`playing` came 600 ms after the playhead began to move: the wait was shorter, the playing longer."""
    row = folded(
        numbered(
            [
                event("viewstart", 0, player_playhead_time=0),
                event("play", 200, player_playhead_time=0),
                event("playing", 700, player_playhead_time=600, view_time_to_first_frame=700),
                event("pause", 4_700, player_playhead_time=4_600),
                event("play", 6_000, player_playhead_time=4_600),
                event("playing", 6_300, player_playhead_time=9_000),  # a jump says nothing
                event("viewend", 9_300, player_playhead_time=12_000),
            ]
        )
    )
    assert (row.video_startup_time_ms, row.content_startup_time_ms) == (100, 100)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (7_600, 8_000)


def test_a_stall_told_twice_is_one():
    """A player that tells its own stalls and the SDK that finds them make two events and one count."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0),
                event("rebufferstart", 5_000, view_rebuffer_count=1),
                event("rebufferstart", 5_010),
                event("rebufferend", 7_000),
                event("rebufferend", 7_020, view_rebuffer_duration=2_000),
                event("viewend", 10_000, view_watch_time=10_000),
            ]
        )
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 2_000, 8_000)
    assert row.approx == []


def test_a_stall_found_again_after_its_end_is_one():
    """The SDK dates the stall that the player told back into it, and counts it, and its length, twice."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0),
                event("rebufferstart", 5_000, view_rebuffer_count=1),
                event("rebufferend", 5_808, view_rebuffer_duration=808),
                event("rebufferstart", 5_000, view_rebuffer_count=2),
                event("rebufferend", 5_806, view_rebuffer_duration=1_614),
                event("viewend", 10_000, view_watch_time=10_000),
            ]
        )
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 808, 9_192)
    assert row.approx == []


@pytest.mark.parametrize("lost", [1, 2, 5, 6, 7, -2])
def test_the_sums_win_where_an_event_is_lost(lost):
    """Whatever is missing, the last full event says it all; the row says that events were lost."""
    sdk = Watching()
    sdk.start(500)
    sdk.play(15_000)
    sdk.stall(2_000)
    sdk.play(4_000)
    sdk.pause(30_000)
    sdk.play(6_000)
    sdk.leave()
    del sdk.events[lost]
    row = folded(sdk.events)
    assert row.content_playing_time_ms == 25_000
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2_000)
    assert (row.video_startup_time_ms, row.watch_time_ms) == (500, 27_500)
    assert Approx.EVENTS_LOST in row.approx
    assert state_ms(row, State.PLAYING) == 25_000
    assert state_ms(row, State.REBUFFER) == 2_000


def test_an_old_content_sum_is_brought_up_to_date():
    """The content sum comes with heartbeats only, the playing sum with every event."""
    row = folded(
        [
            {**event("hb", 10_000, view_content_playback_time=8_000, view_playing_time_ms_cumulative=9_000)},
            {**event("pause", 15_000, view_playing_time_ms_cumulative=14_000, view_rebuffer_count=1)},
        ]
    )
    assert row.content_playing_time_ms == 13_000


def test_a_view_of_which_only_the_end_arrived():
    """`viewend` is complete: it alone makes the view, with its start and its first frame."""
    sdk = Watching()
    sdk.start(700)
    sdk.play(20_000)
    sdk.leave()
    row = folded(sdk.events[-1:])
    assert (row.attempted, row.started, row.outcome) == (True, True, Outcome.EXITED)
    assert (row.video_startup_time_ms, row.content_playing_time_ms) == (700, 20_000)
    assert row.view_start_ms == BASE_MS + 500
    assert set(row.approx) >= {Approx.EVENTS_LOST, Approx.START_LOST}


def test_raw_events_alone_are_enough():
    """A server that tells only what happened gets the same numbers as one that counts."""
    row = folded(
        [
            event("viewinit", 0, video_title="A film"),
            event("play", 100),
            event("playing", 900, player_playhead_time=0),
            event("renditionchange", 900, video_source_bitrate=1_000_000),
            event("timeupdate", 1_150, player_playhead_time=250),
            event("rebufferstart", 5_900),
            event("rebufferend", 6_900),
            event("renditionchange", 10_900, video_source_bitrate=2_000_000),
            event("seeking", 12_900),
            event("seeked", 13_400),
            event("playing", 13_400),
            event("ended", 20_400),
            event("viewend", 21_000),
        ]
    )
    assert (row.video_startup_time_ms, row.content_playing_time_ms) == (800, 18_000)
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.seek_count, row.seek_time_ms) == (
        1,
        1000,
        1,
        500,
    )
    assert (row.rendition_upshifts, row.rendition_downshifts) == (1, 0)
    assert derive(row)["average_bitrate_bps"] == pytest.approx((9_000 * 1e6 + 9_000 * 2e6) / 18_000)
    assert (row.outcome, row.completed, row.video_title, row.approx) == (
        Outcome.COMPLETED,
        True,
        "A film",
        [],
    )


def test_events_of_one_instant_have_a_natural_order():
    """A server without sequence numbers may put a whole ad break into one millisecond."""
    events = [
        event("play", 0),
        event("adbreakstart", 0),
        event("adplay", 0),
        event("adplaying", 0),
        event("adended", 5_000),
        event("adbreakend", 5_000),
        event("play", 5_000),
        event("playing", 5_000),
        event("pause", 9_000),
        event("ended", 9_000),
        event("viewend", 9_000),
    ]
    rows = [folded(events), folded(events[::-1])]
    assert rows[0] == rows[1]
    row = rows[0]
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (5_000, 4_000)
    assert (row.ad_breaks, row.ad_impressions, row.outcome) == (1, 1, Outcome.COMPLETED)


def test_a_start_that_nobody_told():
    """Events from the middle of a view say that it played, not since when it was wanted."""
    row = folded(
        [
            {**event("hb", 30_000, view_playing_time_ms_cumulative=20_000), "view_sequence_number": 9},
            {**event("hb", 40_000, view_playing_time_ms_cumulative=30_000), "view_sequence_number": 10},
        ]
    )
    assert (row.attempted, row.started, row.video_startup_time_ms) == (True, True, None)
    assert (row.content_playing_time_ms, row.outcome) == (30_000, Outcome.DROPPED)


def test_every_ad_counter():
    """A preroll, a midroll pod with a pause, and a break that fails."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("adrequest", 0, ad_request_id="1", ad_tag_url="https://ads.example/tag"),
                event("adresponse", 300, ad_request_id="1"),
                event("adbreakstart", 300),
                event("adplay", 300, ad_id="a"),
                event("adplaying", 800),
                event("adfirstquartile", 1_800),
                event("adended", 5_800),
                event("adbreakend", 5_800),
                event("play", 5_800),
                event("playing", 6_000),
                event("pause", 10_000),
                event("adbreakstart", 10_000),
                event("adplay", 10_000, ad_id="b"),
                event("adplaying", 10_500),
                event("adpause", 12_500),
                event("adplay", 15_500),
                event("adplaying", 15_500),
                event("adended", 18_500),
                event("adplay", 18_500, ad_id="c"),
                event("aderror", 19_000, player_error_code=303),
                event("adbreakend", 19_000),
                event("play", 19_000),
                event("playing", 19_000),
                event("viewend", 25_000),
            ]
        )
    )
    assert (row.ad_breaks, row.ad_attempts, row.ad_impressions) == (2, 3, 2)
    assert (row.ad_errors, row.ad_break_errors, row.has_ad, row.preroll_played) == (1, 1, True, True)
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (10_000, 10_000)
    assert (row.video_startup_time_ms, row.content_startup_time_ms) == (800, 200)
    assert (row.outcome, row.error_count, row.pause_time_ms) == (Outcome.EXITED, 0, 3_000)


def test_a_seek_to_the_live_edge_before_the_start_is_nobodys():
    """hls.js jumps before the first frame and the SDK counts it; a viewer did not seek."""
    row = folded(
        numbered(
            [
                event("seeking", 0, view_seek_count=1),
                event("seeked", 80, view_seek_duration=80),
                event("play", 100),
                event("playing", 200),
                event("viewend", 9_000),
            ]
        )
    )
    assert (row.seek_count, row.seek_time_ms) == (0, 0)


@pytest.mark.parametrize("value", ["", "x", None, [], {}, -1, 1e300, True, "1e400", "[1,2", '["5:1"]'])
def test_any_value_of_any_field_is_survived(value):
    """Foreign values never raise, whatever field they stand in."""
    names = (
        *("view_watch_time", "view_rebuffer_count", "view_start", "view_time_to_first_frame"),
        *("video_source_width", "player_width", "player_playhead_time", "video_playback_range"),
        *("view_sequence_number", "player_sequence_number", "video_source_url", "request_response_headers"),
        *("player_program_time", "mux_sample_rate", "request_bytes_loaded", "view_request_count"),
    )
    for name in ("play", "playing", "requestcompleted", "error", "viewend"):
        for field in names:
            folded([event("play", 0), event("playing", 1), {**event(name, 50), field: value}])


def test_a_seek_that_waits_lasts_until_frames_move():
    """`waiting` inside a seek is no stall, but the seek is not over at `seeked`."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0),
                event("seeking", 5_000),
                event("waiting", 5_010),
                event("seeked", 5_400, view_seek_count=1, view_seek_duration=400),
                event("playing", 6_000),
                event("viewend", 9_000),
            ]
        )
    )
    assert (row.seek_time_ms, row.seek_count, row.rebuffer_count) == (1_000, 1, 0)
    assert row.content_playing_time_ms == 8_000
