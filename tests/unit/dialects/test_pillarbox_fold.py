"""From a session's events to its row: the rules of the wire and the faults of the SDKs, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstframe.beacon import Event
from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.fold.finish import fold_view
from firstframe.view.record import EndReason, Outcome, State, ViewRecord
from support_cases import BASE_MS, Case, beacon_of, load_cases, run_case

SESSION = "session-1"
EPOCH_TOTAL = 1_795_195_260_226
Told = tuple[int, str, dict[str, Any]]


def events_of(*told: Told, **top: Any) -> list[Event]:
    """Events by (milliseconds, name, data); each is received 20 ms after it was sent."""
    found: list[Event] = []
    for at_ms, name, data in told:
        body = {
            "event_name": name,
            "session_id": SESSION,
            "timestamp": BASE_MS + at_ms,
            "version": 1,
            "data": data,
            **top,
        }
        beacon = beacon_of(
            json.dumps(body).encode(), BASE_MS + at_ms + 20, dialect="pillarbox", route="/api/events"
        )
        found += PILLARBOX.parse(beacon).events
    return found


def row_of(*told: Told, now_ms: int = 10**9, **top: Any) -> ViewRecord:
    """The one row of a session, by default as it stands long after it."""
    (row,) = fold_view(PILLARBOX, "default", SESSION, events_of(*told, **top), BASE_MS + now_ms).rows
    return row


def status(
    playback: float | None = None,
    *ranges: tuple[float, float],
    stall: tuple[int, int] | None = (0, 0),
    **more: Any,
) -> dict[str, Any]:
    """The data of a web status event."""
    data: dict[str, Any] = {
        "log": json.dumps({"playedRanges": [{"start": a, "end": b} for a, b in ranges]}),
        **more,
    }
    if playback is not None:
        data["playback_duration"] = playback
    if stall is not None:
        data["stall"] = {"count": stall[0], "duration": stall[1]}
    return data


def start(total: float | None = None, asset: float | None = 90, **more: Any) -> dict[str, Any]:
    """The data of START."""
    return {"qoe_timings": {"asset": asset, "total": total}, **more}


@pytest.mark.parametrize("case", load_cases("pillarbox"), ids=lambda case: case["name"])
def test_case(case: Case) -> None:
    """Every golden case of the dialect comes out as worked by hand."""
    told = [(event["timestamp"], event["event_name"], event["data"]) for event in case["events"]]
    run_case(case, events_of(*told), PILLARBOX)


def test_startup_is_the_total_else_the_asset() -> None:
    """The web sends a total of null for plain sources; either is load-to-ready and says so."""
    for timings, wanted in ((start(382, 68), 382), (start(None, 87), 87), (start(None, None), None)):
        row = row_of((0, "START", timings), (1, "HEARTBEAT", status(0)), (9000, "STOP", status(8000, (0, 8))))
        assert row.video_startup_time_ms == wanted
        assert ("startup_is_ready_time" in row.approx) == (wanted is not None)


def test_all_timings_have_a_field() -> None:
    """The viewer's waits and the player's loads are kept apart."""
    data = {
        "qoe_timings": {"asset": 1, "metadata": 2.5, "total": 3},
        "qos_timings": {"asset": 4, "drm": 5, "metadata": 6, "token": 7},
    }
    row = row_of((0, "START", data))
    assert (row.qoe_asset_time_ms, row.qoe_metadata_time_ms, row.qoe_total_time_ms) == (1, 2.5, 3)
    assert (row.asset_time_ms, row.drm_time_ms, row.metadata_time_ms, row.token_time_ms) == (4, 5, 6, 7)


def test_unix_time_in_the_counter_is_taken_off() -> None:
    """What the first heartbeat counts before any playback is no part of the session."""
    row = row_of(
        (0, "START", start(None, 26)),
        (4, "HEARTBEAT", status(EPOCH_TOTAL)),
        (5300, "STOP", status(EPOCH_TOTAL + 5066, (0, 4.994))),
    )
    assert row.content_playing_time_ms == 5066


def test_unix_time_that_comes_later_is_not_believed() -> None:
    """A total beyond the session's age is none; the ranges tell."""
    row = row_of(
        (0, "START", start()), (4, "HEARTBEAT", status(0)), (5300, "STOP", status(EPOCH_TOTAL, (0, 4.9)))
    )
    assert row.content_playing_time_ms == 4900


def test_play_time_of_an_unreported_replay_is_taken_off() -> None:
    """The next session of the player begins with the rest of the last one."""
    row = row_of(
        (0, "START", start()), (4, "HEARTBEAT", status(4039)), (6000, "STOP", status(4039 + 5000, (0, 5)))
    )
    assert row.content_playing_time_ms == 5000


