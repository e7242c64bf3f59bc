"""What bitmovin-analytics 2.51.0 sends for sessions whose truth is known.

The samples are those of the collector itself, driven in virtual time with a media element of ours: the HTML5 and the
hls.js adapter send the same, but for the positions of heartbeats.
"""

from __future__ import annotations

from typing import Any

import pytest

from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.view.record import Approx, EndReason, Outcome, State
from support_bitmovin import Session, beacon, events_of, row_of

SLOW = {"videoDuration": 600_000}


def at(start_ms: int, end_ms: int) -> dict[str, Any]:
    """The media positions of a sample."""
    return {"videoTimeStart": start_ms, "videoTimeEnd": end_ms}


def started(**always: Any) -> Session:
    """Set up, and started 270 ms after play: the first 75 ms of moving frames are not seen at the position."""
    session = Session(**{**SLOW, **always}).add("setup", 52, **at(0, 0))
    return session.add("startup", 270, **at(0, 175))


# holes


def test_what_is_dropped_right_behind_the_startup_is_credited() -> None:
    """A hidden page's timers run once a minute: the first heartbeat comes too late, and is dropped."""
    session = started()
    session.now_ms += 99_452
    session.add("playing", 60_000, **at(99_627, 159_627)).leave()
    row = row_of(session)
    assert row.content_playing_time_ms == 99_452 + 60_000
    assert Approx.HOLE_CREDITED in row.approx


def test_heartbeats_of_hls_lose_no_hole() -> None:
    """They say 0 for their end and the next start: both follow from the time played, on both sides of a hole."""
    session = started(player="hlsjs").add("playing", 59_700, **at(175, 0))
    session.now_ms += 100_000
    session.add("playing", 60_000, **at(0, 0)).add("playing", 9000, **at(0, 228_875)).leave()
    row = row_of(session)
    assert row.content_playing_time_ms == 59_700 + 100_000 + 69_000
    assert Approx.HOLE_CREDITED in row.approx
    assert Approx.PLAY_TIME_LOWER_BOUND not in row.approx


def test_left_soon_after_a_dropped_sample() -> None:
    """The last playing sample begins at its clock; the ten minutes of sleep are no playing."""
    session = started()
    stale_ms = session.now_ms + 614_750
    session.now_ms = stale_ms
    session.add("playing", 20_000, **at(15_000, 35_000), time=stale_ms)
    session.add("closed", **at(35_000, 35_000), time=stale_ms)
    events = [
        event
        for sample in session.samples
        for event in BITMOVIN.parse(
            beacon(sample, received_ms=sample["time"] + (20_000 if sample["time"] == stale_ms else 0))
        ).events
    ]
    row = row_of(events)
    assert row.content_playing_time_ms == 15_000 - 175 + 20_000
    assert row.view_end_ms == stale_ms + 20_000
    assert row.spans[-1].start_ms == stale_ms
    assert row.approx == [Approx.HOLE_CREDITED, Approx.STARTUP_IS_FIRST_PROGRESS]


# custom data


def test_data_sent_once_moves_nothing() -> None:
    """`setCustomDataOnce` sends a sample in the middle of playing, whose own sample reaches back over it."""
    session = started().add("playing", 7750, **at(175, 7925))
    left_ms = session.now_ms + 8000
    session.now_ms += 4000
    session.add("customdatachange", **at(7925, 7925))
    stale_ms = session.now_ms
    session.add("playing", 8000, **at(7925, 15_925), time=stale_ms)
    session.add("closed", **at(15_925, 15_925), time=stale_ms)
    row = row_of(session)
    assert (row.view_end_ms, row.content_playing_time_ms) == (left_ms, 15_750)
    assert row.approx == [Approx.STARTUP_IS_FIRST_PROGRESS]


# seeks


