"""Livepeer reports that never arrived: what the others prove is kept, and the row says that some is missing.

The SDK sends a report again until it is answered, but not the beacons of a page that is hidden or left.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import support_livepeer as lp
import support_recorded
from firstframe.dialects.livepeer import LIVEPEER
from firstframe.view.record import Approx, EndReason, Outcome, State
from support_livepeer import beat, fold, mark, report, started

GOLDEN = Path(__file__).parents[2] / "golden" / "livepeer"
HOUR_MS = 3_600_000
FIRST = report([*started(), beat(5000, 4999, play_to_first_frame_ms=201)])


def full(first_ms, last_ms):
    """A report every five seconds that claims to have played all of them."""
    return [report([beat(at, 5000)]) for at in range(first_ms, last_ms + 1, 5000)]


def left(at_ms, playing):
    """The two reports of a page that is left."""
    return [report([beat(at_ms, playing)]), report([beat(at_ms + 3, 3)])]


def without(name, *numbers):
    """The row of a recording without some of its reports; the first is 0."""
    sent = [
        one for one in support_recorded.read_recording(GOLDEN / f"{name}.jsonl") if one["kind"] != "ws-close"
    ]
    posts = [one for one in sent if one.get("method") == "POST"]
    lost = [posts[number]["body_text"] for number in numbers]
    kept = [one for one in sent if one.get("body_text") not in lost]
    assert len(kept) == len(sent) - len(numbers)
    (row,) = support_recorded.fold_recorded(LIVEPEER, kept)
    return row


def states(row):
    """The states with their times since the start."""
    return [(span.state, span.start_ms - lp.T0, span.end_ms - lp.T0) for span in row.spans]


# the first report


def test_an_hour_without_its_first_report():
    """The start is not known; all that the other reports claim was played."""
    end = report([mark("pause", HOUR_MS), mark("ended", HOUR_MS), beat(HOUR_MS, 5000)])
    row = fold([*full(10_000, HOUR_MS - 5000), end, report([beat(HOUR_MS + 1000)])])
    assert (row.outcome, row.completed) == (Outcome.COMPLETED, True)
    assert row.content_playing_time_ms == row.watch_time_ms == HOUR_MS - 5000
    assert (row.video_startup_time_ms, row.startup_wait_ms) == (None, 0)
    assert {Approx.START_LOST, Approx.EVENTS_LOST, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)
    assert row.view_start_ms == lp.T0 + 5000
    assert states(row) == [(State.PLAYING, 5000, HOUR_MS)]


def test_a_stall_is_not_taken_for_the_start():
    """The first play that is told ends a stall: there was playing before it."""
    stall = report([mark("play", 13_500), beat(15_000, 4500, 500, 1)])
    row = fold([report([beat(10_000, 5000)]), stall, *full(20_000, 60_000), *left(62_000, 2000)])
    assert (row.outcome, row.started, row.video_startup_time_ms) == (Outcome.EXITED, True, None)
    assert row.content_playing_time_ms == 5000 + 4500 + 45_000 + 2003
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 500)
    assert Approx.START_LOST in row.approx


def test_a_stall_in_the_first_report_that_is_left():
    """Its heartbeat claims more than there is time after the play."""
    row = fold([report([mark("play", 8500), beat(10_000, 4500, 500, 1)]), *left(12_000, 2000)])
    assert (row.started, row.content_playing_time_ms, row.rebuffer_duration_ms) == (True, 6503, 500)
    assert states(row)[:3] == [
        (State.PLAYING, 5000, 8000),
        (State.REBUFFER, 8000, 8500),
        (State.PLAYING, 8500, 12_003),
    ]


def test_another_mark_hides_no_playing():
    """Fullscreen late in the view does not say that nothing played before it."""
    row = fold([*full(10_000, 55_000), report([mark("enter-fullscreen", 58_000), beat(60_000, 5000)])])
    assert row.content_playing_time_ms == 55_000


def test_resumed_after_a_pause_that_was_lost_too():
    """A frame was never told of, but minutes of playing are: the play that is told was not the first."""
    resumed = report([mark("play", 8500), mark("play", 8501), beat(10_000, 1499)])
    row = fold([resumed, *full(15_000, 60_000), *left(62_000, 2000)])
    assert (row.started, row.video_startup_time_ms, row.content_playing_time_ms) == (True, None, 53_502)
    assert {Approx.START_LOST, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)


def test_claims_that_are_too_short_start_nothing():
    """An element can be playing for seconds before its first frame moves; left by then, the view never started."""
    row = fold([report([mark("play", 0), mark("play", 10), beat(5000, 4990)])])
    assert (row.started, row.outcome, row.approx) == (False, Outcome.EXITED_BEFORE_START, [])


def test_first_play_lost_and_first_frame_told():
    """The first frame comes with the time since the first play: the startup is known all the same."""
    frame = [mark("play", 7000), mark("first-frame", 7200)]
    row = fold([report([*frame, beat(10_000, 3000, 2000, play_to_first_frame_ms=6900)]), *left(12_000, 2000)])
    assert (row.video_startup_time_ms, row.content_playing_time_ms) == (6700, 5003)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert {Approx.EVENTS_LOST, Approx.START_LOST} <= set(row.approx)


def test_absurd_time_to_the_first_frame():
    """A number that no report can hold puts no play back."""
    row = fold([report([*started(1000), beat(5000, 4000, 1000, 1, play_to_first_frame_ms=1e15)])])
    assert (row.video_startup_time_ms, row.view_start_ms) == (1001, lp.T0)
    assert Approx.START_LOST not in row.approx


def test_first_frame_lost_after_a_wait():
    """The wait before the first heartbeat that plays is the startup's, whose length is not known."""
    waiting = report([mark("play", 0), beat(5000, 0, 5000, 1)])
    row = fold([waiting, *full(15_000, 30_000), *left(32_000, 2000)])
    assert (row.started, row.video_startup_time_ms, row.content_playing_time_ms) == (True, None, 22_003)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert Approx.START_LOST in row.approx