def test_a_first_heartbeat_that_came_late_is_no_base() -> None:
    """When the one sent with START was lost, the next one counts what was played."""
    row = row_of(
        (0, "START", start()), (30_000, "HEARTBEAT", status(29_000)), (40_000, "STOP", status(39_000))
    )
    assert row.content_playing_time_ms == 39_000


def test_a_total_that_fell_is_a_lower_bound() -> None:
    """Totals that fall are never added up; the largest stands and says what it is."""
    row = row_of(
        (0, "START", start()),
        (1, "HEARTBEAT", status(0, stall=None)),
        (30_000, "HEARTBEAT", {"playback_duration": 29_000}),
        (60_000, "STOP", {"playback_duration": 12_000}),
    )
    assert row.content_playing_time_ms == 29_000
    assert "play_time_lower_bound" in row.approx


def test_a_seek_shows_in_the_ranges() -> None:
    """The counter restarts at a seek; several ranges tell that there was one."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0)),
        (16_000, "STOP", status(5011, (0, 9.85), (20, 25.011))),
    )
    assert row.content_playing_time_ms == pytest.approx(14_861)
    assert "play_time_estimated" in row.approx


def test_at_double_speed_the_clock_counts_not_the_media() -> None:
    """Ranges are media time: without stall and seek the counter is right."""
    row = row_of(
        (0, "START", start()), (4, "HEARTBEAT", status(0)), (9500, "STOP", status(9067, (0, 14.968)))
    )
    assert row.content_playing_time_ms == 9067


def test_a_seek_back_loses_what_was_counted() -> None:
    """One range that holds more than the counter knows, in a session that had the time for it, is a part seen twice."""
    row = row_of((0, "START", start()), (4, "HEARTBEAT", status(0)), (7900, "STOP", status(3085, (0, 4.061))))
    assert row.content_playing_time_ms == 4061
    assert "play_time_estimated" in row.approx


def test_nobody_plays_longer_than_the_session() -> None:
    """Play time and stalls fit between START and the last event."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0)),
        (10_000, "STOP", status(None, (0, 30), stall=(1, 2000))),
    )
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms) == (8000, 2000)