@pytest.mark.parametrize("target_ms", [50_000, 15_000])
def test_a_seek_soon_after_a_pause_is_no_stall(target_ms: int) -> None:
    """The collector measures a jump against the time since it last looked: behind a pause it does not see one."""
    session = started().add("playing", 29_750, **at(175, 29_925)).add("pause", 20_000, **at(29_925, 29_925))
    session.add("playing", 120, **at(29_925, target_ms)).add("rebuffering", 1500, **at(target_ms, target_ms))
    session.add("playing", 0, **at(target_ms, 31_425)).add("pause", 250, **at(31_425, target_ms + 175))
    session.add("playing", 7750, **at(target_ms + 175, target_ms + 7925)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert (row.seek_count, row.seek_time_ms) == (1, 1500)
    assert (row.pause_time_ms, row.content_playing_time_ms) == (20_000, 29_750 + 120 + 250 + 7750)


def test_heartbeats_do_not_split_the_wait_of_a_seek() -> None:
    """A seek that waits for longer than a heartbeat is one seek."""
    session = started().add("playing", 29_750, **at(175, 29_925)).add("pause", 20_000, **at(29_925, 29_925))
    session.add("playing", 120, **at(29_925, 50_000)).add("rebuffering", 3000, **at(50_000, 50_000))
    session.add("rebuffering", 2000, **at(50_000, 50_000)).add("playing", 7750, **at(50_000, 57_750)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.seek_count, row.seek_time_ms) == (0, 1, 5000)


def test_a_stall_behind_a_replay_stays_one() -> None:
    """A replay goes back from the end of the media without a seek: what waits later is a stall."""
    session = started(videoDuration=12_000).add("playing", 11_825, **at(175, 12_000))
    session.add("pause", 5000, **at(12_000, 12_000)).add("playing", 6000, **at(12_000, 5925))
    session.add("rebuffering", 2000, **at(5925, 5925)).add("playing", 1000, **at(5925, 6925)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.seek_count) == (1, 2000, 0)


def test_a_seek_in_a_stall_is_flagged() -> None:
    """Its wait is told as a part of the stall, and nothing says how much of it; the phantom pause moved."""
    session = started().add("playing", 7750, **at(175, 7925)).add("rebuffering", 3000, **at(7925, 7925))
    session.add("rebuffering", 1600, **at(7925, 100_000)).add("playing", 0, **at(100_000, 12_525))
    session.add("pause", 250, **at(12_525, 100_175)).add("playing", 7750, **at(100_175, 107_925)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4600)
    assert Approx.STALLS_UPPER_BOUND in row.approx
    assert (row.pause_time_ms, row.content_playing_time_ms) == (0, 7750 + 250 + 7750)


def test_no_frames_move_between_a_stall_and_a_seek() -> None:
    """The last position of a stall that a seek ends is reckoned from the clock, and nobody has seen it."""
    session = started().add("playing", 3761, **at(187, 3948)).add("rebuffering", 610, **at(3948, 4308))
    session.add("pause", 2, **at(4308, 4308)).add("seeking", 14, **at(4308, 1000))
    session.add("pause", 272, **at(1000, 1203)).add("playing", 2724, **at(1203, 3926)).leave()
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 610)
    assert row.content_playing_time_ms == 3761 + 272 + 2724


def test_a_player_that_tells_of_no_seek_in_a_pause() -> None:
    """The Bitmovin player's adapter leaves it out: there a pause in which the media jumps is the viewer's."""
    session = started(player="bitmovin").add("playing", 3754, **at(194, 3948))
    session.add("pause", 5000, **at(3948, 32_000)).add("playing", 1746, **at(32_000, 33_746)).leave()
    row = row_of(session)
    assert (row.pause_time_ms, row.seek_time_ms) == (5000, 0)


def test_a_seek_out_of_a_stall_is_no_pause() -> None:
    """The collector cuts the stall with a pause of its own, as it does with playing."""
    session = started().add("playing", 3761, **at(187, 3948)).add("rebuffering", 610, **at(3948, 4308))
    session.add("pause", 2, **at(4308, 4308)).add("seeking", 2014, **at(4308, 1000))
    session.add("pause", 272, **at(1000, 1203)).add("playing", 2724, **at(1203, 3926)).leave()
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, 2016, 0)
    assert row.watch_time_ms == 270 + 3761 + 610 + 2016 + 272 + 2724