@pytest.mark.parametrize(("timer", "code"), [("time_warning_ms", "offline"), ("time_errored_ms", "unknown")])
def test_a_failed_start_without_its_first_report(timer, code):
    """The timers of the failure run on and prove it."""
    sent = [report([beat(at, 0, spent, **{timer: spent})]) for at, spent in ((10_000, 5000), (12_000, 2000))]
    row = fold([*sent, report([beat(12_003, 0, 3, **{timer: 3})])])
    assert (row.outcome, row.attempted, row.started) == (Outcome.START_FAILED, True, False)
    assert (row.error_count, row.fatal_error_code, row.watch_time_ms) == (1, code, 0)
    assert Approx.START_LOST in row.approx


def test_recorded_start_that_failed_without_its_first_report():
    """The 404 of the recording is seen in the time after it."""
    row = without("startup-failure", 0)
    assert (row.outcome, row.error_count, row.fatal_error_code) == (Outcome.START_FAILED, 1, "offline")


def test_recorded_playback_without_its_first_report():
    """What the reports after it claim is played; the pause is where it was."""
    row = without("normal", 0)
    assert (row.outcome, row.content_playing_time_ms, row.pause_time_ms) == (Outcome.EXITED, 13_329, 3004)
    assert {Approx.START_LOST, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)
    assert State.STARTUP not in {span.state for span in row.spans}


def test_recorded_playback_without_its_start_and_its_pause():
    """The play that ends the lost pause is not the start."""
    row = without("normal", 0, 2)
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.EXITED, 10_067)
    assert Approx.START_LOST in row.approx


# the report in which a pause ended


def test_resume_that_was_lost():
    """A pause, a missing report, and playing ever after: somebody pressed play in between."""
    pause = report([mark("pause", 12_000), beat(15_000, 2000)])
    row = fold([FIRST, *full(10_000, 10_000), pause, *full(25_000, 1_800_000), *left(1_802_000, 2000)])
    assert row.content_playing_time_ms == 11_999 + 356 * 5000 + 2003
    assert row.pause_time_ms == 8000
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.EVENTS_LOST} <= set(row.approx)
    assert Approx.START_LOST not in row.approx


def test_replay_that_was_lost():
    """The same after the end."""
    end = report([mark("pause", 9000), mark("ended", 9000), beat(10_000, 4000)])
    row = fold([FIRST, end, *full(20_000, 30_000), *left(32_000, 2000)])
    assert row.content_playing_time_ms == 4999 + 4000 + 15_000 + 2003
    assert (row.outcome, row.completed) == (Outcome.EXITED, True)


def test_seek_in_pause_is_no_resume():
    """The timer that a seek in pause set going runs before the missing report and after it."""
    seek = report([mark("pause", 12_000), beat(15_000, 4000)])
    row = fold([FIRST, *full(10_000, 10_000), seek, *full(25_000, 40_000), *left(42_000, 2000)])
    assert (row.content_playing_time_ms, row.pause_time_ms) == (11_999, 30_003)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx
    assert Approx.EVENTS_LOST not in row.approx


def test_claims_that_are_refused_are_flagged():
    """Without a missing report it is taken for a seek in pause; the row says that it is not sure."""
    row = fold([report([*started(), mark("pause", 4000), beat(5000, 5000), beat(10_000, 5000)])])
    assert row.content_playing_time_ms == 3999
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_paused_page_in_the_background_loses_nothing():
    """Its timers are throttled: no report is missing, and a resume in such a report is told."""
    pause = report([mark("pause", 4000), beat(5000, 2000)])
    resumed = report([mark("play", 60_000), mark("pause", 63_000), beat(67_000, 3000)])
    row = fold([report([*started(), beat(2000, 1999)]), pause, resumed, *left(69_000, 0)])
    assert row.content_playing_time_ms == 6999
    assert Approx.EVENTS_LOST not in row.approx


