"""What the real player code told of sessions whose truth is known: its own bytes, its own clock, a player we moved.

Each session was sent by the class PillarboxMonitoring of @srgssr/pillarbox-web 1.32.2, on virtual time and a player
that did what the test's name says; only what a status measures is kept here.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.fold.finish import fold_view
from firstframe.view.record import Approx, Outcome, ViewRecord
from support_cases import BASE_MS, beacon_of

Ranges = list[tuple[float, float]]
Status = tuple[int, str, float, Ranges, tuple[int, int], int, int]
"""(time, name, playback_duration, playedRanges, stall, position, buffered_duration)"""

OPENING: Status = (0, "HEARTBEAT", 0, [], (0, 0), 0, 30_000)
PLAY_FLAGS = {"play_time_estimated", "play_time_lower_bound", "hole_credited"}
STALL_FLAGS = {"stalls_upper_bound", "stalls_lower_bound", "stalls_unknown"}


def body_of(at_ms: int, name: str, data: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "event_name": name,
            "session_id": "driven",
            "timestamp": BASE_MS + at_ms,
            "version": 1,
            "data": data,
        }
    ).encode()


def log_of(ranges: Ranges) -> str:
    return json.dumps({"playedRanges": [{"start": start, "end": end} for start, end in ranges]})


def data_of(status: Status) -> dict[str, Any]:
    _, _, playback, ranges, (count, duration), position, buffered = status
    return {
        "buffered_duration": buffered,
        "log": log_of(ranges),
        "playback_duration": playback,
        "position": position,
        "stall": {"count": count, "duration": duration},
        "stream_type": "On-demand" if buffered else "Live",
    }


def driven(ready_ms: int | None, *statuses: Status, failed: tuple[int, Ranges] | None = None) -> ViewRecord:
    """The row of a session; without `ready_ms` its START was lost."""
    bodies = [] if ready_ms is None else [(0, body_of(0, "START", {"qoe_timings": {"asset": ready_ms}}))]
    bodies += [(status[0], body_of(status[0], status[1], data_of(status))) for status in statuses]
    if failed:
        error = {"name": "MEDIA_ERR_NETWORK: 2", "message": "boom", "log": log_of(failed[1])}
        bodies.append((failed[0], body_of(failed[0], "ERROR", error)))
    events = [
        event
        for at_ms, body in bodies
        for event in PILLARBOX.parse(
            beacon_of(body, BASE_MS + at_ms + 20, dialect="pillarbox", route="/api/events")
        ).events
    ]
    (row,) = fold_view(PILLARBOX, "default", "driven", events, BASE_MS + 10**9).rows
    return row


def sums_of(row: ViewRecord) -> tuple[float, int | None, float | None]:
    return row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms


def test_a_pause_in_the_second_stall_is_no_part_of_it() -> None:
    """Truth: 55 s played; stalls of 2 s and of 3 s, the latter left by a pause of 10 s."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 7_680, [(0, 27.68)], (1, 2_000), 27_680, 57_680),
        (60_000, "HEARTBEAT", 27_660, [(0, 44.66)], (2, 15_020), 44_660, 74_660),
        (70_340, "STOP", 38_000, [(0, 55)], (2, 15_020), 55_000, 85_000),
    )
    assert sums_of(row) == pytest.approx((55_000, 2, 5_000))
    assert set(row.approx) >= {"stalls_upper_bound"}


