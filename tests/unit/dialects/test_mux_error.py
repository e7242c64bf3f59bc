"""Mux errors: what failed, what was blocked, and what played on."""

from __future__ import annotations

import pytest

from firstframe.view.record import Outcome
from support_mux import event, folded, numbered


def test_playback_after_an_error_follows_the_playhead():
    """The SDK stops counting at any error; the buffer played on for 8 s, then the picture stood for 4 s."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0, player_playhead_time=0),
                event("error", 5_000, player_playhead_time=5_000, player_error_code="networkError"),
                event("hb", 12_000, player_playhead_time=12_000, view_content_playback_time=5_000),
                event("waiting", 13_000, player_playhead_time=13_000),
                event("viewend", 17_000, player_playhead_time=13_000, view_watch_time=5_000),
            ]
        )
    )
    assert row.content_playing_time_ms == 13_000
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4_000)
    assert (row.error_count, row.recovered_errors) == (1, 1)


@pytest.mark.parametrize("lost", [None, 4])
def test_playback_after_an_error_without_numbers(lost):
    """The SDK's sums stop at the error, so they never overrule what was seen after it."""
    events = [
        event("play", 0, view_watch_time=0),
        event("playing", 500, player_playhead_time=0, view_time_to_first_frame=500),
        event("error", 10_500, player_playhead_time=10_000, view_watch_time=10_500),
        event("hb", 20_500, player_playhead_time=20_000),
        event("hb", 25_500, player_playhead_time=25_000),
        event("viewend", 30_500, player_playhead_time=30_000, view_playing_time_ms_cumulative=10_000),
    ]
    if lost is not None:
        events = numbered(events)
        del events[lost]
    row = folded(events)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (30_000, 30_500)
    assert (row.outcome, row.recovered_errors) == (Outcome.EXITED, 1)


