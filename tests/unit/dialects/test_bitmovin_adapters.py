"""What the video.js, dash.js and Shaka adapters of bitmovin-analytics 2.51.0 send for visits whose truth is known."""

from __future__ import annotations

from typing import Any

import pytest

from firstframe.view.record import Approx, EndReason, Outcome
from support_bitmovin import Session, events_of, row_of

VIDEOJS = {"player": "videojs", "version": "videojs-8.23.4", "videoDuration": 60_000}
DASHJS = {"player": "dashjs", "version": "dashjs-5.2.1", "videoDuration": 60_000}


def at(start_ms: int, end_ms: int) -> dict[str, Any]:
    """The media positions of a sample."""
    return {"videoTimeStart": start_ms, "videoTimeEnd": end_ms}


def playing(**always: Any) -> Session:
    """Set up, started, and 3.7 s of playing."""
    session = Session(**{**VIDEOJS, **always}).add("setup", 50, **at(0, 0)).add("startup", 280, **at(0, 220))
    return session.add("playing", 3_700, **at(220, 3_920))


# video.js: stalls


def test_the_rest_of_a_stall_is_told_as_playing() -> None:
    """video.js goes on firing `timeupdate`: the first of them ends the stall for the collector."""
    session = playing().add("rebuffering", 255, **at(3_920, 3_920))
    row = row_of(session.add("playing", 5_400, **at(3_920, 6_950)).leave())
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 255 + 5_400 - 3_030)
    assert row.content_playing_time_ms == 3_700 + 3_030
    assert (row.max_playhead_ms, row.media_time_ms) == (6_950, 220 + 3_700 + 3_030)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_a_stall_that_is_left() -> None:
    """Nothing moves until the page is left."""
    session = playing().add("rebuffering", 257, **at(3_920, 3_920))
    session.add("playing", 2_400, time=session.now_ms, **at(3_920, 3_920)).add("closed", **at(3_920, 3_920))
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.max_playhead_ms) == (1, 2_657, 3_920)
    assert row.content_playing_time_ms == 3_700


def test_one_stall_that_is_noticed_twice() -> None:
    """The element says `stalled` in it."""
    session = playing().add("rebuffering", 260, **at(3_920, 3_920)).add("playing", 730, **at(3_920, 3_920))
    session.add("rebuffering", 1_390, **at(3_920, 4_100)).add("playing", 2_900, **at(4_100, 7_000)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 260 + 730 + 1_390 - 180)
    assert row.content_playing_time_ms == 3_700 + 180 + 2_900


def test_a_stall_cut_by_a_heartbeat() -> None:
    """The media still stands where the next sample of playing begins."""
    session = playing().add("rebuffering", 255, **at(3_920, 3_920)).add("playing", 59_700, **at(3_920, 3_920))
    row = row_of(session.add("playing", 9_000, **at(3_920, 9_920)).leave())
    assert row.rebuffer_duration_ms == 255 + 59_700 + 3_000
    assert row.content_playing_time_ms == 3_700 + 6_000


def test_a_stall_at_twice_the_speed_is_a_lower_bound() -> None:
    """The rate is never told: how long the media stood is not known, only that it may have."""
    session = Session(**VIDEOJS).add("setup", 50).add("startup", 280, **at(0, 440))
    session.add("playing", 4_000, **at(440, 8_440)).add("rebuffering", 255, **at(8_440, 8_440))
    row = row_of(session.add("playing", 5_000, **at(8_440, 12_440)).leave())
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (255, 9_000)
    assert {Approx.STALLS_LOWER_BOUND, Approx.PLAY_TIME_ESTIMATED} <= set(row.approx)


def test_the_adapters_that_watch_the_element_are_believed() -> None:
    """They wait for media that moves; what plays more slowly behind a stall was played more slowly."""
    session = playing(player="html5", version="html5-").add("rebuffering", 2_600, **at(3_920, 3_920))
    row = row_of(session.add("playing", 5_400, **at(3_920, 6_950)).leave())
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (2_600, 9_100)