def test_a_pause_in_a_stall_is_found_over_heartbeats_in_it() -> None:
    """Truth: 40 s played, a stall of 3 s left by a pause of 100 s: the heartbeats in the pause tell no stall yet."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
        (60_000, "HEARTBEAT", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
        (90_000, "HEARTBEAT", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
        (120_000, "HEARTBEAT", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
        (143_340, "STOP", 43_000, [(0, 40)], (1, 103_020), 40_000, 70_000),
    )
    assert sums_of(row) == pytest.approx((40_000, 1, 3_000))


def test_a_long_pause_in_a_short_stall_is_no_part_of_it() -> None:
    """Truth: a stall of 1,014 ms. What was played behind the pause hides how far the counter ran on in it."""
    row = driven(
        2076,
        OPENING,
        (30_000, "HEARTBEAT", 6558, [(0, 5.469)], (1, 2071), 5469, 25_469),
        (60_000, "HEARTBEAT", 6558, [(0, 5.469)], (1, 2071), 5469, 25_469),
        (90_000, "HEARTBEAT", 30_723, [(0, 29.559)], (2, 62_354), 29_559, 49_559),
        (120_000, "STOP", 60_723, [(0, 59.559)], (2, 62_354), 59_559, 79_559),
    )
    assert row.rebuffer_duration_ms == 1247


def test_a_source_that_fails_long_after_its_load_was_not_waited_for() -> None:
    """The page loads it at once, and it is gone ten minutes later: the timing counts from the load."""
    row = driven(599_999, failed=(599_999, []))
    assert (row.outcome, row.watch_time_ms) == (Outcome.START_FAILED, 0)
    assert Approx.STARTUP_LOWER_BOUND in row.approx


def test_a_second_stall_that_the_end_cuts_short_is_counted() -> None:
    """Truth: 35 s played, a stall of 3 s, and one that lasted 8 s when the viewer left."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 6_680, [(0, 26.68)], (1, 3_000), 26_680, 56_680),
        (46_320, "STOP", 23_000, [(0, 35)], (1, 3_000), 35_000, 35_050),
    )
    assert sums_of(row) == pytest.approx((35_000, 2, 11_000))


def test_a_stall_at_the_end_that_nothing_measures_is_flagged() -> None:
    """The same, its middle heartbeat lost: the empty buffer is all that is left of the second stall."""
    row = driven(150, OPENING, (46_320, "STOP", 23_000, [(0, 35)], (1, 3_000), 35_000, 35_050))
    assert sums_of(row) == pytest.approx((35_000, 1, 3_000))
    assert "stalls_lower_bound" in row.approx


def test_a_stall_amid_which_the_page_dies_is_counted_to_the_last_heartbeat() -> None:
    """Truth: 20 s played, then 45 s of stall without a STOP; it was told as 59.7 s of playing."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 29_680, [(0, 20)], (0, 0), 20_000, 20_050),
        (60_000, "HEARTBEAT", 59_680, [(0, 20)], (0, 0), 20_000, 20_050),
    )
    assert sums_of(row) == pytest.approx((20_000, 1, 39_680))
    assert "stalls_lower_bound" in row.approx


def test_a_part_watched_again_is_no_open_stall() -> None:
    """A buffer that has dropped what lies behind looks empty; the element played on after the heartbeat."""
    row = driven(
        150,
        OPENING,
        (60_000, "HEARTBEAT", 60_000, [(0, 60)], (0, 0), 60_000, 24_000),
        (90_000, "HEARTBEAT", 25_000, [(0, 75)], (0, 0), 75_000, 24_000),
        (120_000, "HEARTBEAT", 54_000, [(0, 85)], (0, 0), 85_000, 24_000),
        failed=(140_000, [(0, 105)]),
    )
    assert row.rebuffer_count == 0


def test_a_seek_that_the_end_cuts_short_is_no_playing() -> None:
    """Truth: 20 s played, then 9 s of waiting at a place that was never played."""
    row = driven(150, OPENING, (29_320, "STOP", 29_000, [(0, 20)], (0, 0), 200_000, 50_009))
    assert sums_of(row) == pytest.approx((20_000, 0, 0))
    assert "play_time_estimated" in row.approx


def test_a_stall_at_the_end_shows_after_a_fast_rate() -> None:
    """Truth: 60 s played, half of it at 1.25, and 7 s of stall: media and counter agree by chance."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 29_680, [(0, 29.68)], (0, 0), 29_680, 59_680),
        (60_000, "HEARTBEAT", 59_680, [(0, 67.1)], (0, 0), 67_100, 97_100),
        (67_320, "STOP", 67_000, [(0, 67.5)], (0, 0), 67_500, 67_550),
    )
    assert sums_of(row) == pytest.approx((60_000, 1, 7_000), abs=150)


