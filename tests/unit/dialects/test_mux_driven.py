"""What mux-embed 5.19.0 sends of sessions whose truth is known: driven in virtual time, cut down to what matters."""

from __future__ import annotations

from typing import Any

import pytest

from firstframe.view.derived import derive
from firstframe.view.record import Approx, EndReason, Outcome, ViewRecord
from support_cases import BASE_MS
from support_mux import event, folded, numbered, parsed

HB_MS = 10_000


def at(name: str, at_ms: int, playhead_ms: int, **fields: Any) -> dict[str, Any]:
    return event(name, at_ms, player_playhead_time=playhead_ms, **fields)


def row_of(*events: dict[str, Any], lost: int | None = None) -> ViewRecord:
    sent = numbered(events)
    return folded([each for place, each in enumerate(sent) if place != lost])


def beats(first_ms: int, last_ms: int, lead_ms: int) -> list[dict[str, Any]]:
    """Heartbeats of playing at the rate of 1: the playhead is so far behind the clock."""
    return [at("hb", at_ms, at_ms - lead_ms) for at_ms in range(first_ms, last_ms + 1, HB_MS)]


STARTED = (at("viewstart", 0, 0), at("play", 0, 0), at("playing", 1000, 0, view_time_to_first_frame=1000))


def test_short_stall_that_is_found_behind_its_end() -> None:
    """The SDK notices it with the next advance: `playing` is sent before the stall, which is dated back."""
    row = row_of(
        *STARTED,
        at("waiting", 6000, 5000),
        at("playing", 6900, 5000),
        at("rebufferstart", 6000, 5010, view_rebuffer_count=1),
        at("rebufferend", 6900, 5010, view_rebuffer_duration=900),
        at("viewend", 11_000, 9100, view_rebuffer_count=1, view_rebuffer_duration=900),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 900, 9100)


