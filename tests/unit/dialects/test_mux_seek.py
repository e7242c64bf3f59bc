"""Seeks that begin where nothing plays, and seeks after which nobody says that frames move."""

from __future__ import annotations

from firstframe.view.record import Outcome
from support_mux import event, folded, numbered

FULL = {"mux_embed": "mux-embed"}


def resumed(*after: dict) -> list[dict]:
    """The site puts the playhead where the viewer left, two seconds before the play."""
    return [
        event("playerready", 0, player_playhead_time=0, **FULL),
        event("seeking", 300, player_playhead_time=0, view_seek_count=1),
        event("seeked", 350, player_playhead_time=30_000, view_seek_duration=50),
        event("viewstart", 2_350, player_playhead_time=30_000, view_watch_time=0, **FULL),
        event("play", 2_350, player_playhead_time=30_000),
        *after,
    ]


def test_a_resume_position_does_not_hide_the_play():
    """Somebody presses play on a resumed film, waits for eight seconds and leaves."""
    end = event("viewend", 10_350, player_playhead_time=30_000, view_watch_time=8_000, **FULL)
    row = folded(numbered(resumed(event("waiting", 2_350, player_playhead_time=30_000), end)))
    assert (row.attempted, row.outcome) == (True, Outcome.EXITED_BEFORE_START)
    assert (row.watch_time_ms, row.startup_wait_ms) == (8_000, 8_000)


def test_a_resume_position_does_not_hide_the_wait_for_the_start():
    """The same, and the film starts after three seconds."""
    shown = event("playing", 5_350, player_playhead_time=30_000, view_time_to_first_frame=3_000)
    row = folded(numbered(resumed(shown, event("viewend", 13_350, player_playhead_time=38_000))))
    assert (row.video_startup_time_ms, row.startup_wait_ms, row.watch_time_ms) == (3_000, 3_000, 11_000)
    assert (row.seek_count, row.content_playing_time_ms) == (0, 8_000)


def test_a_scrub_in_a_pause_does_not_hide_that_it_is_over():
    """Paused, moved on, played again: six seconds of waiting are no pause."""
    row = folded(
        numbered(
            [
                event("play", 300, player_playhead_time=0),
                event("playing", 400, player_playhead_time=0),
                event("pause", 10_400, player_playhead_time=10_000),
                event("seeking", 11_400, player_playhead_time=10_000),
                event("seeked", 11_800, player_playhead_time=30_000),
                event("play", 12_800, player_playhead_time=30_000),
                event("waiting", 12_800, player_playhead_time=30_000),
                event("playing", 18_800, player_playhead_time=30_000),
                event("viewend", 23_800, player_playhead_time=35_000),
            ]
        )
    )
    assert (row.watch_time_ms, row.pause_time_ms, row.content_playing_time_ms) == (21_100, 2_400, 15_000)
    assert (row.seek_count, row.seek_time_ms) == (1, 400)


def test_a_seek_back_after_the_end_does_not_hide_the_play():
    """Ended, moved back, played again after two seconds."""
    row = folded(
        numbered(
            [
                event("play", 300, player_playhead_time=0),
                event("playing", 400, player_playhead_time=0),
                event("ended", 10_400, player_playhead_time=10_000),
                event("seeking", 15_400, player_playhead_time=10_000),
                event("seeked", 15_450, player_playhead_time=3_000),
                event("play", 16_400, player_playhead_time=3_000),
                event("playing", 18_400, player_playhead_time=3_000),
                event("viewend", 23_400, player_playhead_time=8_000),
            ]
        )
    )
    assert (row.watch_time_ms, row.content_playing_time_ms) == (17_100, 15_000)


def test_a_stall_long_after_a_seek_without_playing():
    """Frames moved after the seek though nobody said so, then stood for four seconds."""
    row = folded(
        numbered(
            [
                event("play", 300, player_playhead_time=0),
                event("playing", 400, player_playhead_time=0),
                event("seeking", 5_400, player_playhead_time=5_000),
                event("seeked", 5_500, player_playhead_time=30_000, view_seek_count=1),
                event("waiting", 10_500, player_playhead_time=34_999),
                event("rebufferstart", 10_500, player_playhead_time=34_999, view_rebuffer_count=1),
                event("playing", 14_500, player_playhead_time=34_999),
                event("rebufferend", 14_525, player_playhead_time=35_024, view_rebuffer_duration=4_025),
                event("viewend", 24_500, player_playhead_time=44_999),
            ]
        )
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4_000)
    assert (row.content_playing_time_ms, row.watch_time_ms, row.seek_time_ms) == (20_000, 24_200, 100)


def test_every_turn_of_a_loop_is_a_seek_as_the_sdk_counts():
    """`<video loop>` seeks by itself; no field tells it from a viewer's seek, and it costs no time."""
    turns = [
        event(name, at_ms, player_playhead_time=playhead, view_seek_count=count)
        for count, at_ms in ((1, 10_400), (2, 20_400), (3, 30_400))
        for name, playhead in (("seeking", 9_975), ("seeked", 0))
    ]
    begin = [event("play", 300), event("playing", 400, player_playhead_time=0)]
    row = folded(numbered([*begin, *turns, event("viewend", 35_400, player_playhead_time=5_000)]))
    assert (row.seek_count, row.seek_time_ms, row.content_playing_time_ms) == (3, 0, 35_000)
