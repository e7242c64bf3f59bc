"""Time and media time where the speed is not 1, which no field says."""

from __future__ import annotations

import pytest

from firstframe.dialects.mux.speed import into_stalls_ms, is_normal
from firstframe.view.record import Approx, State
from support_cases import BASE_MS
from support_mux import event, folded, numbered


def sums(played: float | None, moved: float | None, **stalls: float) -> dict[str, float | None]:
    return {
        "view_playing_time_ms_cumulative": played,
        "view_content_playback_time": moved,
        **{f"view_rebuffer_{name}": value for name, value in stalls.items()},
    }


@pytest.mark.parametrize(
    ("said", "normal"),
    [
        # recorded from the SDK at normal speed: wire notes, section 10
        (sums(17_032, 16_922), True),
        (sums(19_352, 17_118, count=2, duration=6_107), True),
        (sums(13_269, 12_109, count=1, duration=3_047), True),
        (sums(8_276, 7_689), True),  # six seeks in pauses
        (sums(17_812, 16_794, count=2, duration=3_127), True),
        (sums(17_032, None), True),
        (sums(None, 17_032), True),
        # at double and at half speed
        (sums(36_000, 64_999, count=1, duration=3_025), False),
        (sums(25_000, 14_999), False),
        (sums(600_000, 630_000), False),
        (sums(600_000, 610_000), True),  # a live player that catches up
    ],
)
def test_normal_speed(said, normal):
    """The two sums differ by what ran into stalls, and by a little."""
    assert is_normal(said) is normal


@pytest.mark.parametrize(
    ("stalls", "late_ms"),
    [
        ({}, 0),
        ({"count": 2, "duration": 6_107}, 2_000),
        ({"count": 2, "duration": 900}, 900),
        ({"count": 1}, 1_000),  # still open: its length comes later
    ],
)
def test_what_ran_into_stalls(stalls, late_ms):
    """A second of each, or all of it."""
    assert into_stalls_ms(sums(None, None, **stalls)) == late_ms


def at_speed(speed: float) -> list[dict]:
    """Ten seconds at normal speed, twenty at another, a stall of three, ten more: as the SDK counts."""
    late, shown = 1_000, 10_000 + speed * 20_000
    return [
        event("play", 0, view_watch_time=0),
        event("playing", 100, view_time_to_first_frame=100, view_watch_time=100),
        event("ratechange", 10_100, **sums(10_000, 10_000), view_watch_time=10_100),
        event("hb", 20_100, **sums(20_000, 10_000 + speed * 10_000), view_watch_time=20_100),
        event("rebufferstart", 30_100, **sums(30_000 + late, shown, count=1), view_watch_time=31_100),
        event("rebufferend", 33_100, **sums(31_000, shown, duration=3_000), view_watch_time=33_100),
        event(
            "viewend",
            43_100,
            **sums(40_000 + late, shown + speed * 10_000, count=1, duration=3_000),
            view_start=BASE_MS,
            view_watch_time=43_100,
            view_time_to_first_frame=100,
        ),
    ]


@pytest.mark.parametrize("speed", [0.5, 2])
@pytest.mark.parametrize("lost", [[], [2], [3], [2, 3], [1, 2, 3, 4, 5]], ids=str)
def test_playing_time_at_another_speed(speed, lost):
    """Whatever is lost, also the event that says that the speed changed: playing time is the viewer's."""
    events = numbered(at_speed(speed))
    row = folded([one for number, one in enumerate(events) if number not in lost])
    assert (row.content_playing_time_ms, row.watch_time_ms) == (40_000, 43_100)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 3_000)
    assert row.media_time_ms == 10_000 + speed * 30_000
    assert (Approx.EVENTS_LOST in row.approx) == bool(lost)
    played = [span for span in row.spans if span.state is State.PLAYING]
    assert sum(span.end_ms - span.start_ms for span in played) == 40_000


def test_media_time_where_the_speed_was_set_before_the_sdk_came():
    """Nothing is lost and no event tells of a speed; the sums do."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0),
                event("viewend", 20_000, **sums(20_000, 40_000)),
            ]
        )
    )
    assert (row.content_playing_time_ms, row.media_time_ms) == (20_000, 40_000)
