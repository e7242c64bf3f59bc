"""Reports that core-web 5.2.6 itself made, driven in virtual time by an element whose truth was known.

Numbers and order of events are the SDK's own; truths are in the names and the comments.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from firstframe.view.record import Approx, EndReason, Outcome, State
from support_livepeer import beat, fold, mark, message, report

REACT = "@livepeer/react@4.3.4"
START = [mark("can-play", 100), mark("play", 300), mark("play", 320), mark("first-frame", 387)]
FIRST = [*START, beat(5000, 4680, play_to_first_frame_ms=87)]


def row_of(*reports, **session):
    """The row of reports, each a list of events."""
    return fold([report(events, **session) for events in reports])


def left(at_ms, playing=0.0, waiting=0.0, waits=0):
    """The two reports of a page that is left."""
    return [beat(at_ms, playing, waiting, waits)], [beat(at_ms + 2, 2)]


def waited(row):
    """Rebuffering and seeks: count and time each."""
    return row.rebuffer_count, row.rebuffer_duration_ms, row.seek_count, row.seek_time_ms


# the start


def test_measured_from_amid_playing_to_a_pause():
    """The element played for three seconds when the SDK came: it tells of a pause, and of the play behind it."""
    row = row_of(
        [beat(1826, 1826, autoplay_status="none")],
        [mark("pause", 3332), beat(3810, 1506)],
        [mark("play", 5421), mark("play", 5423), mark("first-frame", 5696)],
        [beat(5896, 473, play_to_first_frame_ms=275)],
        [beat(7809, 1913)],
        *left(9457, 1648),
    )
    assert (row.started, row.video_startup_time_ms) == (True, None)
    assert row.content_playing_time_ms == pytest.approx(3332 + 4034, abs=5)
    assert row.pause_time_ms == pytest.approx(2090, abs=5)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_measured_from_amid_playing_to_a_stall():
    """The one play that is told is the end of the stall."""
    row = row_of(
        [beat(1774, 1774, autoplay_status="none")],
        [beat(3803, 451, 1577, 1)],
        [mark("play", 5346), mark("first-frame", 5479), beat(5769, 423, 1544, play_to_first_frame_ms=133)],
        [beat(7770, 2001)],
        *left(9000, 1230),
    )
    assert (row.started, row.video_startup_time_ms) == (True, None)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, pytest.approx(3121, abs=5))
    assert row.content_playing_time_ms == pytest.approx(1774 + 451 + 3654, abs=5)


@pytest.mark.parametrize(("left_ms", "played_ms"), [(870, 252), (922, None), (625, None)])
def test_left_before_a_time_update(left_ms, played_ms):
    """DOM `playing` told of moving frames; a session that goes on without a time update had none."""
    row = row_of(
        [mark("can-play", 65), mark("play", 617), mark("play", 620), *left(left_ms, left_ms - 620.0)[0]],
        left(left_ms)[1],
    )
    assert (row.attempted, row.started) == (True, played_ms is not None)
    if played_ms is not None:
        assert (row.outcome, row.video_startup_time_ms) == (Outcome.EXITED, 3)
        assert row.content_playing_time_ms == pytest.approx(played_ms, abs=5)


def test_an_error_before_a_time_update():
    """Frames moved for a sixth of a second, then a segment was gone: playback failed, not the start."""
    row = row_of(
        [
            *(mark("can-play", 88), mark("play", 768), mark("play", 1284), mark("error", 1445)),
            beat(5000, 162, 514, 1, time_errored_ms=3555, errors=1),
        ],
        [beat(10_000, time_errored_ms=5000)],
        *left(11_000),
    )
    assert (row.started, row.outcome, row.video_startup_time_ms) == (True, Outcome.PLAYBACK_FAILED, 516)
    assert row.content_playing_time_ms == pytest.approx(161, abs=5)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)


def test_a_session_destroyed_in_a_pause():
    """Another source was chosen: how long the first one was paused until then is not told."""
    paused = [mark("pause", 7000), beat(10_000, 2000)]
    row = row_of(FIRST, paused, [beat(18_000)])
    assert (row.outcome, row.pause_time_ms) == (Outcome.EXITED, 3000)
    assert Approx.PAUSE_LOWER_BOUND in row.approx
    row = row_of(FIRST, paused, *left(12_000))
    assert row.pause_time_ms == 5002
    assert Approx.PAUSE_LOWER_BOUND not in row.approx


# the startup's waits


def test_startup_in_two_pieces_holds_no_rebuffer():
    """Paused while it loads, played again: each piece waits, and the first wait runs on through the pause."""
    again = [mark("play", 8300), mark("play", 8800), mark("first-frame", 8887)]
    row = row_of(
        [mark("play", 300), mark("pause", 2300), beat(5000, 0, 4700, 1)],
        [*again, beat(10_000, 1200, 3800, 1, play_to_first_frame_ms=8587)],
        *left(14_800, 4800),
    )
    assert (row.video_startup_time_ms, row.pause_time_ms, row.content_playing_time_ms) == (2500, 6000, 6002)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert Approx.STALLS_UPPER_BOUND not in row.approx


def test_two_waits_of_a_startup_in_one_report():
    """The same within one report."""
    sent = [mark("play", 300), mark("pause", 1300), mark("play", 2000), mark("play", 2800)]
    first = [*sent, mark("first-frame", 2900), beat(5000, 2200, 1800, 2, play_to_first_frame_ms=2600)]
    row = row_of(first, *left(8000, 3000))
    assert (row.video_startup_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (1800, 0, 0)


def test_stall_right_after_a_startup_without_a_wait():
    """What is played and waited fills the time after the first frame: none of it was the startup's."""
    first = [mark("play", 871), mark("play", 1040), mark("play", 3161), mark("first-frame", 1209)]
    row = row_of([*first, beat(5000, 3683, 277, 1, play_to_first_frame_ms=338)], *left(8000, 3000))
    assert (row.video_startup_time_ms, row.content_playing_time_ms) == (169, 6685)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 277)