@pytest.mark.parametrize(("state", "ms"), [("rebuffering", 107), ("playing", 1500)])
@pytest.mark.parametrize("wait_ms", [10, 1500])
def test_a_pause_in_which_the_media_jumps_is_a_seek(state: str, ms: int, wait_ms: int) -> None:
    """A seek that began before the collector saw it is told as its pause alone, the first frames behind it too."""
    session = started().add("playing", 3754, **at(194, 3948)).add(state, ms, **at(3948, 3948 + ms))
    session.add("pause", wait_ms + 250, **at(3948 + ms, 32_182))
    session.add("playing", 1746, **at(32_182, 33_928)).leave()
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, wait_ms, 0)
    assert row.watch_time_ms == 270 + 3754 + ms + wait_ms + 250 + 1746
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


@pytest.mark.parametrize(
    ("played_ms", "start_ms", "end_ms", "flagged"),
    [(2154, 2065, 5000, True), (231, 9178, 9000, True), (2154, 2065, 4217, False)],
)
def test_the_wait_of_a_small_seek_is_flagged(
    played_ms: int, start_ms: int, end_ms: int, flagged: bool
) -> None:
    """A seek of less than a second is none to the collector: only the media, which goes otherwise than the clock, shows it."""
    session = started().add("playing", played_ms, **at(start_ms, end_ms))
    session.add("rebuffering", 430, **at(end_ms, end_ms)).add("playing", 214, **at(end_ms, end_ms))
    assert (Approx.STALLS_UPPER_BOUND in row_of(session.leave(1000)).approx) is flagged


def test_frames_that_move_between_seeks_of_a_scrub() -> None:
    """A second seek soon after the first cuts one of no length: the pauses between were none."""
    session = started().add("playing", 7750, **at(175, 7925)).add("pause", 0, **at(7925, 7925))
    for target_ms in (20_000, 40_000, 60_000):
        session.add("seeking", 60, **at(target_ms - 20_000, target_ms))
        session.add("pause", 80, **at(target_ms, target_ms))
        session.add("seeking", 0, **at(target_ms, target_ms + 80)).add(
            "pause", 0, **at(target_ms + 80, target_ms + 80)
        )
    session.add("seeking", 60, **at(60_080, 80_000)).add("pause", 250, **at(80_000, 80_175))
    session.add("playing", 7750, **at(80_175, 87_925)).leave()
    row = row_of(session)
    assert (row.pause_time_ms, row.seek_count, row.seek_time_ms) == (0, 4, 240)
    assert row.content_playing_time_ms == 7750 + 3 * 80 + 250 + 7750


def test_left_in_a_seek_is_no_loss() -> None:
    """At page close a running seek is told, and then no `closed` comes: the page was left all the same."""
    session = started().add("playing", 7750, **at(175, 7925)).add("pause", 0, **at(7925, 7925))
    row = row_of(session.add("seeking", 4000, **at(7925, 300_000)))
    assert (row.outcome, row.end_reason, row.seek_time_ms) == (Outcome.EXITED, EndReason.IDLE_TIMEOUT, 4000)
    assert row.approx == [Approx.STARTUP_IS_FIRST_PROGRESS]


# startup


def test_where_a_seek_led_was_reached() -> None:
    """As any player's furthest position, though nothing was watched there."""
    session = started().add("playing", 1793, **at(175, 1968)).add("pause", 1013, **at(1968, 1968))
    row = row_of(session.add("seeking", 12, **at(1968, 20_000)).leave())
    assert row.max_playhead_ms == 20_000
    assert row.played_ranges == [(0, 1968)]


def test_left_in_a_pause_that_began_in_a_seek() -> None:
    """The seek is over, for `closed` comes: what went on until then is a pause that nobody tells of."""
    session = started().add("playing", 97, **at(87, 181)).add("pause", 3, **at(181, 181))
    row = row_of(session.add("seeking", 13_687, **at(181, 9000)).leave())
    assert (row.seek_time_ms, row.pause_time_ms) == (13_690, 0)
    assert Approx.PAUSE_LOWER_BOUND in row.approx