def test_the_wait_before_ready_is_found_beside_a_stall() -> None:
    """Truth: 40 s played, a stall of 3 s, play pressed 2 s before the data came."""
    row = driven(
        2020,
        OPENING,
        (30_000, "HEARTBEAT", 6_995, [(0, 26.995)], (2, 5_005), 26_995, 56_995),
        (43_005, "STOP", 20_000, [(0, 40)], (2, 5_005), 40_000, 70_000),
    )
    assert sums_of(row) == pytest.approx((40_000, 1, 3_000), abs=10)
    assert "stalls_upper_bound" in row.approx


def test_the_wait_before_ready_is_found_beside_a_stall_at_the_end() -> None:
    """Truth: 20 s played, 6 s of stall when the viewer left, play pressed 2 s before the data came."""
    row = driven(2020, OPENING, (26_005, "STOP", 26_000, [(0, 20)], (1, 2_005), 20_000, 20_050))
    assert sums_of(row) == pytest.approx((20_000, 1, 6_000), abs=10)


def test_the_wait_before_ready_is_found_beside_a_seek() -> None:
    """Truth: 25 s played and no stall: the seek threw the counter away, so one stall less says that it may be wrong."""
    row = driven(2020, OPENING, (25_405, "STOP", 15_000, [(0, 10), (100, 115)], (1, 2_005), 115_000, 85_000))
    assert sums_of(row) == pytest.approx((25_000, 0, 0))
    assert "stalls_lower_bound" in row.approx


def test_a_stall_that_may_be_the_wait_before_ready_says_so_after_a_seek_too() -> None:
    """Truth: no stall. A pause before the first heartbeat made room for the wait; a later seek changes nothing."""
    row = driven(
        1520,
        OPENING,
        (30_000, "HEARTBEAT", 17_650, [(0, 17.65)], (1, 1_830), 17_650, 47_650),
        (60_000, "HEARTBEAT", 7_350, [(0, 46.7), (200, 200.65)], (1, 1_830), 200_650, 107_350),
        (84_350, "STOP", 31_700, [(0, 46.7), (200, 225)], (1, 1_830), 225_000, 131_700),
    )
    assert row.rebuffer_count == 1
    assert "stalls_upper_bound" in row.approx


def test_a_stall_that_the_machine_slept_through_is_not_as_long_as_the_sleep() -> None:
    """Truth: 60 s played, a stall of 2 s awake, ten minutes of sleep in it: the player told 602 s."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 29_680, [(0, 29.68)], (0, 0), 29_680, 59_680),
        (641_320, "HEARTBEAT", 641_000, [(0, 40)], (0, 0), 40_000, 40_050),
        (662_320, "STOP", 20_000, [(0, 60)], (1, 602_000), 60_000, 90_000),
    )
    assert sums_of(row) == pytest.approx((60_000, 1, 2_000), abs=1_000)
    assert {"hole_credited", "stalls_upper_bound"} <= set(row.approx)


def test_what_was_counted_after_the_last_ranges_is_added() -> None:
    """Truth: 70 s played with a seek; the next source had emptied the element when STOP was sent."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 9_630, [(0, 20), (100, 109.63)], (0, 0), 109_630, 89_630),
        (60_000, "HEARTBEAT", 39_630, [(0, 20), (100, 139.63)], (0, 0), 139_630, 119_630),
        (70_370, "STOP", 50_000, [], (0, 0), 0, 0),
    )
    assert row.content_playing_time_ms == pytest.approx(70_000)
    assert {"play_time_estimated", "stalls_lower_bound"} <= set(row.approx)


