"""Sessions of web players that tell no played ranges: @srgssr/pillarbox-web 1.21.1, visited with a known truth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstframe.dialects.pillarbox import PILLARBOX
from firstframe.fold.finish import fold_view
from firstframe.view.record import Approx, ViewRecord
from support_cases import BASE_MS, beacon_of

WEB = {"player": {"name": "Pillarbox", "version": "1.21.1", "platform": "Web"}}
OPENING = {
    "playback_duration": 0,
    "stall": {"count": 0, "duration": 0},
    "position": 0,
    "buffered_duration": 2_000,
}
ON_DEMAND = {"stream_type": "On-demand"}


def _body(at_ms: int, name: str, data: dict[str, Any]) -> bytes:
    told = {"event_name": name, "session_id": "old", "timestamp": BASE_MS + at_ms, "version": 1, "data": data}
    return json.dumps(told).encode()


def visited(
    at_ms: int,
    counted_ms: int,
    position_ms: int,
    buffered_ms: int,
    stall: tuple[int, int] = (0, 0),
    start: dict[str, Any] = WEB,
    **more: Any,
) -> ViewRecord:
    """A session of START, the heartbeat with it, and STOP."""
    stop = {
        "playback_duration": counted_ms,
        "stall": {"count": stall[0], "duration": stall[1]},
        "position": position_ms,
        "buffered_duration": buffered_ms,
    }
    told = [
        (0, "START", start),
        (1, "HEARTBEAT", OPENING | ON_DEMAND),
        (at_ms, "STOP", stop | ON_DEMAND | more),
    ]
    events = [
        event
        for when, name, data in told
        for event in PILLARBOX.parse(
            beacon_of(_body(when, name, data), BASE_MS + when, dialect="pillarbox", route="/api/events")
        ).events
    ]
    return fold_view(PILLARBOX, "default", events[0].native_view_id, events, BASE_MS + 10**9).rows[0]


def test_what_a_stall_threw_away_is_where_the_position_came_to() -> None:
    """The counter has what was played since the stall: 3.3 s of 7.3 s."""
    row = visited(10_300, 3_255, 7_200, 44_000, stall=(1, 2_645))
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (7_200, 1, 2_645)
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)


def test_a_position_that_the_session_had_no_time_for() -> None:
    """A seek brought it there: what the counter has is the least."""
    row = visited(7_200, 3_049, 22_982, 40_000, stall=(1, 500))
    assert row.content_playing_time_ms == 3_049
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_a_counter_that_runs_on_in_a_stall() -> None:
    """The buffer ends where the position stands: what was counted beyond it was a stall."""
    row = visited(16_140, 16_047, 5_944, 6_000)
    assert (row.content_playing_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (5_944, 1, 10_103)
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_UPPER_BOUND} <= set(row.approx)


def test_a_counter_beyond_the_position_in_a_full_buffer() -> None:
    """Somebody went back: the counter stands, and says that nothing confirms it."""
    row = visited(30_000, 20_000, 4_000, 30_000)
    assert (row.content_playing_time_ms, row.rebuffer_count) == (20_000, 0)
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_LOWER_BOUND} <= set(row.approx)


def test_a_normal_session_says_that_nothing_confirms_it() -> None:
    """A loop looks the same."""
    row = visited(5_500, 5_100, 5_031, 38_000)
    assert row.content_playing_time_ms == 5_100
    assert set(row.approx) == {"play_time_estimated", "spans_estimated"}


def test_a_live_position_is_no_measure() -> None:
    """It begins at the edge."""
    row = visited(9_900, 3_000, 13_000, 12_000, stall=(1, 800), stream_type="Live")
    assert row.content_playing_time_ms == 3_000
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


@pytest.mark.parametrize("player", [{"name": "Pillarbox", "platform": "Apple"}, "Pillarbox", None])
def test_native_players_count_right(player: Any) -> None:
    """They tell no ranges either."""
    row = visited(10_300, 7_300, 7_200, 44_000, stall=(1, 2_645), start={"player": player})
    assert row.content_playing_time_ms == 7_300
    assert Approx.PLAY_TIME_ESTIMATED not in row.approx