@pytest.mark.parametrize(("ms", "flagged"), [(3, True), (2001, False)])
def test_a_play_right_behind_a_load_may_be_an_echo(ms: int, flagged: bool) -> None:
    """The page calls `load()` and `play()`: the collector begins an impression for each, and a third at `loadstart`."""
    session = Session(videoDuration=0, videoPlaybackWidth=0).add("startup", ms, **at(0, 0))
    row = row_of(session)
    assert (row.attempted, row.started, row.outcome) == (True, False, Outcome.EXITED_BEFORE_START)
    assert (Approx.ATTEMPT_UNCERTAIN in row.approx) is flagged


def test_nothing_is_counted_behind_a_fatal_error() -> None:
    """The page starts hls.js again: it plays for another 5 s and stalls, and the collector tells of neither."""
    session = started(player="hlsjs").add("playing", 3984, **at(175, 4159))
    session.add("error", errorCode=2, errorMessage="networkError: fragLoadError", errorSeverity="CRITICAL")
    row = row_of(session)
    assert row.outcome is Outcome.PLAYBACK_FAILED
    assert {Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND} <= set(row.approx)


def test_a_seek_in_the_startup_is_no_first_frame() -> None:
    """A page that plays and then seeks to where the viewer left: the time update of the seek ends the startup."""
    session = Session(**SLOW).add("setup", 52, **at(0, 0)).add("startup", 50, **at(0, 9000))
    session.add("playing", 0, **at(9000, 353)).add("pause", 650, **at(353, 9175))
    row = row_of(session.add("playing", 8750, **at(9175, 17_925)).leave())
    assert (row.video_startup_time_ms, row.startup_wait_ms) == (525, 525)
    assert (row.pause_time_ms, row.seek_count, row.content_playing_time_ms) == (0, 0, 175 + 8750)
    assert [span.state for span in row.spans] == [State.STARTUP, State.PLAYING]
    assert Approx.STARTUP_LOWER_BOUND not in row.approx


def test_how_long_a_failed_start_waited_is_not_told() -> None:
    """The player's error comes as a sample without a length: the wait before it is missing, and flagged."""
    fields = {"errorCode": 2, "videoStartFailed": True, "videoStartFailedReason": "PLAYER_ERROR"}
    row = row_of(Session().add("setup", 52).add("error", **fields))
    assert row.outcome is Outcome.START_FAILED
    assert row.approx == [Approx.STARTUP_LOWER_BOUND]


@pytest.mark.parametrize(("wait_ms", "flagged"), [(20, False), (0, True)])
def test_a_fast_start_began_no_sooner(wait_ms: int, flagged: bool) -> None:
    """At twice the speed the media moves as far in half the time: that is no sign of a play request unheard."""
    moved_ms = 2 * (250 - 3 * wait_ms)
    session = Session(**SLOW).add("setup", 52).add("startup", 250, **at(0, moved_ms))
    row = row_of(session.add("playing", 9000, **at(moved_ms, moved_ms + 18_000)).leave())
    assert (Approx.STARTUP_LOWER_BOUND in row.approx) is flagged


# pause, end


def test_a_wait_behind_a_pause_is_no_playing() -> None:
    """Play is taken for playing: what the media stood still, while all else played as fast as the clock, was a wait."""
    session = started().add("playing", 11_750, **at(175, 11_925)).add("pause", 3000, **at(11_925, 11_925))
    row = row_of(session.add("playing", 10_000, **at(11_925, 16_850)).leave())
    assert (row.content_playing_time_ms, row.watch_time_ms) == (11_750 + 4925, 270 + 11_750 + 10_000)
    assert State.RESUMING in {span.state for span in row.spans}
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_a_wait_behind_a_seek_in_a_pause_is_no_playing() -> None:
    """Also where the viewer sought in the pause and the media had to be loaded."""
    session = started().add("playing", 7750, **at(175, 7925)).add("pause", 2000, **at(7925, 7925))
    session.add("seeking", 300, **at(7925, 100_000)).add("pause", 0, **at(100_000, 100_000))
    row = row_of(session.add("playing", 12_000, **at(100_000, 107_925)).leave())
    assert (row.content_playing_time_ms, row.pause_time_ms) == (7750 + 7925, 2300)