# seeks


def test_dragged_slider_is_one_seek():
    """Five requests in a drag of 750 ms; the SDK ends the wait with the second and starts its play timer."""
    drag = [mark("seek", at, payload=20) for at in (6320, 6470, 6620, 6770, 6920)]
    row = row_of(
        FIRST, [*drag, mark("play", 7070), beat(10_000, 4250, 150, 1)], *left(12_000, 2000), version=REACT
    )
    assert waited(row) == (0, 0, 1, 750)
    assert row.content_playing_time_ms == 4680 + 4250 + 2002
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_seeks_far_apart_are_two():
    """Two seconds apart, or with a frame between."""
    apart = [mark("seek", 6000), mark("play", 6040), mark("seek", 6400), mark("play", 6440)]
    row = row_of(FIRST, [*apart, beat(10_000, 4520, 80, 2)], *left(12_000, 2000), version=REACT)
    assert waited(row) == (0, 0, 2, 80)
    pause = [mark("pause", 5500), mark("seek", 6000), mark("seek", 8100), beat(10_000, 4000)]
    assert row_of(FIRST, pause, version=REACT).seek_count == 2


def test_seek_of_a_script_may_be_a_wait():
    """The page set the position twice: the React player tells of no seek, and a wait of each. Nothing stalled."""
    row = row_of(
        FIRST,
        [mark("play", 6524), mark("play", 8037), beat(10_000, 4926, 74, 2)],
        *left(12_000, 2000),
        version=REACT,
    )
    assert row.rebuffer_count == 2
    assert Approx.STALLS_UPPER_BOUND in row.approx


def test_dragged_native_slider_is_not_played():
    """Without reported seeks a wait, flagged: what is missing before the resume is less than the time since 5000."""
    row = row_of(FIRST, [mark("play", 7820), beat(10_000, 3500, 300, 1)], *left(13_820, 3820))
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms, row.rebuffer_count) == (12_002, 1500, 1)
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.STALLS_UPPER_BOUND} <= set(row.approx)