def test_ranges_of_an_emptied_element_do_not_count() -> None:
    """A source change empties the element before STOP: earlier ranges and the counter stand, the stray Live does not."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0, stream_type="On-demand", buffered_duration=28_000, position=0)),
        (30_000, "HEARTBEAT", status(29_000, (0, 29), stream_type="On-demand", position=29_000)),
        (36_000, "STOP", status(35_000, stream_type="Live", buffered_duration=0, position=0)),
    )
    assert (row.content_playing_time_ms, row.live, row.stream_type) == (35_000, False, "on_demand")
    assert (row.max_playhead_ms, row.played_ranges) == (29_000, [(0, 29_000)])


def test_the_wait_before_ready_is_no_stall() -> None:
    """Play pressed before the data: the wait does not fit into the session, so it was before START."""
    row = row_of(
        (0, "START", start(None, 5696)),
        (4, "HEARTBEAT", status(EPOCH_TOTAL, stall=(0, 0))),
        (5110, "STOP", status(EPOCH_TOTAL + 5059, (0, 4.981), stall=(1, 2097))),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (0, 0, 5059)


def test_a_counter_ahead_of_the_ranges_has_lost_nothing() -> None:
    """On a slow machine media moves slower than the clock: the stall was still before START."""
    row = row_of(
        (0, "START", start(None, 1000)),
        (4, "HEARTBEAT", status(0)),
        (5200, "STOP", status(5150, (6, 10.5), stall=(1, 1030))),
    )
    assert (row.rebuffer_count, row.content_playing_time_ms) == (0, 5150)


def test_the_wait_before_ready_is_seen_without_ranges_too() -> None:
    """A source change has emptied the ranges: what does not fit is no longer than loading took."""
    row = row_of(
        (0, "START", start(None, 1200)),
        (4, "HEARTBEAT", status(0)),
        (2900, "STOP", status(2865, stall=(1, 1111))),
    )
    assert (row.rebuffer_count, row.content_playing_time_ms) == (0, 2865)


def test_a_stall_after_the_wait_before_ready_stays() -> None:
    """Only the one stall that cannot have been in the session goes."""
    row = row_of(
        (0, "START", start(None, 900)),
        (4, "HEARTBEAT", status(0)),
        (10_000, "STOP", status(9000, (0, 9), stall=(2, 1800))),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 1000)


def test_a_stall_cut_short_by_the_end_is_counted() -> None:
    """The SDK counts a stall when it ends; until then its playing counter runs on, at the end of an empty buffer."""
    left = status(6634, (0, 3.947), position=3947, buffered_duration=5020)
    row = row_of((0, "START", start()), (6, "HEARTBEAT", status(0)), (6980, "STOP", left))
    assert (row.content_playing_time_ms, row.rebuffer_count) == (3947, 1)
    assert row.rebuffer_duration_ms == pytest.approx(2687)
    assert {"play_time_estimated", "stalls_upper_bound"} <= set(row.approx)


def test_a_counter_beyond_the_ranges_is_no_stall_while_there_is_data() -> None:
    """A part that was watched again, or a slow rate: nothing says that data was wanting."""
    slow = status(6634, (0, 3.947), position=3947, buffered_duration=28_000)
    row = row_of((0, "START", start()), (6, "HEARTBEAT", status(0)), (6980, "STOP", slow))
    assert (row.content_playing_time_ms, row.rebuffer_count) == (6634, 0)


def test_a_pause_in_a_stall_is_no_part_of_it() -> None:
    """The counter has banked the stall but not the pause, the stall counter both."""
    paused = status(8683, (0, 6.987), stall=(1, 4599), position=6987, buffered_duration=40_000)
    row = row_of((0, "START", start()), (6, "HEARTBEAT", status(0)), (12_120, "STOP", paused))
    assert (row.content_playing_time_ms, row.rebuffer_count) == (6987, 1)
    assert row.rebuffer_duration_ms == pytest.approx(1696)


def test_a_short_stall_that_may_be_the_startup_is_an_upper_bound() -> None:
    """With a pause in the session nothing proves that it was before START."""
    row = row_of(
        (0, "START", start(None, 200)),
        (4, "HEARTBEAT", status(0)),
        (15_000, "STOP", status(9000, (0, 9), stall=(1, 160))),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 160)
    assert "stalls_upper_bound" in row.approx


def play(*told: Told, ready_ms: float = 150) -> ViewRecord:
    """A web session whose first heartbeat was sent with START; the rest is told."""
    return row_of((0, "START", start(None, ready_ms)), (4, "HEARTBEAT", status(0)), *told)


def stop(playback: float, *ranges: tuple[float, float], **more: Any) -> dict[str, Any]:
    """The status of an element that plays on: its buffer reaches far beyond what was played."""
    end_ms = int(ranges[-1][1] * 1000)
    return status(playback, *ranges, **{"position": end_ms, "buffered_duration": end_ms + 30_000, **more})


def test_a_fast_rate_with_a_pause_is_no_seek_back() -> None:
    """More media than time in the first 30 s is a rate: the counter stands, though the pause made room for the media."""
    row = play(
        (30_000, "HEARTBEAT", stop(29_680, (0, 37.1))),
        (60_000, "HEARTBEAT", stop(40_000, (0, 50))),
        (75_320, "STOP", stop(45_000, (0, 56.25))),
    )
    assert (row.content_playing_time_ms, row.rebuffer_count, row.watch_time_ms) == (45_000, 0, 45_150)
    row = play(
        (30_000, "HEARTBEAT", stop(29_680, (0, 44.52))),
        (60_000, "HEARTBEAT", stop(59_680, (0, 89.52))),
        (90_000, "HEARTBEAT", stop(60_000, (0, 90))),
        (120_320, "STOP", stop(60_000, (0, 90))),
    )
    assert row.content_playing_time_ms == 60_000


def test_a_seek_back_shows_at_a_fast_rate_too() -> None:
    """Even at the fastest rate that was seen, the ranges took longer than the counter knows."""
    row = play(
        (30_004, "HEARTBEAT", stop(30_000, (0, 60))),
        (60_004, "HEARTBEAT", stop(30_000, (0, 90))),
        (120_000, "STOP", stop(30_000, (0, 90))),
    )
    assert row.content_playing_time_ms == 60_000
    assert "play_time_estimated" in row.approx


def test_media_time_at_a_fast_rate_is_clocked_where_the_counter_is_lost() -> None:
    """Between two reports nobody plays longer than they are apart."""
    row = play(
        (30_004, "HEARTBEAT", stop(10_000, (0, 60))),
        (60_004, "HEARTBEAT", stop(20_000, (0, 60), (200, 220))),
        (100_000, "STOP", stop(20_000, (0, 60), (200, 220))),
    )
    assert row.content_playing_time_ms == 50_000


@pytest.mark.parametrize(
    ("told", "playing_ms"),
    [
        ([(29_680, 22.26), (53_333, 40)], 53_333),
        ([(29_680, 19.84), (59_680, 34.84), (70_000, 40)], 70_000),
    ],
    ids=["0.75 from the beginning", "0.5 after 10 s"],
)
def test_a_slow_rate_to_the_end_is_no_stall(told: list[tuple[int, float]], playing_ms: int) -> None:
    """The end of the media is the end of the buffer too, and the ranges went on growing behind the counter."""
    statuses: list[Told] = [
        (counter + 320, "HEARTBEAT", status(counter, (0, end), position=end * 1000, buffered_duration=40_000))
        for counter, end in told
    ]
    at_ms, _, data = statuses.pop()
    row = play(*statuses, (at_ms, "STOP", data))
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (playing_ms, 0, 0)


def test_a_slow_rate_short_of_the_end_is_no_stall() -> None:
    """Little is left in the buffer where all of the media is in it; a stall would have stopped the ranges."""
    row = play(
        (30_000, "HEARTBEAT", status(30_000, (0, 30), position=30_000, buffered_duration=50_000)),
        (60_000, "HEARTBEAT", status(60_000, (0, 45), position=45_000, buffered_duration=50_000)),
        (68_000, "STOP", status(68_000, (0, 49), position=49_000, buffered_duration=50_000)),
    )
    assert (row.content_playing_time_ms, row.rebuffer_count) == (68_000, 0)


def test_a_short_slow_view_to_the_end_keeps_the_players_own_count() -> None:
    """One interval cannot tell a rate from a stall; but at the end of the media there is nothing to wait for."""
    row = play((10_700, "STOP", status(10_667, (0, 8), position=8000, buffered_duration=8000)))
    assert (row.content_playing_time_ms, row.rebuffer_count) == (10_667, 0)
    assert "play_time_estimated" in row.approx


def test_a_stall_that_the_end_cuts_short_shows_after_heartbeats_too() -> None:
    """The ranges kept up with the counter until the buffer was empty, and then stood still."""
    row = play(
        (30_000, "HEARTBEAT", status(29_900, (0, 29.9), position=29_900, buffered_duration=42_000)),
        (60_000, "HEARTBEAT", status(59_900, (0, 41), position=41_000, buffered_duration=42_000)),
        (70_000, "STOP", status(69_900, (0, 41), position=41_000, buffered_duration=42_000)),
    )
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (41_000, 1, 28_900)


def test_media_that_ran_slowly_throughout_is_put_right_where_the_counter_is_lost() -> None:
    """At half the rate 30 s of media took a minute; a seek then threw the counter away."""
    row = play(
        (30_000, "HEARTBEAT", stop(30_000, (0, 15))),
        (60_000, "HEARTBEAT", stop(60_000, (0, 30))),
        (90_000, "STOP", stop(10_000, (0, 37.5), (50, 55))),
    )
    assert row.content_playing_time_ms == pytest.approx(85_000)
    assert "play_time_lower_bound" in row.approx


@pytest.mark.parametrize(
    ("waited_ms", "told"),
    [
        (2100, [(30_000, 29_900, 29.9), (72_000, 60_000, 60)]),
        (3500, [(30_000, 28_500, 28.5), (72_000, 60_000, 60)]),
        (3500, [(30_000, 28_500, 28.5), (62_000, 20_000, 60)]),
        (8800, [(30_000, 29_700, 29.7), (75_300, 45_000, 45)]),
    ],
    ids=["pause", "late first frame", "seek", "stall of an earlier session"],
)
def test_what_comes_later_does_not_hide_the_wait_before_ready(
    waited_ms: int, told: list[tuple[int, int, float]]
) -> None:
    """At the first heartbeat the stall did not fit beside the playing; a pause or a seek after it changes nothing."""
    (first_ms, first, end), (stop_ms, last, last_end) = told
    row = play(
        (first_ms, "HEARTBEAT", stop(first, (0, end), stall=(1, waited_ms))),
        (stop_ms, "STOP", stop(last, (0, last_end), stall=(1, waited_ms))),
        ready_ms=2000,
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert row.content_playing_time_ms == last_end * 1000
    assert row.watch_time_ms == last_end * 1000 + 2000
    assert "stalls_upper_bound" not in row.approx


def test_a_stall_after_a_pause_hid_the_wait_before_ready_is_as_long_as_told() -> None:
    """The wait goes whole, with what of it came after START: the player told it alone before the stall."""
    row = play(
        (30_000, "HEARTBEAT", stop(28_500, (0, 28.5), stall=(1, 3500))),
        (80_000, "STOP", stop(20_000, (0, 60), stall=(2, 4700))),
        ready_ms=2000,
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 1200)


def test_the_wait_before_ready_is_found_at_a_fast_rate() -> None:
    """Media over the fastest rate is the playing time, which leaves no room for the wait."""
    row = play(
        (30_000, "HEARTBEAT", stop(29_900, (0, 59.8), stall=(1, 2100))),
        (72_000, "STOP", stop(60_000, (0, 120), stall=(1, 2100))),
        ready_ms=2000,
    )
    assert (row.content_playing_time_ms, row.rebuffer_count) == (60_000, 0)


def test_a_stall_by_which_the_counter_lost_nothing_is_an_upper_bound() -> None:
    """However long, it may be the wait for the first data: only at the end of a pause would a stall cost nothing."""
    row = play((25_000, "STOP", stop(15_000, (0, 15), stall=(1, 3500))), ready_ms=2000)
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (15_000, 1, 3500)
    assert "stalls_upper_bound" in row.approx
    amid = play((25_000, "STOP", stop(8_000, (0, 15), stall=(1, 3500))), ready_ms=2000)
    assert (amid.rebuffer_count, amid.rebuffer_duration_ms) == (1, 3500)
    assert "stalls_upper_bound" not in amid.approx


def test_a_stall_amid_playing_stays_at_any_rate() -> None:
    """It threw away what was counted, so nothing says that it was before START."""
    row = play(
        (30_000, "HEARTBEAT", stop(12_000, (0, 53.4), stall=(1, 3000))),
        (43_300, "STOP", stop(25_300, (0, 80), stall=(1, 3000))),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 3000)


def test_a_wait_longer_than_the_session_takes_no_playing_time() -> None:
    """A stall amid playing has thrown the counter away, so how much of the two was before START is not judged."""
    row = play((5510, "STOP", stop(500, (0, 3.5), stall=(2, 7010))), ready_ms=5000)
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms) == (3500, 2010)
    assert "stalls_upper_bound" in row.approx


def test_a_machine_that_slept_did_not_play() -> None:
    """Norm rule 10: through a long gap the counter is believed as far as the media moved."""
    row = play(
        (30_000, "HEARTBEAT", stop(29_680, (0, 29.68))),
        (3_640_320, "HEARTBEAT", stop(3_640_000, (0, 40))),
        (3_660_320, "STOP", stop(3_660_000, (0, 60))),
    )
    assert (row.content_playing_time_ms, row.watch_time_ms) == (60_000, 60_150)
    assert "hole_credited" in row.approx
    assert "play_time_estimated" not in row.approx


def test_reports_that_were_lost_are_no_sleep() -> None:
    """The media moved as far as the counter; a seek later throws away what was counted, and no sleep is left in it."""
    row = play(
        (30_000, "HEARTBEAT", stop(29_680, (0, 29.68))),
        (240_000, "STOP", stop(239_680, (0, 239.68))),
    )
    assert row.content_playing_time_ms == 239_680
    assert "hole_credited" not in row.approx
    sought = play(
        (30_000, "HEARTBEAT", stop(29_680, (0, 29.68))),
        (3_640_320, "HEARTBEAT", stop(3_640_000, (0, 40))),
        (3_670_320, "STOP", stop(20_000, (0, 50), (100, 120))),
    )
    assert sought.content_playing_time_ms == 70_000


def test_stalls_of_an_earlier_session_are_taken_off() -> None:
    """What the first heartbeat counts was before playback, of stalls and dropped frames too."""
    row = row_of(
        (0, "START", start(None, 10)),
        (4, "HEARTBEAT", status(0, stall=(1, 4000), frame_drops=12)),
        (20_000, "STOP", status(9000, (0, 9), stall=(2, 5500), frame_drops=15)),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.dropped_frames) == (1, 1500, 3)


def test_without_a_stall_object_stalls_are_unknown() -> None:
    """Null is not zero."""
    row = row_of((0, "START", start()), (9000, "STOP", {"playback_duration": 8000}))
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (None, None)
    assert "stalls_unknown" in row.approx


def test_ready_but_never_played_is_no_attempt() -> None:
    """START says that the player is ready; nobody asked it to play."""
    row = row_of((0, "START", start()), (4, "HEARTBEAT", status(0)), (9000, "STOP", status(0)))
    assert (row.attempted, row.started, row.outcome, row.watch_time_ms) == (
        False,
        False,
        Outcome.NOT_ATTEMPTED,
        0,
    )


def test_a_session_without_start_is_a_view() -> None:
    """Its context is unknown and it says so; it cannot have begun later than its totals tell."""
    row = row_of((20_000, "STOP", status(7250, (0, 7.22))))
    assert (row.content_playing_time_ms, row.outcome, row.viewer_id) == (7250, Outcome.EXITED, None)
    assert "start_lost" in row.approx
    assert row.view_start_ms == BASE_MS + 12_750


def test_a_startup_error_is_a_failed_start() -> None:
    """START then ERROR, no heartbeat and no STOP: over at once."""
    error = {"name": "MEDIA_ERR_SRC_NOT_SUPPORTED: 4", "message": "gone", "position": 0}
    row = row_of((0, "START", start(37, 6)), (0, "ERROR", error), now_ms=1000)
    assert (row.outcome, row.closed, row.end_reason) == (Outcome.START_FAILED, True, EndReason.ENDED)
    assert (row.fatal_error_code, row.error_class, row.error_message) == (error["name"], "technical", "gone")
    assert (row.video_startup_time_ms, row.startup_wait_ms, row.watch_time_ms) == (None, 37, 37)
    assert row.extra["error_type"] == "PLAYBACK_UNSUPPORTED_MEDIA"


def test_a_mid_play_error_tells_what_was_played() -> None:
    """The ranges in the error's log count; stalls are known only up to the last heartbeat."""
    error = {
        "name": "MEDIA_ERR_NETWORK: 2",
        "log": json.dumps({"history": [], "playedRanges": [{"start": 0, "end": 5.915}]}),
    }
    row = row_of((0, "START", start()), (4, "HEARTBEAT", status(0)), (6500, "ERROR", error), now_ms=7000)
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.PLAYBACK_FAILED, 5915)
    assert "stalls_lower_bound" in row.approx
    assert "play_time_lower_bound" not in row.approx


