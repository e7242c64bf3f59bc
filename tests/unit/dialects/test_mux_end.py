"""How a Mux view begins, ends and goes silent."""

from __future__ import annotations

import pytest

from firstframe.view.record import Approx, EndReason, Outcome
from support_cases import BASE_MS
from support_mux import event, folded, numbered, parsed


def test_sleep_is_no_watch_time():
    """The device slept for ten minutes in the middle of a minute of playing."""
    row = folded(
        numbered(
            [
                event("play", 0),
                event("playing", 0),
                event("devicesleep", 30_000),
                event("devicewake", 630_000),
                event("viewend", 660_000),
            ]
        )
    )
    assert (row.content_playing_time_ms, row.watch_time_ms) == (60_000, 60_000)


def slept(*, before: int, after: int, **fields: object) -> list[dict]:
    """Away for a minute, half a minute after the last word; at its end the playhead is where it is then."""
    at = {"player_playhead_time": after, **fields}
    return [
        event("play", 0, player_playhead_time=0, **fields),
        event("playing", 0, player_playhead_time=0),
        event("hb", 10_000, player_playhead_time=before),
        event("devicesleep", 40_000, **at),
        event("devicewake", 100_000, **at),
        event(
            "viewend", 110_000, player_playhead_time=after + 10_000, view_playing_time_ms_cumulative=40_000
        ),
    ]


@pytest.mark.parametrize(
    ("after", "pause_ms"),
    [(40_000, 60_000), (100_000, 0), (70_000, 30_000), (5_000_000, 0), (0, 60_000)],
    ids=["device", "page_only", "half", "jump", "back"],
)
def test_a_page_that_slept_while_the_video_played(after, pause_ms):
    """A silent hidden page is woken once a minute, and calls it sleep: the playhead says what went on."""
    row = folded(numbered(slept(before=10_000, after=after)))
    assert (row.pause_time_ms, row.content_playing_time_ms) == (pause_ms, 110_000 - pause_ms)
    assert (Approx.HOLE_CREDITED in row.approx) == (pause_ms < 60_000)


@pytest.mark.parametrize(
    "fields",
    [
        {"video_source_is_live": True},  # the player jumps to the edge when it wakes
        {"view_playing_time_ms_cumulative": 10_000, "view_content_playback_time": 20_000},  # double speed
    ],
    ids=["live", "fast"],
)
def test_a_sleep_is_believed_where_the_playhead_cannot_tell(fields):
    """Who cannot know what the playhead should have done credits nothing."""
    row = folded(numbered(slept(before=20_000, after=100_000, **fields)))
    assert (row.pause_time_ms, Approx.HOLE_CREDITED in row.approx) == (60_000, False)


def test_the_sums_stand_still_after_a_sleep():
    """The SDK counts no playing until the next `playing`: where events are lost, its sum is too small."""
    events = numbered(slept(before=10_000, after=40_000))
    row = folded([*events[:2], *events[3:]])
    assert row.approx == [Approx.EVENTS_LOST, Approx.PLAY_TIME_ESTIMATED, Approx.SPANS_ESTIMATED]
    assert (row.content_playing_time_ms, row.watch_time_ms, row.pause_time_ms) == (50_000, 50_000, 60_000)


def test_a_programme_change_has_no_startup():
    """The content changed while it played: the view has started, and nobody waited."""
    row = folded(
        numbered(
            [
                event("viewstart", 0, mux_embed="mux-embed", view_program_changed=True, view_start=BASE_MS),
                event("hb", 10_000),
                event("viewend", 20_000),
            ]
        )
    )
    assert (row.attempted, row.started, row.video_startup_time_ms) == (True, True, None)
    assert (row.content_playing_time_ms, row.outcome) == (20_000, Outcome.EXITED)


@pytest.mark.parametrize("name", ["videochange", "programchange"])
def test_a_change_of_video_ends_the_view_it_comes_in(name):
    """A custom integration may send it instead of `viewend`, with the data of the next video."""
    row = folded(
        [
            event("play", 0, video_title="First"),
            event("playing", 100),
            event(name, 5_100, video_title="Second"),
            event("timeupdate", 9_000),
        ]
    )
    assert (row.end_reason, row.video_title) == (EndReason.ENDED, "First")
    assert (row.content_playing_time_ms, row.outcome) == (5_000, Outcome.EXITED)


def test_the_next_source_does_not_reach_back():
    """`viewend` after a change of source is read off a player that shows the next one."""
    row = folded(
        numbered(
            [
                event("play", 0, video_source_url="https://a.example/1.mp4", video_source_duration=60_000),
                event("playing", 10, player_playhead_time=0, video_playback_range='["0:9000"]'),
                event(
                    "viewend",
                    19_000,
                    mux_embed="mux-embed",
                    video_source_url="https://a.example/2.mp4",
                    video_source_duration=None,
                    player_playhead_time=0,
                    view_max_playhead_position=19_000,
                    video_playback_range='["19:0"]',
                ),
            ]
        )
    )
    assert (row.source_url, row.duration_ms) == ("https://a.example/1.mp4", 60_000)
    assert (row.max_playhead_ms, row.played_ranges) == (19_000, [(0, 9_000)])