def test_seek_back_in_a_stall_is_no_playing():
    """The element waits anew behind the seek: what it had waited since the heartbeat before is lost, not played."""
    row = row_of(
        [
            *(mark("can-play", 116), mark("play", 616), mark("play", 619), mark("first-frame", 875)),
            beat(2025, 1406, play_to_first_frame_ms=259),
        ],
        [beat(4024, 1999)],
        [beat(6024, 616, 1384, 1)],
        [mark("play", 6776), beat(8026, 1250, 14, 1)],
        *left(8835, 809),
    )
    assert row.content_playing_time_ms == pytest.approx(6082, abs=5)
    assert row.rebuffer_duration_ms == pytest.approx(6776 - 4640, abs=5)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_swapped_source_after_a_stall_is_still_played():
    """All since the play that ended the stall is missing: the swap threw it away."""
    swap = [mark("play", 6500), mark("play", 9000), mark("play", 9040)]
    row = row_of(FIRST, [*swap, beat(10_000, 1460, 1040, 2)], *left(12_000, 2000))
    assert row.content_playing_time_ms == 4680 + 1460 + 2500 + 2002


def test_seek_out_of_a_stall():
    """Stalled for 2 s, then a seek of 500 ms: the SDK counts one wait."""
    row = row_of(
        FIRST,
        [mark("seek", 8320), mark("play", 8820), beat(10_000, 2500, 2000, 1)],
        *left(12_000, 2000),
        version=REACT,
    )
    assert waited(row) == (1, 2000, 1, 500)


def test_stall_after_a_seek_in_the_buffer():
    """A seek of 20 ms without a wait, then a stall in the same report."""
    resumed = [mark("seek", 5620), mark("play", 5640), mark("play", 8140)]
    row = row_of(FIRST, [*resumed, beat(10_000, 2860, 1500, 1)], *left(12_140, 2140), version=REACT)
    assert waited(row) == (1, 1480, 1, 20)


def test_stall_that_ends_before_a_seek():
    """A stall runs on into the report of the seek: it was counted where it began."""
    row = row_of(
        FIRST,
        [beat(10_000, 2200, 2800, 1)],
        [mark("play", 12_460), mark("seek", 12_978), mark("play", 13_028), beat(15_000, 2490, 2510, 1)],
        *left(18_640, 3640),
        version=REACT,
    )
    assert waited(row) == (1, 5260, 1, 50)


def test_stall_after_a_seek_that_ran_on():
    """The seek's wait ends in the report in which a stall begins."""
    row = row_of(
        FIRST,
        [mark("seek", 8511), beat(10_000, 3511, 1489, 1)],
        [mark("play", 10_367), beat(15_000, 205, 4795, 1)],
        [mark("play", 15_500), beat(20_000, 4500, 500)],
        *left(22_000, 2000),
        version=REACT,
    )
    assert waited(row) == (1, 4928, 1, 1856)


def test_seek_in_a_pause_takes_no_wait():
    """Nobody waits for it: the stall after the pause is one."""
    told = [mark("pause", 6000), mark("seek", 6700), mark("play", 7000), mark("play", 7040)]
    row = row_of(FIRST, [*told, beat(10_000, 2700, 1300, 1)], *left(12_000, 2000), version=REACT)
    assert (row.seek_count, row.seek_time_ms, row.rebuffer_count) == (1, 0, 1)
    assert row.rebuffer_duration_ms == 1300


def test_wait_that_runs_on_lies_first():
    """It ended in 1697 ms, then 2008 ms were played; the rest of the claim is a seek's in the pause."""
    row = row_of(
        FIRST,
        [beat(10_000, 412, 4588, 1)],
        [mark("play", 11_697), mark("pause", 13_705), beat(15_000, 2885, 1697)],
        [beat(20_000, 5000)],
        *left(22_000, 2000),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 4588 + 1697)
    assert row.content_playing_time_ms == 4680 + 412 + 2008
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


# timers that stand still, and heartbeats out of turn


def test_wait_cut_by_a_report_right_behind_its_begin():
    """After a pause its first 20 ms are no room for a wait, but what runs on of it in the next report is one."""
    row = row_of(
        FIRST,
        [mark("pause", 6000), beat(10_000, 1000)],
        [mark("play", 10_001), beat(15_000, 4979, 20, 1)],
        [mark("play", 15_280), beat(18_280, 3000, 280)],
        *left(20_000, 1720),
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 280)