def test_an_error_without_ranges_moves_by_its_position() -> None:
    """Native players tell no ranges: that the position moved says that it played."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", {"playback_duration": 0, "position": 0, "stall": {"count": 0, "duration": 0}}),
        (10_000, "ERROR", {"name": "HttpDataSourceException", "log": "stack\n trace", "position": 9500}),
    )
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.PLAYBACK_FAILED, 9500)
    assert {"play_time_estimated", "play_time_lower_bound"} <= set(row.approx)
    assert row.extra["error_type"] == "PLAYBACK_NETWORK_ERROR"


def test_an_old_warning_fails_nothing() -> None:
    """Builds before October 2024 sent warnings; errors without severity are fatal."""
    warning = {"name": "CoreMediaErrorDomain(-12318)", "severity": "Warning", "message": "too big"}
    row = row_of((0, "START", start()), (500, "ERROR", warning), (9000, "STOP", status(8000, (0, 8))))
    assert (row.outcome, row.error_count, row.warning_count) == (Outcome.EXITED, 0, 1)
    assert (row.error_code, row.fatal_error_code) == (warning["name"], None)


def test_an_error_after_which_it_plays_on_is_recovered() -> None:
    """More was played after it than can have been played before it."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0)),
        (5000, "ERROR", {"name": "E(1)", "log": {"playedRanges": [{"start": 0, "end": 4.5}]}}),
        (30_000, "HEARTBEAT", status(25_000, (0, 25))),
        (40_000, "STOP", status(35_000, (0, 35))),
    )
    assert (row.outcome, row.recovered_errors, row.error_count) == (Outcome.EXITED, 1, 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"name": "MEDIA_ERR_ABORTED: 1", "log": json.dumps({"errorType": "GEOBLOCK"})}, "GEOBLOCK"),
        ({"name": "MEDIA_ERR_ABORTED: 1", "log": json.dumps({"errorType": "UNKNOWN"})}, "UNKNOWN"),
        ({"name": "MEDIA_ERR_ABORTED: 1", "log": json.dumps({"errorType": "NEWREASON"})}, "NEWREASON"),
        ({"name": "x", "message": "GEOBLOCK"}, "GEOBLOCK"),
        ({"name": "x", "message": "This content is not available outside Switzerland."}, "GEOBLOCK"),
        ({"name": "x", "message": "Ce contenu n’est plus disponible."}, "ENDDATE"),
        (
            {"name": "x", "message": "Dieser Inhalt ist mit VPN oder Proxy nicht abspielbar."},
            "VPNORPROXYDETECTED",
        ),
        ({"name": "x", "message": "Dieser Inhalt ist nicht verfügbar."}, "UNKNOWN"),
        ({"name": "x", "business_error": True, "block_reason": "LEGAL"}, "LEGAL"),
        ({"name": "BlockReasonException"}, "UNKNOWN"),
        ({"name": "x", "business_error": False, "message": "GEOBLOCK"}, None),
        ({"name": "MEDIA_ERR_ABORTED: 1", "message": "stopped"}, None),
    ],
)
def test_restricted_content_is_no_failure(error: dict[str, Any], reason: str | None) -> None:
    """By the player's own word, by its message in five languages, or by what a server before us said."""
    row = row_of((0, "START", start()), (1, "ERROR", error))
    assert row.outcome == (Outcome.START_BLOCKED if reason else Outcome.START_FAILED)
    assert row.extra.get("block_reason") == reason
    assert row.error_class == ("business" if reason else "technical")


