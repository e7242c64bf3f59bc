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