def test_half_the_rate_is_no_wait() -> None:
    """The rate is never told: where the view moved at another one, all that is told as playing stays playing."""
    session = started().add("playing", 10_000, **at(175, 5175)).add("pause", 3000, **at(5175, 5175))
    row = row_of(session.add("playing", 10_000, **at(5175, 10_175)).leave())
    assert row.content_playing_time_ms == 20_000


def test_idle_behind_the_end_although_the_source_is_gone() -> None:
    """A playlist's next source takes the length of the media away before the wait behind the end is told."""
    session = Session(videoDuration=10_000).add("setup", 52).add("startup", 270, **at(0, 175))
    session.add("playing", 9825, **at(175, 10_000))
    row = row_of(session.add("pause", 502, **at(10_000, 0), videoDuration=0))
    assert (row.pause_time_ms, row.outcome, row.end_reason) == (0, Outcome.COMPLETED, EndReason.ENDED)


def test_a_source_change_behind_the_end_is_no_loss() -> None:
    """The wait behind the end is told when the page changes the source: nothing played after it."""
    session = Session(videoDuration=10_000).add("setup", 52).add("startup", 270, **at(0, 175))
    row = row_of(session.add("playing", 9825, **at(175, 10_000)).add("pause", 500, **at(10_000, 10_000)))
    assert (row.end_reason, row.outcome) == (EndReason.IDLE_TIMEOUT, Outcome.COMPLETED)
    assert Approx.PLAY_TIME_LOWER_BOUND not in row.approx


def test_a_seek_to_the_end_completes() -> None:
    """The element fires `ended` there as well, as metrics 2.1 want it."""
    session = started().add("playing", 8750, **at(175, 8925)).add("pause", 0, **at(8925, 8925))
    session.add("seeking", 50, **at(8925, 600_000)).add("closed", time=session.now_ms, **at(600_000, 600_000))
    assert row_of(session).outcome is Outcome.COMPLETED


def test_closed_says_where_a_lost_sample_led() -> None:
    """The page was left at the end of the media: that the last playing sample got lost does not change it."""
    session = Session(videoDuration=10_000).add("setup", 52).add("startup", 270, **at(0, 175))
    session.add("playing", 9825, **at(175, 10_000)).add("closed", time=session.now_ms, **at(10_000, 10_000))
    row = row_of(events_of([*session.samples[:2], session.samples[3]]))
    assert (row.outcome, Approx.EVENTS_LOST in row.approx) == (Outcome.COMPLETED, True)


def test_a_stall_may_be_among_the_lost() -> None:
    """The collector of these reports was away for four seconds: three of a stall, and one of playing behind it."""
    session = started(player="hlsjs").add("playing", 5821, **at(175, 5991))
    session.add("rebuffering", 3120, **at(5991, 5991)).add("playing", 170, **at(5991, 6152))
    session.add("playing", 2118, **at(6152, 8271)).leave(7812)
    row = row_of(events_of(sample for sample in session.samples if sample["sequenceNumber"] not in (3, 4)))
    assert row.rebuffer_count == 0
    assert {Approx.EVENTS_LOST, Approx.STALLS_LOWER_BOUND, Approx.PAUSE_LOWER_BOUND} <= set(row.approx)


# clocks, late starts, ends


def test_pause_after_the_clock_was_set_back() -> None:
    """The playing sample then has a negative length, as no seek has."""
    session = started().add("playing", 9742, **at(175, 9917)).add("playing", 0, **at(9917, 19_917))
    session.now_ms -= 50_000
    session.samples[-1] |= {"duration": -50_000, "played": -50_000, "time": session.now_ms}
    session.add("pause", 600_000, **at(19_917, 19_917)).add("playing", 5000, **at(19_917, 24_834)).leave()
    row = row_of(session)
    assert (row.pause_time_ms, row.seek_count, row.watch_time_ms) == (600_000, 0, 270 + 9742 + 5000)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


@pytest.mark.parametrize(
    ("state", "flag"),
    [("rebuffering", Approx.STALLS_LOWER_BOUND), ("pause", Approx.PAUSE_LOWER_BOUND)],
)
def test_what_a_clock_that_was_set_back_hides(state: str, flag: Approx) -> None:
    """The collector says a negative length of what it was in when the clock was set back: it was there, and how long?"""
    session = started().add("playing", 3770, **at(179, 3948)).add(state, -3_597_859, **at(3948, 4023))
    session.leave(4068)
    assert flag in row_of(session).approx