def test_machine_that_slept_beside_its_socket():
    """The socket speaks again on waking; ten minutes of sleep are not played."""
    talk = [
        message(at, timeUnpaused=at) for at in (*range(1056, 15_400, 1000), *range(615_310, 630_000, 1000))
    ]
    sent = [
        FIRST,
        [beat(10_000, 5000)],
        [beat(15_000, 5000)],
        [beat(615_320, 600_320)],
        [beat(620_320, 5000)],
    ]
    row = fold([*[report(events) for events in sent], *talk, report([beat(622_320, 2000)])])
    assert 21_000 < row.content_playing_time_ms < 22_100
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


@pytest.mark.parametrize("speaks", [False, True])
def test_leave_of_a_hidden_page(speaks):
    """Its timers woke once a minute, and it was left 38 s after the last time: all of it was played."""
    sent = [
        FIRST,
        [beat(8320, 3320)],
        [beat(60_000, 51_680)],
        [beat(120_000, 60_000)],
        [beat(158_322, 38_322)],
    ]
    talk = [message(at, timeUnpaused=at) for at in (1056, 2056, 4999, 60_000, 120_000)] if speaks else []
    row = fold([*[report(events) for events in sent], *talk])
    assert (row.content_playing_time_ms, row.end_reason) == (158_002, EndReason.ENDED)
    assert Approx.PLAY_TIME_ESTIMATED not in row.approx


def test_page_that_was_kept_and_brought_back():
    """The browser pauses what it keeps, and says so when the page is back: the play timer ran on until then."""
    row = row_of(
        FIRST,
        *left(6664, 1664),
        [mark("pause", 9318), beat(9322, 2654)],
        [mark("play", 10_507), mark("play", 10_508), beat(15_498, 4990)],
        *left(17_109, 1611),
    )
    assert row.pause_time_ms == pytest.approx(10_507 - 6666, abs=5)
    assert row.content_playing_time_ms == pytest.approx(4680 + 1666 + 4990 + 1613, abs=5)
    assert (row.rebuffer_count, row.outcome) == (0, Outcome.EXITED)


def test_pause_soon_after_a_hidden_page_was_reported():
    """One heartbeat out of turn is a page that is hidden: it plays on until the pause."""
    row = row_of(
        FIRST,
        [beat(6664, 1664)],
        [mark("pause", 9318), beat(11_664, 2654)],
        [mark("play", 12_507), mark("play", 12_508), beat(16_664, 4156)],
        *left(18_109, 1445),
    )
    assert row.pause_time_ms == pytest.approx(12_507 - 9318, abs=5)


CUT_OFF = {Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND, Approx.PAUSE_LOWER_BOUND}


@pytest.mark.parametrize(
    ("last", "flags"),
    [
        ([[beat(9156, 4156)]], CUT_OFF),
        ([[beat(10_000, 5000)]], CUT_OFF),
        ([[mark("pause", 9100), beat(9156, 4100)]], {Approx.PAUSE_LOWER_BOUND}),
        ([[mark("pause", 9100), mark("ended", 9101), beat(9156, 4100)]], set()),
        (left(9156, 4156), set()),
    ],
    ids=["hidden", "silent", "paused", "ended", "left"],
)
def test_what_a_page_that_died_did_not_tell_is_flagged(last, flags):
    """Its last word is the heartbeat of when it was hidden, or the one before: nobody knows what came after."""
    row = row_of(FIRST, *last)
    assert CUT_OFF & set(row.approx) == flags


def test_clock_that_was_set_back_makes_no_startup():
    """An hour back in a stall: the play that ended it bears an earlier time than the first one."""
    hour = 3_600_000
    row = row_of(
        [
            *(mark("can-play", hour + 107), mark("play", hour + 497), mark("play", hour + 500)),
            mark("first-frame", hour + 752),
            beat(hour + 2003, 1503, autoplay_status="none", play_to_first_frame_ms=255),
        ],
        [beat(hour + 4009, 2006)],
        [beat(6003, 494, 0, 1)],
        [mark("play", 6665), beat(8002, 1337)],
        [beat(10_004, 2002)],
        *left(10_831, 822),
    )
    assert (row.video_startup_time_ms, row.startup_wait_ms) == (3, 3)
    assert row.watch_time_ms < 20_000
    assert row.outcome is Outcome.EXITED
    assert {Approx.PLAY_TIME_LOWER_BOUND, Approx.STALLS_LOWER_BOUND} <= set(row.approx)