def test_an_error_that_stops_playback_is_a_failure():
    """The playhead stands still after it: nothing is recovered."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0, player_playhead_time=0),
                event(
                    "error",
                    5_000,
                    player_playhead_time=5_000,
                    player_error_code=2,
                    player_error_message="gone",
                ),
                event("pause", 5_004, player_playhead_time=5_010),
                event("viewend", 17_000, player_playhead_time=0),
            ]
        )
    )
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.PLAYBACK_FAILED, 5_000)
    assert (row.fatal_error_code, row.error_message, row.error_class) == ("2", "gone", "technical")


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, Outcome.START_FAILED),
        ({"player_error_business_exception": True}, Outcome.START_BLOCKED),
        ({"player_error_severity": "warning"}, Outcome.NOT_ATTEMPTED),
    ],
)
def test_an_error_before_any_play(fields, outcome):
    """A failed preload is an attempt that failed; a warning is nothing."""
    row = folded(numbered([event("playerready", 0), event("error", 50, player_error_code=4, **fields)]))
    assert row.outcome == outcome


def failed_at(ms: int, *after: dict, playhead: int = 10_000) -> list[dict]:
    """Ten seconds played, a stall, and a fatal error in it: as the SDK tells it, which closes the stall first."""
    return [
        event("play", 300, player_playhead_time=0),
        event("playing", 400, player_playhead_time=0),
        event("rebufferstart", 10_400, player_playhead_time=playhead, view_rebuffer_count=1),
        event("rebufferend", ms, player_playhead_time=playhead, view_rebuffer_duration=ms - 10_400),
        event("error", ms, player_playhead_time=playhead, player_error_code="networkError"),
        *after,
    ]


@pytest.mark.parametrize(
    "after",
    [
        [  # a seek that never finds data: the playhead is at its target at once
            event("seeking", 19_400, player_playhead_time=10_000),
            event("waiting", 19_400, player_playhead_time=60_000),
            event("hb", 29_400, player_playhead_time=60_000),
            event("seeked", 39_400, player_playhead_time=60_000),
        ],
        [  # a short one, which is no further than playback would be
            event("seeking", 19_400, player_playhead_time=10_000),
            event("waiting", 20_400, player_playhead_time=11_000),
            event("seeked", 39_400, player_playhead_time=11_000),
        ],
        [  # the source again, and back to where it was, without a play
            event("loadstart", 19_400, player_playhead_time=0),
            event("seeking", 19_900, player_playhead_time=0),
            event("seeked", 20_100, player_playhead_time=10_000),
        ],
        [event("hb", 19_400, player_playhead_time=60_000)],  # a seek of which no event arrived
    ],
    ids=["seek", "short_seek", "reload", "lost_seek"],
)
def test_a_playhead_that_jumps_shows_no_frames(after):
    """After a fatal error only a playhead that goes on says that playback does."""
    row = folded(numbered([*failed_at(14_400, *after), event("viewend", 39_400)]))
    assert (row.outcome, row.recovered_errors) == (Outcome.PLAYBACK_FAILED, 0)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (10_000, 14_100)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4_000)


def test_a_retry_after_a_failure_is_resuming_until_frames_move():
    """The source again, back to where it was, and a play that waits half a second."""
    after = [
        event("loadstart", 15_400, player_playhead_time=0),
        event("seeking", 15_900, player_playhead_time=0),
        event("seeked", 15_920, player_playhead_time=10_000),
        event("play", 15_920, player_playhead_time=10_000),
        event("playing", 16_420, player_playhead_time=10_000),
        event("viewend", 24_420, player_playhead_time=18_000),
    ]
    row = folded(numbered(failed_at(14_400, *after)))
    assert (row.outcome, row.recovered_errors) == (Outcome.EXITED, 1)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (18_000, 22_600)


def warned(*after: dict, speed: float = 1, **fields: float) -> list[dict]:
    """Ten seconds played at a speed, then a warning, at which the SDK stops counting."""
    at = {"player_playhead_time": 10_000 * speed}
    return [
        event("play", 0),
        event("playing", 0, player_playhead_time=0),
        event("error", 10_000, player_error_severity="warning", **at, **fields),
        *after,
    ]


SLOW = {"view_playing_time_ms_cumulative": 10_000, "view_content_playback_time": 5_000}


@pytest.mark.parametrize(
    "events",
    [
        warned(speed=0.5, **SLOW),  # the speed was set before the SDK came: only its sums tell
        [*warned(speed=0.5)[:2], event("ratechange", 0, player_playhead_time=0), *warned(speed=0.5)[2:]],
    ],
    ids=["sums", "event"],
)
def test_slow_playback_after_a_warning_is_no_stall(events):
    """At half speed the playhead falls behind the clock all the time; the viewer saw 40 s without a break."""
    rest = [event("hb", ms, player_playhead_time=ms / 2) for ms in (20_000, 30_000)]
    row = folded(numbered([*events, *rest, event("viewend", 40_000, player_playhead_time=20_000)]))
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (40_000, 0, 0)


def test_a_stall_at_half_speed_is_where_the_playhead_stands():
    """It is found without `waiting` too, and frames that move end it."""
    rest = [
        event("hb", 20_000, player_playhead_time=10_000),
        event("hb", 30_000, player_playhead_time=10_000),
        event("hb", 40_000, player_playhead_time=15_000),
        event("viewend", 50_000, player_playhead_time=20_000),
    ]
    row = folded(numbered([*warned(speed=0.5, **SLOW), *rest]))
    assert row.rebuffer_count == 1
    assert row.rebuffer_duration_ms + row.content_playing_time_ms == 50_000
    assert row.rebuffer_duration_ms == 15_000  # up to 5 s before the playhead was 5 s further


def test_a_stall_between_two_heartbeats_at_normal_speed():
    """Without `waiting` the playhead that fell 4 s behind says that it stood so long."""
    rest = [
        event("hb", 20_000, player_playhead_time=16_000),
        event("playing", 20_000, player_playhead_time=16_000),
        event("viewend", 25_000, player_playhead_time=21_000),
    ]
    row = folded(numbered([*warned(), *rest]))
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4_000)
    assert row.content_playing_time_ms == 21_000


def test_a_stall_is_found_however_often_events_come():
    """Requests every half second during a stall of 4 s: none of them alone is long enough."""
    standing = [event("requestcompleted", 12_000 + n * 500, player_playhead_time=12_000) for n in range(8)]
    rest = [event("playing", 16_000, player_playhead_time=12_000)]
    end = event("viewend", 20_000, player_playhead_time=16_000)
    row = folded(numbered([*warned(), *standing, *rest, end]))
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4_000)


def test_a_second_error_does_not_hide_what_played_on():
    """Two fatal errors of one failure, and ten seconds that were in the buffer."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0, player_playhead_time=0),
                event("error", 5_000, player_playhead_time=5_000, player_error_code="networkError"),
                event("error", 5_010, player_playhead_time=5_010, player_error_code="otherError"),
                event("viewend", 15_000, player_playhead_time=15_000),
            ]
        )
    )
    assert (row.content_playing_time_ms, row.error_count, row.recovered_errors) == (14_990, 2, 2)


def test_a_seek_without_playing_hides_no_stall_after_a_warning():
    """`seeked`, frames move, a warning, a stall that only the playhead tells of, and `playing` at its end."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0, player_playhead_time=0),
                event("seeking", 5_000, player_playhead_time=5_000),
                event("seeked", 5_000, player_playhead_time=30_000),
                event("error", 8_000, player_playhead_time=33_000, player_error_severity="warning"),
                event("waiting", 10_000, player_playhead_time=35_000),
                event("playing", 14_000, player_playhead_time=35_000),
                event("viewend", 20_000, player_playhead_time=41_000),
            ]
        )
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 4_000, 16_000)