@pytest.mark.parametrize(("began_ms", "flagged"), [(69, True), (318, True), (9, False), (12_000, False)])
def test_a_clock_that_began_amid_moving_frames(began_ms: int, flagged: bool) -> None:
    """Play came before the metadata, and a pause right behind the first frame: the startup holds the pause."""
    session = (
        Session(**SLOW).add("setup", 38, **at(0, 0)).add("startup", 1271, **at(began_ms, began_ms + 250))
    )
    session.add("playing", 2785, **at(began_ms + 250, began_ms + 3034)).leave()
    assert (Approx.STARTUP_LOWER_BOUND in row_of(session).approx) is flagged


def test_muted_autoplay_that_is_scrolled_into_view() -> None:
    """Nobody waits half a minute for it: the collector's own number stands, and may be too small."""
    session = Session(**SLOW, autoplay=True, isMuted=True).add("setup", 52, **at(0, 0))
    session.now_ms += 29_742
    session.add("startup", 258, **at(0, 175)).add("playing", 19_742, **at(175, 19_917)).leave()
    row = row_of(session)
    assert (row.video_startup_time_ms, row.watch_time_ms) == (258, 20_000)
    assert Approx.STARTUP_LOWER_BOUND in row.approx


def test_wait_behind_a_pause_where_all_is_behind_a_pause() -> None:
    """What played without a wait shows the rate, also behind a pause."""
    session = started().add("playing", 687, **at(175, 862)).add("pause", 3804, **at(862, 862))
    session.add("playing", 39_079, **at(862, 37_828)).add("pause", 1230, **at(37_828, 37_828))
    session.add("playing", 16_789, **at(37_828, 54_542)).leave()
    row = row_of(session)
    assert row.content_playing_time_ms == 687 + (37_828 - 862) + 16_789
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_replay_that_waits() -> None:
    """What is behind the end is no pause, but the wait of the replay is told as playing too."""
    session = started(videoDuration=30_000).add("playing", 29_825, **at(175, 30_000))
    session.add("pause", 9917, **at(30_000, 0)).add("playing", 20_000, **at(0, 13_917)).leave()
    assert row_of(session).content_playing_time_ms == 29_825 + 13_917


@pytest.mark.parametrize(("length_ms", "outcome"), [(1300, Outcome.EXITED), (5000, Outcome.DROPPED)])
def test_pause_in_a_stall_before_the_tab_was_killed(length_ms: int, outcome: Outcome) -> None:
    """A stall that is cut where no heartbeat cuts it was left, and not by moving frames."""
    session = started().add("playing", 7742, **at(175, 7917)).add("rebuffering", 3000, **at(7917, 7917))
    row = row_of(session.add("rebuffering", length_ms, **at(7917, 7917)))
    assert row.outcome is outcome


# speed


def test_frames_behind_a_stall_move_as_fast_as_before_it() -> None:
    """At double speed the media comes twice as far until the end of a stall is noticed."""
    session = started().add("playing", 1813, **at(175, 3834)).add("rebuffering", 2386, **at(3834, 4283))
    session.add("playing", 4825, **at(4283, 13_933)).leave()
    row = row_of(session)
    assert row.rebuffer_duration_ms == 2386 - 222
    assert row.content_playing_time_ms == 1813 + 222 + 4825


@pytest.mark.parametrize(("end_ms", "watched_ms"), [(5734, 5734), (14_175, 2951)])
def test_what_was_watched_before_a_seek(end_ms: int, watched_ms: int) -> None:
    """Its position may be the seek's already, unless the media ran as fast elsewhere."""
    session = started().add("playing", 2776, **at(175, end_ms)).add("pause", 5, **at(end_ms, end_ms))
    session.add("seeking", 13, **at(end_ms, 25_000)).add("pause", 254, **at(25_000, 25_347))
    row = row_of(session.add("playing", 1777, **at(25_347, 28_907)).leave())
    assert row.played_ranges is not None
    assert row.played_ranges[0] == (0, watched_ms)