def test_page_hidden_again_and_again():
    """Heartbeats out of turn say nothing about the interval: the last one came within it."""
    times = [2620, 5000, 5820, 9020, 10_000, 12_220, 15_000, 19_120]
    rest = [[beat(at, at - before)] for before, at in pairwise(times)]
    row = row_of([*START, beat(2620, 2300, play_to_first_frame_ms=87)], *rest, [beat(19_122, 2)])
    assert row.content_playing_time_ms == 18_802
    assert Approx.PLAY_TIME_ESTIMATED not in row.approx


def test_hidden_while_a_report_had_no_answer():
    """The leave's heartbeat lies inside the merged one; nothing is missing."""
    merged = beat(15_000, 8680, oldest_buffer_timestamp=START[0]["timestamp"] + 9900)
    row = row_of(FIRST, [beat(11_320, 1320)], [merged], [beat(20_000, 5000)], *left(22_000, 2000))
    assert row.content_playing_time_ms == 4680 + 10_000 + 5000 + 2002
    assert Approx.PLAY_TIME_LOWER_BOUND not in row.approx


def test_destroyed_before_its_first_heartbeat():
    """Destroyed 3.6 s after it opened, and heard of again when the page was left: its play timer never stopped."""
    events = [mark("can-play", 96), mark("play", 478), mark("play", 479), mark("first-frame", 746)]
    sent = report([*events, beat(6155, 5676, play_to_first_frame_ms=268, autoplay_status="none")])
    talk = [message(at, timeUnpaused=at - 481) for at in (1129, 2097, 3097)]
    row = fold([sent, *talk])
    assert (row.content_playing_time_ms, row.outcome) == (3097 - 479, Outcome.EXITED)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx
    assert fold([sent, *talk, message(5097, timeUnpaused=4616)]).content_playing_time_ms == 5676


# reports that were lost


def test_lost_minute_of_a_hidden_page_is_no_wait():
    """The report before the one with the stall is missing: its minute is neither waited nor played."""
    talk = [message(at, timeUnpaused=at) for at in (1056, 4999, 60_000, 120_000, 157_320, 162_320)]
    sent = [
        FIRST,
        [beat(8320, 3320)],
        [mark("play", 87_320), beat(120_000, 51_000, 9000, 1)],
        [beat(125_000, 5000)],
    ]
    for beacons in ([], talk):
        row = fold([*[report(events) for events in sent], *beacons, *map(report, left(127_000, 2000))])
        assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 9000)
        assert row.content_playing_time_ms == 4680 + 3320 + 51_000 + 7002
        assert Approx.PLAY_TIME_LOWER_BOUND in row.approx
        assert Approx.EVENTS_LOST not in row.approx


def test_error_that_was_told_is_not_guessed_again():
    """A dead player goes on beating: after a lost report its time in error is still that error's."""
    told = [mark("error", 8320, category="unknown", message="x"), beat(10_000, 3320, time_errored_ms=1680)]
    dead = [[beat(at, time_errored_ms=5000)] for at in (20_000, 25_000, 30_000)]
    row = row_of(FIRST, told, *dead)
    assert (row.outcome, row.error_count) == (Outcome.PLAYBACK_FAILED, 1)
    assert Approx.EVENTS_LOST not in row.approx


def test_second_error_that_was_lost():
    """The first one was recovered from; the time in error after the missing report is another's."""
    told = [mark("error", 6000, category="unknown", message="x"), mark("play", 7000)]
    dead = [[beat(at, time_errored_ms=5000)] for at in (20_000, 25_000, 30_000)]
    row = row_of(FIRST, [*told, beat(10_000, 4000, time_errored_ms=1000)], *dead)
    assert (row.outcome, row.error_count, row.recovered_errors) == (Outcome.PLAYBACK_FAILED, 2, 1)
    assert Approx.EVENTS_LOST in row.approx