def test_a_missing_programme_is_a_failure() -> None:
    """It bears the message of a restriction, but the status says that it was not found."""
    log = json.dumps(
        {"errorType": "UNKNOWN", "status": 404, "url": "https://il.example/mediaComposition/byUrn/x"}
    )
    error = {"name": "MEDIA_ERR_CUSTOM: 0", "message": "This content is not available.", "log": log}
    row = row_of((0, "START", start()), (0, "ERROR", error))
    assert (row.outcome, row.extra["error_type"]) == (Outcome.START_FAILED, "IL_NOT_FOUND_ERROR")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MEDIA_ERR_DECODE: 3", "PLAYBACK_MEDIA_SOURCE_ERROR"),
        ("MEDIA_ERR_ENCRYPTED: 5", "DRM_ERROR"),
        ("NSURLErrorDomain(-1009)", "CONNECTION_ERROR"),
        ("NSURLErrorDomain(-1100)", "PLAYBACK_NETWORK_ERROR"),
        ("CoreMediaErrorDomain(-12318)", "PLAYBACK_MEDIA_SOURCE_ERROR"),
        ("Whatever", "UNKNOWN_ERROR"),
    ],
)
def test_technical_errors_have_a_kind(name: str, kind: str) -> None:
    """In the words of the official dashboards."""
    row = row_of((0, "START", start()), (1, "ERROR", {"name": name}))
    assert row.extra["error_type"] == kind