def test_old_adapters_are_as_video_js() -> None:
    """That of HTML5 did not look yet whether the media moved, and counted no frames."""
    old = {
        "player": "html5",
        "version": "html5-Chrome 156",
        "analyticsVersion": "v2.24.1",
        "droppedFrames": 0,
    }
    session = (
        playing(**old).add("rebuffering", 258, **at(3_920, 3_920)).add("playing", 1_012, **at(3_920, 3_920))
    )
    row = row_of(
        session.add("rebuffering", 865, **at(3_920, 3_990)).add("playing", 3_000, **at(3_990, 6_990))
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 258 + 1_012 + 865 - 70)
    assert row.dropped_frames is None


@pytest.mark.parametrize(("version", "bound"), [("v2.24.1", True), ("v2.43.3", False), ("v3.0.0", False)])
def test_old_adapters_may_have_paused_for_nothing(version: str, bound: bool) -> None:
    """A change of speed, or of source, is a seek to them, and playing is never told again."""
    row = row_of(playing(player="html5", version="html5-", analyticsVersion=version))
    assert (Approx.PLAY_TIME_LOWER_BOUND in row.approx) is bound
    assert Approx.PAUSE_LOWER_BOUND in row.approx


# video.js: seeks


def test_what_plays_behind_a_seek_is_in_no_sample() -> None:
    """The seek is told with the first time update behind it, by its own length."""
    session = playing()
    session.now_ms += 270
    session.add("seeking", 4, **at(3_920, 20_190)).add("playing", 2_800, **at(20_190, 22_990)).leave()
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms) == (1, 24)
    assert row.content_playing_time_ms == 3_700 + 250 + 2_800
    assert row.watch_time_ms == row.view_end_ms - row.view_start_ms - 50


def test_scrubbing() -> None:
    """Frames moved between the seeks."""
    session = playing()
    for target in (10_000, 15_000, 25_000):
        session.now_ms += 200
        session.add("seeking", 15, **at(3_920, target + 190))
    row = row_of(session.add("playing", 2_800, **at(25_190, 27_990)).leave())
    assert (row.seek_count, row.seek_time_ms) == (3, 45)
    assert row.content_playing_time_ms == 3_700 + 600 + 2_800


def test_a_seek_in_a_pause_stays_pause() -> None:
    """Its time is in the samples."""
    session = playing().add("pause", 1_000, **at(3_920, 3_920)).add("seeking", 9, **at(3_920, 20_000))
    row = row_of(
        session.add("pause", 1_000, **at(20_000, 20_000)).add("playing", 2_000, **at(20_000, 22_000)).leave()
    )
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, 9, 2_009)


def test_the_wait_of_a_replay_is_its_seeks() -> None:
    """The play behind the seek to the beginning is told before any frame moves."""
    session = (
        Session(**{**VIDEOJS, "videoDuration": 4_000}).add("setup", 50).add("startup", 280, **at(0, 220))
    )
    session.add("playing", 3_780, **at(220, 4_000)).add("pause", 1_000, **at(4_000, 4_000))
    session.add("seeking", 4, **at(4_000, 0)).add("playing", 4, **at(0, 0)).add(
        "rebuffering", 590, **at(0, 23)
    )
    row = row_of(session.add("playing", 3_400, **at(23, 3_423)).leave())
    assert (row.rebuffer_count, row.seek_count, row.seek_time_ms) == (0, 1, 4 + 4 + 590 - 23)


# errors and frames


def test_an_error_that_is_told_once_more_when_it_is_over() -> None:
    """The video.js adapter says nothing of it then, in a sample and in a detail."""
    session = Session(**VIDEOJS).add("setup", 50)
    session.add("error", errorCode=2, errorMessage="HLS playlist request error", errorSeverity="CRITICAL")
    session.add("error", errorSegments=[], errorSeverity="CRITICAL")
    detail = {**session.always, "errorId": 1, "severity": "CRITICAL", "timestamp": session.now_ms}
    row = row_of([*events_of(session.samples), *events_of([detail], "/analytics/error")])
    assert (row.error_count, row.fatal_error_code, row.outcome) == (1, "2", Outcome.START_FAILED)
    assert row.error_message == "HLS playlist request error"