@pytest.mark.parametrize(
    ("statuses", "flags"),
    [
        (
            [OPENING, (19_320, "STOP", 19_000, [], (0, 0), 0, 0)],
            {"play_time_estimated", "stalls_lower_bound"},
        ),
        (
            [
                OPENING,
                (30_000, "HEARTBEAT", 6_180, [(0, 20), (200, 206.18)], (1, 3_500), 206_180, 56_230),
                (43_820, "STOP", 20_000, [(0, 20), (200, 220)], (1, 3_500), 220_000, 70_050),
            ],
            {"stalls_upper_bound"},
        ),
        (
            [
                OPENING,
                (
                    30_000,
                    "HEARTBEAT",
                    1_780_000_038_180,
                    [(0, 10), (200, 212.56)],
                    (1, 5_020),
                    212_560,
                    82_560,
                ),
                (57_440, "STOP", 1_780_000_065_620, [(0, 10), (200, 240)], (1, 5_020), 240_000, 110_000),
            ],
            {"play_time_estimated", "stalls_upper_bound"},
        ),
    ],
    ids=["a stall before the next source", "a seek in a stall", "a pause in a wait"],
)
def test_what_the_player_cannot_know_is_flagged(statuses: list[Status], flags: set[str]) -> None:
    """A stall runs on in the counter, through a seek and through a pause, and nothing tells."""
    assert set(driven(150, *statuses).approx) >= flags


def test_what_was_played_again_before_an_error_is_not_told() -> None:
    """Truth: 42 s of a looping clip of 10 s; an error has no counter, and its ranges hold each part once."""
    heartbeat: Status = (30_000, "HEARTBEAT", 9_650, [(0, 10)], (0, 0), 9_650, 10_000)
    row = driven(150, OPENING, heartbeat, failed=(42_380, [(0, 10)]))
    assert row.content_playing_time_ms == 10_000
    assert "play_time_estimated" in row.approx


def test_a_lost_first_heartbeat_is_replaced_by_start() -> None:
    """Truth: 20 s played and 5 s of stall at the end; nothing was played before START."""
    row = driven(150, (25_320, "STOP", 25_000, [(0, 20)], (0, 0), 20_000, 20_050))
    assert sums_of(row) == pytest.approx((20_000, 1, 5_000))


def test_a_lost_start_is_replaced_by_a_heartbeat_before_any_playing() -> None:
    """It bounds the session as START does: the wait before it is found, and a stall at the end."""
    waited = driven(None, OPENING, (25_005, "STOP", 25_000, [(0, 25)], (1, 2_005), 25_000, 55_000))
    assert sums_of(waited) == pytest.approx((25_000, 0, 0))
    paused = driven(
        None,
        OPENING,
        (30_000, "HEARTBEAT", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
        (33_320, "STOP", 23_000, [(0, 20)], (0, 0), 20_000, 20_050),
    )
    assert sums_of(paused) == pytest.approx((20_000, 1, 3_000))


def test_without_start_a_stall_may_be_the_wait_before_it() -> None:
    """Nothing is left to hold it against."""
    row = driven(None, (25_005, "STOP", 25_000, [(0, 25)], (1, 2_005), 25_000, 55_000))
    assert {"start_lost", "stalls_upper_bound"} <= set(row.approx)


def test_a_plain_session_bears_no_doubt() -> None:
    """Truth: 32 s played around a pause: none of the flags of playing and stalls."""
    row = driven(
        150,
        OPENING,
        (30_000, "HEARTBEAT", 24_660, [(0, 24.66)], (0, 0), 24_660, 54_660),
        (37_340, "STOP", 32_000, [(0, 32)], (0, 0), 32_000, 62_000),
    )
    assert sums_of(row) == (32_000, 0, 0)
    assert not set(row.approx) & (PLAY_FLAGS | STALL_FLAGS)


def test_what_an_emptied_element_no_longer_tells_is_unknown() -> None:
    """Another source before the first heartbeat: it played, and nobody says what."""
    row = driven(200, OPENING, (3_500, "STOP", 3_069, [], (0, 0), 0, 0))
    assert row.content_playing_time_ms == pytest.approx(3_069)
    assert (row.max_playhead_ms, row.played_ranges, row.played_range_ms) == (None, None, None)
    beat: Status = (30_000, "HEARTBEAT", 29_500, [(0, 29.5)], (0, 0), 29_500, 60_000)
    row = driven(200, OPENING, beat, (33_500, "STOP", 33_000, [], (0, 0), 0, 0))
    assert (row.max_playhead_ms, row.played_ranges) == (29_500, [(0, 29_500)])


def test_a_stall_at_the_end_of_many_fills_a_larger_buffer() -> None:
    """A browser waits for twice as much after each stall: what is in the buffer does not play yet."""
    opening: Status = (0, "HEARTBEAT", 0, [(0, 0.004)], (0, 0), 4, 940)
    row = driven(1658, opening, (16_056, "STOP", 8_957, [(0, 4.412)], (4, 6_838), 4_411, 8_226))
    assert row.content_playing_time_ms == pytest.approx(4_509, abs=150)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (5, pytest.approx(11_549, rel=0.05))
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_UPPER_BOUND} <= set(row.approx)