def test_silence_closes_after_a_hundred_seconds_and_a_late_event_reopens() -> None:
    """Heartbeats come every 30 s, also in a pause."""
    told: list[Told] = [
        (0, "START", start()),
        (4, "HEARTBEAT", status(0)),
        (30_000, "HEARTBEAT", status(29_000, (0, 29))),
    ]
    open_, closed = row_of(*told, now_ms=130_000), row_of(*told, now_ms=130_020)
    assert (open_.closed, open_.outcome) == (False, Outcome.EXITED)
    assert (closed.closed, closed.end_reason, closed.outcome) == (True, EndReason.DROPPED, Outcome.DROPPED)
    assert closed.view_end_ms == BASE_MS + 30_000
    folded = fold_view(PILLARBOX, "default", SESSION, events_of(*told), BASE_MS + 60_000)
    assert folded.due_ms == BASE_MS + 130_020
    late = row_of(*told, (200_000, "STOP", status(60_000, (0, 60))), now_ms=130_020)
    assert (late.closed, late.end_reason, late.outcome) == (True, EndReason.ENDED, Outcome.EXITED)


def test_silence_in_a_pause_is_idle() -> None:
    """A session whose last heartbeats tell the same total was not watching when it fell silent."""
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0)),
        (30_000, "HEARTBEAT", status(10_000, (0, 10))),
        (60_000, "HEARTBEAT", status(10_000, (0, 10))),
    )
    assert row.end_reason is EndReason.IDLE_TIMEOUT