def test_an_error_without_a_name_is_one_all_the_same() -> None:
    """Where no other error is told."""
    row = row_of(Session(**VIDEOJS).add("setup", 50).add("error", errorSeverity="CRITICAL"))
    assert (row.error_count, row.outcome) == (1, Outcome.START_FAILED)


@pytest.mark.parametrize(
    ("player", "dropped"),
    [("videojs", None), ("dashjs", None), ("shaka", None), ("hlsjs", None), ("html5", 0)],
)
def test_dropped_frames_that_nobody_counts(player: str, dropped: int | None) -> None:
    """Most adapters say 0 whatever was dropped."""
    always = {"player": player, "version": f"{player}-1.0", "droppedFrames": 0}
    assert row_of(playing(**always).leave()).dropped_frames == dropped


# dash.js: the startup


def dash_started(wait_ms: int, start_ms: int, end_ms: int, **always: Any) -> Session:
    session = Session(**{**DASHJS, **always}).add("setup", 100, **at(0, 0))
    session.add("startup", wait_ms, **at(start_ms, end_ms))
    return session.leave(4_000)


def test_a_startup_of_dashjs_ends_with_the_first_frame() -> None:
    """The adapter takes the element's `playing` for progress: nothing is late, nothing is missing."""
    row = row_of(dash_started(2, 1, 3))
    assert (row.video_startup_time_ms, row.approx) == (2, [])


@pytest.mark.parametrize(("wait_ms", "end_ms"), [(184, 102), (212, 129), (260, 250)])
def test_a_play_that_dashjs_did_not_hear(wait_ms: int, end_ms: int) -> None:
    """Then the clock begins with `playing` and ends with the first progress: the wait was longer."""
    row = row_of(dash_started(wait_ms, 0, end_ms))
    assert {"startup_lower_bound", "play_time_lower_bound", "startup_is_first_progress"} == set(row.approx)


def test_a_live_start_of_dashjs() -> None:
    """The seek to the edge makes a time update at once: a short startup may have been a long one."""
    row = row_of(dash_started(14, 7_591, 7_605, isLive=True, videoDuration=0))
    assert Approx.STARTUP_LOWER_BOUND in row.approx


# impressions that another source cut short


def test_a_source_that_is_replaced_before_its_first_frame_is_over() -> None:
    """The collector tells of a startup, and the element is empty: nothing broke off."""
    waiting = Session(**{**VIDEOJS, "videoDuration": 0}).add("startup", 3_000, **at(0, 0))
    row = row_of(waiting)
    assert (row.outcome, row.end_reason) == (Outcome.EXITED_BEFORE_START, EndReason.ENDED)
    assert Approx.PLAY_TIME_LOWER_BOUND not in row.approx


@pytest.mark.parametrize(("always", "uncertain"), [(DASHJS, True), (VIDEOJS, False)])
def test_a_play_before_the_manifest_of_another_source(always: dict[str, Any], uncertain: bool) -> None:
    """dash.js loads the manifest first: the play belongs to an impression that is over when the source begins."""
    row = row_of(Session(**{**always, "videoDuration": 0}).add("startup", 700, **at(0, 0)))
    assert (Approx.ATTEMPT_UNCERTAIN in row.approx) is uncertain


def test_a_play_before_the_loadstart_of_videojs() -> None:
    """The source begins at once, and the play is the first impression's: how long the viewer waited is not told."""
    session = Session(**{**VIDEOJS, "videoDuration": 0}).add("setup", 49, **at(0, 0))
    row = row_of(session.add("startup", 14, **at(0, 0)))
    assert (row.outcome, row.startup_wait_ms) == (Outcome.EXITED_BEFORE_START, 14)
    assert row.approx == ["attempt_uncertain", "startup_lower_bound"]


def test_a_manifest_that_failed_in_videojs() -> None:
    """It begins once more, and waits until the page is left."""
    failed = {"videoStartFailed": True, "videoStartFailedReason": "PAGE_CLOSED", "videoStartupTime": 0}
    row = row_of(Session(**{**VIDEOJS, "videoDuration": 0}).add("startup", 2_000, **failed))
    assert (row.outcome, row.approx) == (Outcome.EXITED_BEFORE_START, ["attempt_uncertain"])