def test_the_next_view_has_not_been_where_the_one_before_it_was():
    """The SDK takes the furthest position before the player lets go of the video that was replaced."""
    first = {"view_sequence_number": 1, "player_sequence_number": 14}
    events = [
        event("loadstart", 0, player_playhead_time=0, view_max_playhead_position=39_470, **first),
        event("viewstart", 300, view_sequence_number=2, view_max_playhead_position=39_470),
        event("playing", 330, view_sequence_number=3, player_playhead_time=3),
        event("viewend", 3_330, view_sequence_number=4, player_playhead_time=3_009),
    ]
    events[-1]["view_max_playhead_position"] = 39_470
    assert folded(events).max_playhead_ms == 3_009
    events[-1]["view_max_playhead_position"] = 40_000  # seeked to, and back
    assert folded(events).max_playhead_ms == 40_000


@pytest.mark.parametrize(("paused", "playing_ms", "pause_ms"), [(True, 8_000, 2_000), (False, 10_000, 0)])
def test_a_source_replaced_amid_playing_stops_it(paused, playing_ms, pause_ms):
    """No `videochange` and no `pause`: the element is paused, and the SDK dates a stall back that was none."""
    row = folded(
        numbered(
            [
                event("viewstart", 0, mux_embed="mux-embed", player_is_paused=False),
                event("playing", 0, player_playhead_time=0),
                event("loadstart", 4_001, player_is_paused=paused, player_playhead_time=0),
                *([event("play", 6_001, player_is_paused=False), event("playing", 6_001)] if paused else []),
                *([event("rebufferstart", 4_000), event("rebufferend", 6_005)] if paused else []),
                event("viewend", 10_000, view_rebuffer_count=int(paused)),
            ]
        )
    )
    assert (row.content_playing_time_ms, row.pause_time_ms) == (playing_ms, pause_ms)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)


def test_a_player_that_never_stops_says_no_end():
    """A source replaced amid playing: no play, so no `viewstart`, and then the SDK sends no `viewend` either."""
    fields = {"mux_embed": "mux-embed", "player_is_paused": False}
    events = [
        event("loadstart", 0, **fields),
        event("playing", 200),
        event("hb", 10_200),
        event("hb", 20_200),
    ]
    row = folded(numbered(events))
    assert (row.outcome, row.end_reason) == (Outcome.EXITED, EndReason.IDLE_TIMEOUT)
    assert (row.closed, row.content_playing_time_ms) == (True, 20_000)
    _, *kept = numbered(events)
    lost = folded([one for one in kept if one["view_sequence_number"] != 3])
    assert (lost.outcome, lost.end_reason) == (Outcome.DROPPED, EndReason.DROPPED)
    begun = numbered([event("loadstart", 0, **fields), event("viewstart", 100), event("playing", 200)])
    assert folded(begun).end_reason is EndReason.DROPPED


def test_a_view_without_an_end():
    """Alive until 15 s after its last word, over after 5 minutes of silence, alive again when it speaks."""
    events = numbered([event("play", 0), event("playing", 500), event("hb", 10_500)])
    first = parsed(events, received_ms=20_500, transmission_timestamp=BASE_MS + 20_400)
    open_ = folded(first, now_ms=200_000)
    assert (open_.closed, open_.content_playing_time_ms) == (False, 19_900)
    over = folded(first, now_ms=400_000)
    assert (over.closed, over.end_reason, over.outcome) == (True, EndReason.DROPPED, Outcome.DROPPED)
    late = parsed([{**event("hb", 900_000), "view_sequence_number": 4}], received_ms=900_000)
    assert folded([*first, *late], now_ms=901_000).closed is False


def test_a_paused_view_is_never_split():
    """Paused for three hours, then watched to the end: one row; silent in a pause it is over after one hour."""
    begin = [event("play", 0), event("playing", 0), event("pause", 10_000)]
    paused = parsed(numbered(begin))
    assert folded(paused, now_ms=3_000_000).closed is False
    assert folded(paused, now_ms=3_700_000).end_reason == EndReason.IDLE_TIMEOUT
    rest = [event("play", 10_800_000), event("playing", 10_800_000), event("viewend", 10_810_000)]
    row = folded(parsed(numbered([*begin, *rest])))
    assert (row.content_playing_time_ms, row.pause_time_ms) == (20_000, 10_790_000)
    assert (row.ordinal, row.outcome) == (0, Outcome.EXITED)


def test_a_page_that_was_never_played():
    """A player that was only loaded is an impression."""
    row = folded(numbered([event("playerready", 0), event("loadstart", 5)]))
    assert (row.attempted, row.outcome, row.watch_time_ms) == (False, Outcome.NOT_ATTEMPTED, 0)


def test_the_sdk_says_that_it_gave_up():
    """`eventrateexceeded` and a cut queue mean that events are missing."""
    start = [event("play", 0), event("playing", 0)]
    cut = folded(numbered([*start, event("viewend", 9, mux_view_message="event queue truncated")]))
    exceeded = folded([*numbered(start), {**event("eventrateexceeded", 9), "view_sequence_number": 2}])
    assert Approx.EVENTS_LOST in cut.approx
    assert Approx.EVENTS_LOST in exceeded.approx