def test_live_is_told_by_the_first_status_with_data() -> None:
    """Live has no duration and no furthest position, and its latency runs from the segment's date."""
    data = status(12_000, (10, 22), stream_type="Live", position=22_000, buffered_duration=9000)
    row = row_of(
        (0, "START", start()),
        (4, "HEARTBEAT", status(0, stream_type="Live", position=0, buffered_duration=6000)),
        (12_100, "STOP", {**data, "position_timestamp": BASE_MS + 5100}),
    )
    assert (row.live, row.stream_type, row.duration_ms, row.completed) == (True, "live", None, None)
    assert (row.latency_sum_ms, row.latency_count) == (7000, 1)


def test_marks_for_unknown_are_not_numbers() -> None:
    """Android: an unset duration is the smallest long, an unknown bitrate −1, a missing URL the word null."""
    row = row_of(
        (0, "START", start(media={"asset_url": "", "metadata_url": "null", "id": "m1"})),
        (9000, "STOP", {"playback_duration": 8000, "duration": -(2**63), "bitrate": -1}),
    )
    assert (row.duration_ms, row.bitrate_ms, row.source_url, row.video_id) == (None, 0, None, "m1")
    assert "metadata_url" not in row.extra


def test_the_end_is_seen_where_the_duration_is_told() -> None:
    """Native players send the duration; the web does not, so there it cannot be known."""
    told = {"playback_duration": 16_500, "duration": 16_548, "position": 16_548}
    ended = row_of((0, "START", start()), (17_000, "STOP", told))
    left = row_of((0, "START", start()), (17_000, "STOP", {**told, "position": 9000}))
    web = row_of((0, "START", start()), (17_000, "STOP", status(16_500)))
    assert (ended.completed, ended.outcome) == (True, Outcome.COMPLETED)
    assert (left.completed, left.outcome) == (False, Outcome.EXITED)
    assert web.completed is None