@pytest.mark.parametrize(
    ("playing_ms", "told_ms"),
    [(4266, None), (4524, 335), (4918, 755)],
)
def test_short_stall_at_twice_the_speed(playing_ms: int, told_ms: int | None) -> None:
    """The SDK finds too little of it or nothing, but the player says when it waits and when frames move again."""
    told = (
        ()
        if told_ms is None
        else (
            at("rebufferstart", 4000, 6170, view_rebuffer_count=1),
            at("rebufferend", 4000 + told_ms, 6170, view_rebuffer_duration=told_ms),
        )
    )
    row = row_of(
        *STARTED,
        at("ratechange", 1010, 20),
        at("waiting", 4000, 6000),
        at("playing", playing_ms, 6140),
        *told,
        at("viewend", 9000, 14_200, view_rebuffer_count=len(told) // 2 or None),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, playing_ms - 4000)
    assert row.content_playing_time_ms == 8000 - (playing_ms - 4000)
    assert row.approx == []


def test_page_that_was_kept_and_brought_back() -> None:
    """The browser pauses what it keeps: the SDK tells of a stall first, with a paused player, and then of the pause."""
    row = row_of(
        *STARTED,
        at("hb", 4146, 3093, player_is_paused=False),
        at("rebufferstart", 4137, 3110, player_is_paused=True, view_rebuffer_count=1),
        at("rebufferend", 6751, 3110, view_rebuffer_duration=2614),
        at("pause", 6784, 3110),
        at("play", 7967, 3110, player_is_paused=False),
        at("playing", 7970, 3110),
        at("viewend", 12_059, 7102),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert row.pause_time_ms == 7967 - 4137
    assert row.content_playing_time_ms == (4137 - 1000) + (12_059 - 7970)


HIDDEN_AT_MS = 4146


def hidden_then(*events: dict[str, Any], lacking: int = 3, together: bool = False) -> ViewRecord:
    """A page that is hidden while it plays, and throws this many heartbeats away before it says more."""
    opening = {**STARTED[0], "mux_embed": "mux-embed"}
    before = [opening, *STARTED[1:], at("hb", 4000, 3000, view_playing_time_ms_cumulative=3020)]
    sent = numbered([*before, *(at("hb", HIDDEN_AT_MS, 3146) for _ in range(lacking)), *events])
    if together:
        return folded([*sent[: len(before)], *sent[len(before) + lacking :]])
    early = parsed(sent[: len(before)], transmission_timestamp=BASE_MS + HIDDEN_AT_MS)
    late = parsed(sent[len(before) + lacking :], transmission_timestamp=BASE_MS + 40_000)
    return folded([*early, *late])


def test_heartbeats_that_a_hidden_page_throws_away() -> None:
    """Seen again, it pauses, and is left: nothing that a number could change is missing."""
    row = hidden_then(
        at("pause", 28_000, 27_000), at("play", 30_000, 27_000), at("playing", 30_000, 27_000),
        at("viewend", 33_000, 30_000),
    )  # fmt: skip
    assert (row.content_playing_time_ms, row.pause_time_ms, row.approx) == (30_000, 2000, [])


def test_stall_behind_the_heartbeats_of_a_hidden_page() -> None:
    """It is told as one that a page in view finds."""
    row = hidden_then(
        at("rebufferstart", 26_000, 25_000, view_rebuffer_count=1),
        at("rebufferend", 29_000, 25_000, view_rebuffer_duration=3000),
        at("viewend", 33_000, 29_000, view_rebuffer_count=1, view_rebuffer_duration=3000),
    )
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms, row.approx) == (29_000, 3000, [])


def test_seek_behind_the_heartbeats_of_a_hidden_page() -> None:
    """Its position is where it leads to; the playing sum says that it played until then."""
    row = hidden_then(
        at("seeking", 28_000, 90_000, view_playing_time_ms_cumulative=27_030),
        at("seeked", 28_100, 90_000),
        at("playing", 28_100, 90_000),
        at("viewend", 33_000, 94_900),
    )
    assert (row.content_playing_time_ms, row.seek_time_ms, row.approx) == (31_900, 100, [])


@pytest.mark.parametrize(
    ("playhead", "lacking"),
    [(27_000, 4), (22_000, 3), (32_000, 3)],
    ids=["too_many", "stood", "jumped"],
)
def test_what_else_is_missing_in_a_hidden_page_is_lost(playhead: int, lacking: int) -> None:
    """More numbers than there was time for heartbeats, or a playhead that did not just go on."""
    row = hidden_then(at("viewend", 28_000, playhead), lacking=lacking)
    assert Approx.EVENTS_LOST in row.approx


def test_heartbeats_missing_in_what_was_sent_at_once_are_lost() -> None:
    """A page throws none away that goes with others."""
    row = hidden_then(at("viewend", 28_000, 27_000), together=True)
    assert Approx.EVENTS_LOST in row.approx


@pytest.mark.parametrize("paused", [False, True])
def test_what_a_hidden_page_did_not_tell_is_flagged(paused: bool) -> None:
    """It died: phones pause a page that is hidden, and its `pause` waits for a batch that is never sent."""
    row = row_of(*STARTED, at("hb", 4146, 3093), *([at("pause", 4200, 3147)] if paused else []))
    bounds = {Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND}
    assert set(row.approx) == {Approx.PAUSE_LOWER_BOUND, *(() if paused else bounds)}


def test_stall_after_the_error_of_an_ad() -> None:
    """The SDK stops its clocks at it, though content plays: the playhead tells, as after any error."""
    row = row_of(
        *STARTED,
        at("aderror", 6000, 5000),
        at("hb", 16_000, 15_000),
        at("waiting", 26_000, 25_000),
        *(at("hb", at_ms, 25_000) for at_ms in range(36_000, 67_000, HB_MS)),
        at("viewend", 71_000, 25_000),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 45_000, 25_000)


def test_lost_heartbeat_after_the_error_of_an_ad() -> None:
    """The sums stand still since the error, so they do not say what was watched."""
    sums = {"view_watch_time": 6000, "view_playing_time_ms_cumulative": 5000}
    row = row_of(
        *STARTED,
        at("aderror", 6000, 5000, **sums),
        *beats(16_000, 86_000, 1000),
        at("viewend", 91_000, 90_000, **sums),
        lost=7,
    )
    assert (row.watch_time_ms, row.content_playing_time_ms, row.pause_time_ms) == (91_000, 90_000, 0)


def test_startup_goes_on_behind_a_preroll_that_failed() -> None:
    """The SDK's own number ends at the ad's error."""
    row = row_of(
        event("viewstart", 0),
        event("play", 0),
        event("adrequest", 50),
        event("aderror", 550),
        at("playing", 3050, 0, view_time_to_first_frame=550),
        event("viewend", 11_050),
    )
    assert row.video_startup_time_ms == row.startup_wait_ms == 3050


def test_ranges_end_at_a_warning() -> None:
    """The SDK states no more of them, so what was watched is not known from there: the furthest position is."""
    stated = {"video_playback_range": '["0:4000"]', "video_source_duration": 80_000}
    row = row_of(
        *STARTED,
        at("error", 5000, 4000, player_error_severity="warning", **stated),
        *beats(15_000, 75_000, 1000),
        at("pause", 81_000, 80_000),
        at("ended", 81_000, 80_000),
        at("viewend", 90_000, 80_000, view_max_playhead_position=80_000, **stated),
    )
    assert (row.outcome, row.played_range_ms, derive(row)["completion_ratio"]) == (Outcome.COMPLETED, None, 1)


def test_ranges_of_a_video_that_was_skipped_at_once() -> None:
    """Its one range would be said with the end, where the playhead is in the next video already."""
    row = row_of(
        *STARTED,
        at(
            "viewend",
            8000,
            0,
            video_source_duration=14_000,
            video_playback_range="[]",
            view_max_playhead_position=7000,
        ),
    )
    assert (row.content_playing_time_ms, row.played_range_ms, derive(row)["completion_ratio"]) == (
        7000,
        None,
        0.5,
    )


def test_content_gives_way_to_an_ad() -> None:
    """Its `pause` comes behind the break's begin: the viewer waits for the ad."""
    row = row_of(
        event("viewstart", 0),
        event("play", 0),
        event("adbreakstart", 100),
        event("pause", 101),
        event("adplay", 500),
        event("viewend", 3500, view_watch_time=3101),
    )
    assert (row.startup_wait_ms, row.watch_time_ms, row.pause_time_ms) == (3500, 3500, 0)


def test_monitored_when_it_played_already() -> None:
    """No play was heard, so there is no startup; the SDK says 0."""
    row = row_of(
        at("loadstart", 0, 0), at("playing", 900, 0, view_time_to_first_frame=0), at("viewend", 9000, 8000)
    )
    assert row.attempted
    assert row.started
    assert row.video_startup_time_ms is None


def test_monitored_amid_playing() -> None:
    """The SDK makes up a play and a first frame within milliseconds, for a player that has long shown frames."""
    row = row_of(
        at("networkchange", 0, 2098, player_is_paused=False),
        at("viewstart", 9, 2098),
        at("play", 13, 2098),
        at("playing", 17, 2098, view_time_to_first_frame=8),
        at("viewend", 5017, 7098),
    )
    assert (row.started, row.video_startup_time_ms, row.content_playing_time_ms) == (True, None, 5000)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_view_that_broke_off_says_that_it_did() -> None:
    """The SDK sends a batch every ten seconds: the last one of a view without `viewend` is not known."""
    row = row_of(at("networkchange", 0, 0, player_is_paused=True), at("viewstart", 10, 0))
    assert (row.started, row.end_reason) == (False, EndReason.DROPPED)
    assert {Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND} <= set(row.approx)


@pytest.mark.parametrize(
    ("cut", "stalled_ms"),
    [
        (at("viewend", 5203, 3947), 653),
        (at("seeking", 5203, 3947), 653),
        (at("pause", 5203, 3947), 653),
        (at("error", 5203, 3947, player_error_code="2"), 653),
        (at("pause", 4700, 3947), 0),
        (at("pause", 5203, 4500), 0),
    ],
    ids=["left", "sought", "paused", "failed", "too short", "it moved"],
)
def test_stall_that_is_cut_short(cut: dict[str, Any], stalled_ms: int) -> None:
    """The SDK finds a stall after a second of it, and tells of none that ends sooner but by playing."""
    start = (at("viewstart", 524, 0), at("play", 526, 0), at("playing", 550, 12, view_time_to_first_frame=26))
    row = row_of(*start, at("waiting", 4550, 3947), cut, at("viewend", 5300, 4500, view_rebuffer_count=0))
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (int(stalled_ms > 0), stalled_ms)
    assert row.content_playing_time_ms <= 5203 - 550 - stalled_ms + 97


@pytest.mark.parametrize("found_ms", [6020, 5000, 4990])
def test_stall_that_is_dated_when_it_was_found(found_ms: int) -> None:
    """mux-embed 4.1.1 finds it a second late, and says so; `waiting` came when it began. Today's dates it back."""
    row = row_of(
        *STARTED,
        at("waiting", 5000, 3947),
        at("rebufferstart", found_ms, 3950, view_rebuffer_count=1),
        at("rebufferend", 7100, 4018),
        at("viewend", 10_100, 7018),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 7100 - min(found_ms, 5000))
    assert row.content_playing_time_ms == 9100 - row.rebuffer_duration_ms


def test_wait_that_was_another() -> None:
    """Frames moved between it and the stall."""
    row = row_of(
        *STARTED,
        at("waiting", 3000, 1990),
        at("rebufferstart", 5000, 3940, view_rebuffer_count=1),
        at("rebufferend", 7000, 3950),
        at("viewend", 10_000, 6950),
    )
    assert row.rebuffer_duration_ms == 2000