def test_a_stall_over_heartbeats_is_as_long_as_told() -> None:
    """No pause in it banked the counter: that was started again when playing went on."""
    beats: list[Status] = [
        (4_505, "HEARTBEAT", 4_169, [(0, 3.948)], (0, 0), 3_948, 5_021),
        (7_505, "HEARTBEAT", 7_169, [(0, 3.948)], (0, 0), 3_948, 5_021),
        (9_005, "HEARTBEAT", 516, [(0, 4.447)], (1, 4_114), 4_447, 40_000),
        (10_505, "STOP", 2_017, [(0, 5.947)], (1, 4_114), 5_947, 40_000),
    ]
    row = driven(95, OPENING, *beats)
    assert sums_of(row) == (pytest.approx(5_947), 1, 4_114)
    assert "stalls_upper_bound" not in row.approx


@pytest.mark.parametrize(
    ("playback", "stall", "stalls"),
    [(-7_190_915, (0, 0), (0, 0)), (4051, (1, -3_597_846), (1, 0))],
)
def test_a_clock_that_was_set_back_ends_no_session_before_it_began(
    playback: int, stall: tuple[int, int], stalls: tuple[int, int]
) -> None:
    """Hours back amid playing, or in a stall: the played ranges still tell, and STOP is the end wherever it seems to be."""
    start = body_of(0, "START", {"qoe_timings": {"asset": 113}})
    stop = body_of(-7_189_075, "STOP", data_of((0, "", playback, [(0, 9.038)], stall, 9038, 40_000)))
    opening = body_of(5, "HEARTBEAT", data_of(OPENING))
    received = [(start, 20), (opening, 25), (stop, 10_945)]
    events = [
        event
        for body, received_ms in received
        for event in PILLARBOX.parse(
            beacon_of(body, BASE_MS + received_ms, dialect="pillarbox", route="/api/events")
        ).events
    ]
    (row,) = fold_view(PILLARBOX, "default", "driven", events, BASE_MS + 10**9).rows
    assert row.outcome is Outcome.EXITED
    assert sums_of(row) == (pytest.approx(9038, abs=1), *stalls)
    assert {"play_time_estimated", "stalls_lower_bound"} <= set(row.approx)


def test_an_error_before_the_start_stays_before_it() -> None:
    """It was received before it, too: no clock was set back, and what plays after it makes it a recovered one."""
    error = body_of(-5000, "ERROR", {"name": "MEDIA_ERR_NETWORK: 2", "message": "boom", "log": "{}"})
    start = body_of(0, "START", {"qoe_timings": {"asset": 113}})
    stop = body_of(9100, "STOP", data_of((0, "", 9038, [(0, 9.038)], (0, 0), 9038, 40_000)))
    events = [
        event
        for body, received_ms in [(error, -4980), (start, 20), (stop, 9120)]
        for event in PILLARBOX.parse(
            beacon_of(body, BASE_MS + received_ms, dialect="pillarbox", route="/api/events")
        ).events
    ]
    (row,) = fold_view(PILLARBOX, "default", "driven", events, BASE_MS + 10**9).rows
    assert (row.outcome, row.recovered_errors) == (Outcome.EXITED, 1)