def test_states_add_up_to_the_durations() -> None:
    """Spans are rebuilt from growth: inside the view, in order, with the row's own sums."""
    row = row_of(
        (0, "START", start(800)),
        (4, "HEARTBEAT", status(0)),
        (30_000, "HEARTBEAT", status(25_000, (0, 25))),
        (60_000, "HEARTBEAT", status(10_000, (0, 40), stall=(1, 3000))),
        (75_000, "STOP", status(25_000, (0, 55), stall=(1, 3000))),
    )
    sums = dict.fromkeys(State, 0)
    for span in row.spans:
        sums[span.state] += span.end_ms - span.start_ms
    assert sums[State.PLAYING] == row.content_playing_time_ms == 55_000
    assert (sums[State.REBUFFER], sums[State.STARTUP]) == (3000, 800)
    assert (row.spans[0].start_ms, row.spans[-1].end_ms) == (row.view_start_ms, row.view_end_ms)
    assert "spans_estimated" in row.approx


WEB = {
    "browser": {
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
    },
    "device": {"id": "edf5fa63"},
    "media": {"asset_url": "https://cdn.example/a/b.m3u8?hdnea=1", "origin": "https://site.example/play?x=1"},
    "player": {"name": "Pillarbox", "version": "1.32.1", "platform": "Web"},
    "screen": {"width": 640, "height": 360},
}
APPLE = {
    "application": {"id": "ch.example.app", "version": "3.1"},
    "device": {"id": "8e92", "model": "iPad13,4", "type": "Tablet"},
    "media": {
        "asset_url": "https://cdn.example/c.m3u8",
        "id": "urn:rts:video:1",
        "metadata_url": "https://il.example/m?a=1",
    },
    "os": {"name": "iPadOS", "version": "18.0"},
    "player": {"name": "Pillarbox", "platform": "Apple", "version": "7.1.0", "language": "fr"},
    "screen": {"width": 1668, "height": 2388},
    "capabilities": {"fairPlay": {"level": "AppleMain", "hdcp": "1.4"}},
}


def test_web_dimensions() -> None:
    """Browser and system come from the user agent; the screen is the player's size; the video is its address."""
    row = row_of((0, "START", WEB), (1, "HEARTBEAT", status(0, audio="de", subtitles="en")))
    assert (row.viewer_id, row.video_id, row.protocol) == ("edf5fa63", "https://cdn.example/a/b.m3u8", "hls")
    assert (row.source_url, row.source_host) == ("https://cdn.example/a/b.m3u8", "cdn.example")
    assert (row.page_host, row.browser, row.os) == ("site.example", "Chrome", "Linux")
    assert (row.player_width_px, row.player_height_px) == (640, 360)
    assert (row.audio_language, row.subtitle_language) == ("de", "en")
    assert (row.sdk_name, row.sdk_version, row.player_name) == ("pillarbox-web", "1.32.1", "Pillarbox")


def test_apple_dimensions() -> None:
    """Native players name themselves; the VPN may stand in data or beside it."""
    row = row_of((0, "START", APPLE), (1, "HEARTBEAT", {"airplay": False}), vpn=True)
    assert (row.viewer_id, row.video_id, row.language) == ("8e92", "urn:rts:video:1", "fr")
    assert (row.application, row.application_version, row.page_url) == ("ch.example.app", "3.1", None)
    assert (row.device_type, row.device_model, row.os, row.os_version) == (
        "tablet",
        "iPad13,4",
        "iPadOS",
        "18.0",
    )
    assert (row.player_width_px, row.extra["screen_width"]) == (None, "1668")
    assert (row.extra["vpn"], row.extra["airplay"], row.extra["metadata_url"]) == (
        "true",
        "false",
        "https://il.example/m",
    )
    assert (row.extra["fairPlay_level"], row.extra["fairPlay_hdcp"]) == ("AppleMain", "1.4")


def test_android_tells_the_vpn_in_its_data() -> None:
    """The last word counts."""
    row = row_of(
        (0, "START", {"player": {"platform": "Android"}}),
        (1, "HEARTBEAT", {"vpn": True}),
        (2, "STOP", {"vpn": False}),
    )
    assert (row.extra["vpn"], row.sdk_name) == ("false", "pillarbox-android")


def test_no_events_make_no_row() -> None:
    """A view is its events."""
    assert list(PILLARBOX.fold([], BASE_MS).rows) == []


def test_only_unknown_events_make_an_empty_view() -> None:
    """They are kept, so the view is there; nothing was attempted."""
    row = row_of((0, "PING", {}), (5, "PONG", {}))
    assert (row.outcome, row.event_count, row.view_end_ms) == (Outcome.NOT_ATTEMPTED, 2, BASE_MS + 5)