def test_recorded_playback_without_its_resume():
    """As far as the last heartbeat proves it."""
    row = without("normal", 3)
    assert (row.content_playing_time_ms, row.pause_time_ms) == (13_473, 3072)
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.EVENTS_LOST} <= set(row.approx)


# an error in a lost report


def test_error_that_was_lost():
    """Errored time without playing to the end: the view failed."""
    failed = [report([beat(at, time_errored_ms=5000)]) for at in (20_000, 25_000)]
    row = fold([FIRST, *full(10_000, 10_000), *failed, report([beat(30_000, time_errored_ms=5000)])])
    assert (row.outcome, row.error_count) == (Outcome.PLAYBACK_FAILED, 1)
    assert row.content_playing_time_ms == 9999
    assert Approx.EVENTS_LOST in row.approx


# time that no report tells of


@pytest.mark.parametrize("player", ["hls", "video"])
def test_lost_time_is_no_wait_and_no_playing(player):
    """A wait of 100 ms in the report after a lost one does not explain five seconds."""
    sent = [
        [*started(300), beat(5000, 4700, 300, 1, play_to_first_frame_ms=501)],
        [mark("play", 13_000), beat(15_000, 4900, 100, 1)],
        [beat(20_000, 5000)],
        [beat(22_000, 2000)],
        [beat(22_003, 3)],
    ]
    row = fold([report(events, player=player) for events in sent])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 100)
    assert row.content_playing_time_ms == 16_602
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx
    assert (State.PLAYING, 10_000, 12_900) in states(row)


def test_waits_lost_by_nudges_are_put_back():
    """With all reports there, what is missing beside a wait is a wait."""
    sent = [[*started(), beat(5000, 4999)], [mark("play", 9000), beat(10_000, 1500, 2000, 1)]]
    row = fold([*(report(events, player="hls") for events in sent), *left(12_000, 2000)])
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (3500, 8502)
    assert Approx.PLAY_TIME_LOWER_BOUND not in row.approx


def test_nudges_are_trusted_again_once_playing_is_told():
    """A heartbeat that fills its time proves what the marks say; the next one may be mended again."""
    nudged = [mark("play", 24_000), beat(25_000, 1500, 2000, 1)]
    sent = [[*started(), beat(5000, 4999)], [beat(15_000, 5000)], [beat(20_000, 5000)], nudged]
    row = fold([report(events, player="hls") for events in sent])
    assert row.rebuffer_duration_ms == 3500


def test_pause_that_was_lost_is_not_played():
    """The play that ended it looks like the end of a wait; the time before it is not put back."""
    row = without("normal", 2)
    assert row.content_playing_time_ms == 13_944
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_pause_lost_two_reports_ago():
    """As long as no mark and no playing says what went on, nothing is put back."""
    resumed = report([mark("play", 24_000), mark("play", 24_001), beat(25_000, 999)])
    row = fold([FIRST, *full(10_000, 10_000), report([beat(20_000)]), resumed, *left(27_000, 2000)])
    assert row.content_playing_time_ms == 9999 + 999 + 2003
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_destroyed_session_without_its_first_report():
    """The last heartbeat of a destroyed session counts one interval, also here."""
    row = fold([*full(10_000, 20_000), *left(70_000, 50_000)])
    assert (row.content_playing_time_ms, row.end_reason) == (20_000, EndReason.ENDED)


def test_merged_first_heartbeat_reaches_back():
    """One that was buffered since the start holds all the time since."""
    merged = beat(60_000, 60_000, oldest_buffer_timestamp=lp.T0 + 5000)
    assert fold([report([merged])]).content_playing_time_ms == 60_000


def test_absurd_claims_reach_no_further_than_their_time():
    """A heartbeat that claims ages, alone: a minute and a half at most, as of a throttled page."""
    row = fold([report([beat(200_000, 1e300)])])
    assert row.content_playing_time_ms == 90_000
    assert row.view_start_ms == lp.T0 + 110_000


# texts that are cut


def test_a_report_with_half_an_emoji_is_taken():
    """A title cut inside an emoji costs that half: a report that is refused is sent again for ever."""
    body = json.dumps({**lp.BODY, "uid": "viewer \ud83d", "events": [*started(), beat(5000, 4999)]}).encode()
    assert b"\\ud83d" in body
    reading = LIVEPEER.parse(lp.beacon(body, lp.T0 + 5000))
    assert reading.rejects == ()
    again = LIVEPEER.parse(lp.beacon(body, lp.T0 + 5000))
    assert [event.key for event in reading.events] == [event.key for event in again.events]
    assert fold([lp.beacon(body, lp.T0 + 5000)]).viewer_id == "viewer \ufffd"


def test_half_an_emoji_in_events_that_are_refused():
    """What is told of a bad event can be written down too."""
    body = json.dumps(
        {**lp.BODY, "events": [{"type": "play", "x": "\udc00"}, mark("new \ud83d", 5)]}
    ).encode()
    assert len(LIVEPEER.parse(lp.beacon(body, lp.T0)).rejects) == 2