def test_lost_time_under_an_error_is_said():
    """Playing goes on under an error of hls.js; what a lost report told of it is missing."""
    error = [mark("error", 8320, category="unknown", message="Error with HLS.js")]
    row = row_of(
        FIRST, [*error, beat(10_000, 4933, time_errored_ms=67)], [beat(20_000, 5000)], *left(22_000, 2000)
    )
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.EXITED, 4680 + 4933 + 5000 + 2002)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


# totals


def test_pause_in_totals_is_no_wait():
    """The socket is silent in a pause, which it does not tell; the wait after it is all that was waited."""
    told = {"firstPlayback": 1421, "preloadTime": 1421, "ttff": 204, "timeUnpaused": 625}
    talk = [message(2056, player="hls-@livepeer/core@3.3.1", **told)]
    talk += [message(at, timeUnpaused=at - 1431) for at in (3056, 4056, 5056)]
    talk += [message(20_056, nWaiting=1, timeWaiting=68), message(21_056, timeUnpaused=4307, timeWaiting=386)]
    row = fold(talk)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 386)
    assert State.PAUSE not in {span.state for span in row.spans}


def test_timers_of_a_socket_that_run_at_once():
    """After 3 s of waiting `stalled` begins beside it: time passes once."""
    told = {"firstPlayback": 300, "preloadTime": 300, "ttff": 87, "timeUnpaused": 746}
    talk = [message(1056, **told), message(2056, timeUnpaused=1746)]
    waits = [(3056, 1000, 0), (4056, 2000, 0), (5056, 3000, 0), (6056, 4000, 1000), (7056, 5000, 2000)]
    talk += [message(at, nWaiting=1, timeWaiting=w, timeStalled=s, nStalled=int(s > 0)) for at, w, s in waits]
    row = fold([*talk, message(8056, timeUnpaused=2346, timeWaiting=5400, timeStalled=2400)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (1, 5400, 2346)


def test_seek_of_a_socket_may_be_its_wait():
    """Seeks of 23 and 790 ms, and no stall: the totals know only waits."""
    told = {"firstPlayback": 877, "preloadTime": 877, "ttff": 261, "timeUnpaused": 1172}
    talk = [message(2059, **told), message(3060, timeUnpaused=2172)]
    waits = [(4069, 3165, 1, 15), (5070, 3974, 2, 207), (6071, 4363, 3, 818)]
    talk += [message(at, timeUnpaused=p, nWaiting=n, timeWaiting=w) for at, p, n, w in waits]
    assert Approx.STALLS_UPPER_BOUND in fold([*talk, message(7078, timeUnpaused=5371)]).approx


# before the first play


def never_played(*more, played_ms=4370):
    """A page whose player is at a position that was set before any play: a time update starts the SDK's play timer."""
    first = [mark("can-play", 200), beat(5000, played_ms, autoplay_status="none", duration_ms=600_000)]
    return row_of(first, *more)


def test_position_that_is_set_before_any_play():
    """All reports are here, and none tells of a play: nothing was lost."""
    row = never_played([beat(10_000, 5000)], *left(13_000, 3000))
    assert (row.outcome, row.content_playing_time_ms) == (Outcome.NOT_ATTEMPTED, 0)


def test_play_long_after_a_position_was_set():
    """What the timer ran before is no startup."""
    once = {"mount_to_play_ms": 12_500, "play_to_first_frame_ms": 1750}
    begun = [mark("play", 12_600), mark("play", 14_100), mark("first-frame", 14_350)]
    row = never_played(
        [beat(10_000, 5000)], [*begun, beat(15_000, 3400, 1499, 1, **once)], *left(18_000, 3000)
    )
    assert (row.video_startup_time_ms, row.content_playing_time_ms) == (1500, 3902)


# rates


def test_rate_that_changes_within_a_heartbeat():
    """It holds from its mark on, not for all of the heartbeat that it lies in."""
    row = row_of(FIRST, [mark("rate", 9500, payload=2), beat(10_000, 5000)], *left(12_000, 2000))
    assert row.media_time_ms == row.content_playing_time_ms + 500 + 2002
