"""What samples of a Bitmovin collector make of a view: the rules one by one."""

from __future__ import annotations

from typing import Any

import pytest

from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.view.record import Approx, EndReason, Outcome, State
from support_bitmovin import BASE_MS, IMPRESSION, Session, events_of, row_of


def played(**always: Any) -> Session:
    """Set up, started after 400 ms, played for 10 s."""
    return Session(**always).add("setup", 60).add("startup", 400).add("playing", 10_000)


# the documented form


def test_the_documented_example() -> None:
    """The four samples of the public payload text, with its state names, without sequence numbers or `played`."""
    base = {"impressionId": IMPRESSION, "key": "licence", "playerStartupTime": 0, "videoStartupTime": 0}
    samples = [
        {**base, "timestamp": BASE_MS + 300, "state": "startup", "duration": 300, "playerStartupTime": 300},
        {
            **base,
            "timestamp": BASE_MS + 360,
            "state": "video startup",
            "duration": 60,
            "videoStartupTime": 60,
        },
        {**base, "timestamp": BASE_MS + 1360, "state": "playing", "duration": 1000, "videoBitrate": 500_000},
        {
            **base,
            "timestamp": BASE_MS + 2360,
            "state": "playing",
            "duration": 1000,
            "videoBitrate": 1_000_000,
        },
    ]
    row = row_of(events_of(reversed(samples)))
    assert (row.player_startup_time_ms, row.video_startup_time_ms) == (300, 60)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (2000, 2060)
    assert row.bitrate_x_ms / row.bitrate_ms == 750_000
    assert (row.rebuffer_count, row.rendition_upshifts) == (0, 1)
    assert [(span.state, span.end_ms - span.start_ms) for span in row.spans] == [
        (State.STARTUP, 60),
        (State.PLAYING, 2000),
    ]


def test_the_documented_form_gives_the_collectors_numbers() -> None:
    """States and durations alone, with ISO times, say the same as a collector's samples of the same session."""
    session = played().add("rebuffering", 2000).add("playing", 3000).add("pause", 700).add("seeking", 90)
    names = {"setup": "startup", "startup": "video startup"}
    plain = [
        {
            "impressionId": IMPRESSION,
            "timestamp": f"2026-05-28T20:26:{(sample['time'] - BASE_MS) / 1000 + 40:06.3f}Z",
            "state": names.get(sample["state"], sample["state"]),
            "duration": sample["duration"],
            "playerStartupTime": sample["playerStartupTime"],
            **({"videoStartupTime": sample["videoStartupTime"]} if sample["state"] == "startup" else {}),
        }
        for sample in session.samples
    ]
    documented, collected = row_of(events_of(plain)), row_of(session)
    for name in (
        "video_startup_time_ms",
        "player_startup_time_ms",
        "content_playing_time_ms",
        "rebuffer_duration_ms",
        "rebuffer_count",
        "pause_time_ms",
        "seek_time_ms",
        "watch_time_ms",
    ):
        assert getattr(documented, name) == getattr(collected, name), name


def test_numbers_decide_not_names() -> None:
    """A state's name changes nothing where the collector's own numbers are there."""
    session = (
        Session()
        .add("startup", 300)
        .add("whatever", 5000, played=5000)
        .add("playing", 900, buffered=900, played=0)
    )
    row = row_of(session)
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms) == (5000, 900)


# starts


def test_a_start_with_nothing_played_is_none() -> None:
    """A source change during startup is reported as a start; without a moving frame it is an exit before start."""
    row = row_of(Session().add("startup", 2001))
    assert (row.attempted, row.started, row.outcome) == (True, False, Outcome.EXITED_BEFORE_START)
    assert (row.video_startup_time_ms, row.startup_wait_ms, row.watch_time_ms) == (None, 2001, 2001)


def test_frames_in_the_startup_sample_are_a_start() -> None:
    """While the first playing sample is still to come, the media that moved in the startup shows that it plays."""
    session = Session().add("setup", 60).add("startup", 254, videoTimeStart=0, videoTimeEnd=172)
    row = row_of(session, now_ms=session.now_ms + 5000)
    assert (row.started, row.closed, row.video_startup_time_ms) == (True, False, 254)


def test_setup_alone_is_no_attempt() -> None:
    """A page that is only loaded is an impression, with its load times."""
    row = row_of(Session().add("setup", 62, pageLoadTime=352))
    assert (row.attempted, row.outcome) == (False, Outcome.NOT_ATTEMPTED)
    assert (row.player_startup_time_ms, row.page_load_time_ms) == (62, 352)


@pytest.mark.parametrize(
    ("reason", "outcome", "code"),
    [
        ("PAGE_CLOSED", Outcome.EXITED_BEFORE_START, None),
        ("TIMEOUT", Outcome.START_FAILED, "timeout"),
        ("UNKNOWN", Outcome.START_FAILED, "unknown"),
        ("PLAYER_ERROR", Outcome.START_FAILED, "player_error"),
    ],
)
def test_a_start_given_up(reason: str, outcome: Outcome, code: str | None) -> None:
    """Only a closed page is an exit; every other reason is a failure."""
    session = Session().add(
        "startup", 2500, videoStartupTime=0, videoStartFailed=True, videoStartFailedReason=reason
    )
    row = row_of(session)
    assert (row.outcome, row.fatal_error_code, row.startup_wait_ms) == (outcome, code, 2500)


def test_an_error_during_startup_is_one_failure() -> None:
    """The error sample that also says the start failed counts one error, with its own code."""
    session = Session().add("setup", 60)
    session.add(
        "error",
        errorCode=3,
        errorSeverity="CRITICAL",
        videoStartFailed=True,
        videoStartFailedReason="PLAYER_ERROR",
    )
    row = row_of(session)
    assert (row.outcome, row.error_count, row.fatal_error_code) == (Outcome.START_FAILED, 1, "3")


def test_a_muted_autoplay_waits_from_the_load() -> None:
    """The collector's clock begins late for an autoplay; the set-up's end tells when the wait began."""
    session = Session(isMuted=True).add("setup", 60)
    session.now_ms += 2000
    session.add("startup", 260, autoplay=True, videoTimeStart=0, videoTimeEnd=200).leave(4000)
    row = row_of(session)
    assert (row.autoplay, row.muted) == (True, True)
    assert row.video_startup_time_ms == row.startup_wait_ms == 2060
    assert row.watch_time_ms == 6060


def test_an_audible_autoplay_may_have_been_refused() -> None:
    """Without mute the browser may refuse the autoplay, so the collector's own number stands."""
    session = Session().add("setup", 60)
    session.now_ms += 2000
    assert row_of(session.add("startup", 260, autoplay=True).leave(4000)).video_startup_time_ms == 260


def test_play_before_the_metadata_is_flagged() -> None:
    """Frames that move through the whole startup moved before its clock began: the wait was longer."""
    early = Session().add("startup", 266, videoTimeStart=20, videoTimeEnd=254).leave(3000)
    usual = Session().add("startup", 254, videoTimeStart=0, videoTimeEnd=172).leave(3000)
    assert {Approx.STARTUP_LOWER_BOUND, Approx.PLAY_TIME_LOWER_BOUND} <= set(row_of(early).approx)
    assert row_of(usual).approx == [Approx.STARTUP_IS_FIRST_PROGRESS]


def test_a_hidden_page_is_told() -> None:
    """A page that was hidden at creation keeps its startup out of the quantiles."""
    assert row_of(played(pageLoadType=2)).startup_in_background
    assert not row_of(played()).startup_in_background


def test_a_program_change_has_no_startup() -> None:
    """A program's first sample pretends to a startup of 1 ms: it played, and nothing was waited for."""
    session = Session().add("programchange", 1, videoStartupTime=1, isProgramChange=True).add("playing", 5000)
    row = row_of(session)
    assert (row.started, row.video_startup_time_ms, row.startup_wait_ms) == (True, None, 0)


# stalls, seeks, pauses


def test_heartbeats_cut_one_stall() -> None:
    """Neighbouring stall samples are one stall, also around a sample without time of its own."""
    session = (
        played().add("rebuffering", 3001).add("customdatachange").add("rebuffering", 440).add("playing", 1000)
    )
    session.add("rebuffering", 500)
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (2, 3941)


def test_a_nudge_does_not_split_a_stall() -> None:
    """A playhead that moves a little in a long stall did not end it: only what moves at its end was noticed late."""
    session = played().add("rebuffering", 3001, videoTimeStart=5240, videoTimeEnd=5245)
    session.add("rebuffering", 5000, videoTimeStart=5245, videoTimeEnd=5345)
    session.add("rebuffering", 2000, videoTimeStart=5345, videoTimeEnd=5460).add("playing", 1000)
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 3001 + 5000 + 2000 - 115)
    assert row.content_playing_time_ms == 10_000 + 115 + 1000


def test_native_names_for_stalls() -> None:
    """Native collectors call a stall buffering; its number is what counts."""
    session = played(platform="android").add("buffering", 900, buffered=900).add("ready").add("playing", 1000)
    row = row_of(session)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 900)
    assert row.sdk_name == "bitmovin-analytics-android"


def test_what_played_in_a_stall_is_playing_time() -> None:
    """The end of a stall is noticed late; the media that moved until then played."""
    row = row_of(
        played().add("rebuffering", 2378, videoTimeStart=3948, videoTimeEnd=4074).add("playing", 1000)
    )
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (2252, 11_126)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_a_stall_in_which_frames_moved_is_none() -> None:
    """The element may say that it waits while its frames go on: the positions show it."""
    row = row_of(played().add("rebuffering", 243, videoTimeStart=159, videoTimeEnd=379).add("playing", 1000))
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (0, 0, 11_243)


def test_the_pauses_of_a_seek_are_none() -> None:
    """A seek while playing comes with a pause of some ms before, and one behind in which frames move."""
    session = played().add("pause", 6).add("seeking", 35, videoTimeEnd=20_000)
    session.add("pause", 246, videoTimeStart=20_000, videoTimeEnd=20_174).add("playing", 3000)
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, 41, 0)
    assert row.content_playing_time_ms == 13_246


def test_between_two_quick_seeks_frames_moved() -> None:
    """Where a seek follows another the collector notices no frame between them; its next sample says how far they came."""
    session = played().add("pause", 6).add("seeking", 1, videoTimeEnd=20_007)
    session.add("pause", 197, videoTimeStart=20_007, videoTimeEnd=20_007)
    session.add("seeking", 3, videoTimeStart=20_007, videoTimeEnd=20_207).add("pause", 6)
    session.add("seeking", 5, videoTimeStart=20_207, videoTimeEnd=30_000)
    session.add("pause", 255, videoTimeStart=30_000, videoTimeEnd=30_170).add("playing", 3000)
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (2, 21, 0)
    assert row.content_playing_time_ms == 10_000 + 197 + 255 + 3000


def test_a_pause_between_two_seeks_in_pause_stays_one() -> None:
    """A paused viewer who looks for a place: the media stands still until the next jump."""
    session = played().add("pause", 1000).add("seeking", 10, videoTimeEnd=20_000)
    session.add("pause", 900, videoTimeStart=20_000, videoTimeEnd=20_000)
    session.add("seeking", 10, videoTimeStart=20_000, videoTimeEnd=30_000)
    row = row_of(session.add("pause", 1000, videoTimeStart=30_000, videoTimeEnd=30_000).add("playing", 3000))
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (2, 20, 2920)
    assert row.watch_time_ms == 400 + 10_000 + 3000


def test_a_seek_in_a_pause_is_no_watch_time() -> None:
    """As the norm's `seek_while_paused`: the view stays paused, only the latency clock runs."""
    session = played().add("pause", 3000, videoTimeStart=10_000, videoTimeEnd=10_000)
    session.add("seeking", 2500, videoTimeStart=10_000, videoTimeEnd=20_000)
    session.add("pause", 4000, videoTimeStart=20_000, videoTimeEnd=20_000).add("playing", 3000)
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, 2500, 9500)
    assert (row.watch_time_ms, row.content_playing_time_ms) == (13_400, 13_000)
    assert [(span.state, span.end_ms - span.start_ms) for span in row.spans] == [
        (State.STARTUP, 400),
        (State.PLAYING, 10_000),
        (State.PAUSE, 9500),
        (State.PLAYING, 3000),
    ]


def test_scrubbing_in_a_pause_is_one_seek_of_it() -> None:
    """The collector's own pause of some ms between two seeks belongs to them; the viewer is paused all along."""
    session = played().add("pause", 1000).add("seeking", 10, videoTimeEnd=20_000).add("pause", 30)
    session.add("seeking", 15, videoTimeEnd=30_000).add("pause", 2000).add("playing", 3000)
    row = row_of(session)
    assert (row.seek_count, row.seek_time_ms, row.pause_time_ms) == (1, 55, 3055)


def test_a_real_pause_behind_a_seek_stays_one() -> None:
    """Where the media stands still behind a seek, somebody paused."""
    session = played().add("pause", 1000).add("seeking", 10)
    row = row_of(session.add("pause", 998, videoTimeStart=20_000, videoTimeEnd=20_001).add("playing", 3000))
    assert (row.seek_time_ms, row.pause_time_ms) == (10, 2008)


def test_the_wait_for_a_replay_is_no_pause() -> None:
    """Behind the end of the media nobody pauses: the time until a replay is idle, and the view goes on."""
    session = played().add("playing", 100, videoTimeStart=39_900, videoTimeEnd=40_000)
    session.add("pause", 1800, videoTimeStart=40_000, videoTimeEnd=40_000).add("seeking", 4, videoTimeEnd=0)
    session.add("pause", 270, videoTimeStart=0, videoTimeEnd=200).leave(3000)
    row = row_of(session)
    assert (row.pause_time_ms, row.seek_count, row.completed, row.outcome) == (0, 1, True, Outcome.EXITED)
    assert State.IDLE in {span.state for span in row.spans}


# ends


def test_closed_is_a_clean_end() -> None:
    """`closed` ends a view at once, and the stale clock of both last samples does not shorten it."""
    session = played().add("pause", 100).leave(5000)
    row = row_of(session, now_ms=session.now_ms + 10)
    assert (row.closed, row.end_reason, row.outcome) == (True, EndReason.ENDED, Outcome.EXITED)
    assert row.view_end_ms == BASE_MS + 60 + 400 + 10_000 + 100 + 5000
    assert BITMOVIN.fold(events_of(session.samples), session.now_ms).due_ms is None


def test_silence_closes_after_150_seconds() -> None:
    """A view that says nothing more is dropped 150 s after its last receipt, if it was playing then."""
    session = played().add("playing", 59_700)
    events = events_of(session.samples)
    last = max(event.received_at_ms for event in events)
    assert BITMOVIN.fold(events, last).due_ms == last + 150_000
    assert not row_of(session, now_ms=last + 149_999).closed
    row = row_of(session, now_ms=last + 150_000)
    assert (row.end_reason, row.outcome) == (EndReason.DROPPED, Outcome.DROPPED)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_a_playing_sample_before_silence_means_a_pause() -> None:
    """The web collector reports playing when it is left, so silence behind it is a pause, not a lost view."""
    row = row_of(played())
    assert (row.end_reason, row.outcome) == (EndReason.IDLE_TIMEOUT, Outcome.EXITED)
    assert Approx.PAUSE_LOWER_BOUND in row.approx


@pytest.mark.parametrize(
    ("session", "flags"),
    [
        (played().leave(), {"pause_lower_bound", "stalls_lower_bound"}),
        (played().add("rebuffering", 3007).leave(), {"stalls_lower_bound"}),
        (played().add("pause", 900).leave(2000), set()),
    ],
    ids=["left in a pause", "left in a stall", "left while playing"],
)
def test_what_runs_at_page_close_is_flagged(session: Session, flags: set[str]) -> None:
    """A pause or stall that is cut by leaving is never reported: its time is a lower bound."""
    assert set(row_of(session).approx) - {"startup_is_first_progress"} == flags


def test_a_stream_recognised_as_live_late_goes_on() -> None:
    """A length that falls to 0 is a replaced source; where the stream turned out to be live it is not."""
    session = Session(videoDuration=30_000).add("startup", 250).add("playing", 5000, videoDuration=0)
    live = (
        Session(videoDuration=30_000).add("startup", 250).add("playing", 5000, videoDuration=0, isLive=True)
    )
    assert row_of(session, now_ms=session.now_ms + 1000).end_reason is EndReason.ENDED
    row = row_of(live, now_ms=live.now_ms + 1000)
    assert (row.closed, row.end_reason, row.live) == (False, None, True)
    assert row_of(live).end_reason is EndReason.IDLE_TIMEOUT


def test_completed() -> None:
    """Playing up to the duration is a completed view; the same without the end is not."""
    at_end = Session().add("startup", 250).add("playing", 8000, videoTimeStart=0, videoTimeEnd=39_990).leave()
    assert (row_of(at_end).completed, row_of(at_end).outcome) == (True, Outcome.COMPLETED)
    assert (row_of(played().leave()).completed, row_of(played().leave()).outcome) == (False, Outcome.EXITED)
    assert row_of(played(isLive=True, videoDuration=0).leave()).completed is None


# errors


def test_a_critical_error_with_nothing_after_it_fails_the_view() -> None:
    """Playback failure: a critical error that nothing plays after; one that is overcome is recovered."""
    session = played().add("error", errorCode=2, errorSeverity="CRITICAL", errorMessage="networkError")
    row = row_of(session)
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx  # the collector counts nothing behind an error
    assert (row.outcome, row.fatal_error_code, row.error_message) == (
        Outcome.PLAYBACK_FAILED,
        "2",
        "networkError",
    )
    recovered = row_of(session.add("playing", 3000).leave())
    assert (recovered.outcome, recovered.recovered_errors, recovered.fatal_error_code) == (
        Outcome.EXITED,
        1,
        None,
    )
    assert recovered.error_count == 1


def test_a_notice_fails_nothing() -> None:
    """An error of severity INFO is a warning."""
    row = row_of(played().add("error", errorCode=10_000, errorSeverity="INFO").leave())
    assert (row.outcome, row.error_count, row.warning_count) == (Outcome.EXITED, 0, 1)


def test_error_details_join_their_error() -> None:
    """Details lend their message to the sample's error; where the sample is lost they are the error."""
    session = played().add("error", errorCode=1401, errorSeverity="CRITICAL")
    detail = {"impressionId": IMPRESSION, "errorId": 0, "timestamp": session.now_ms, "code": 1401}
    details = events_of(
        [{**detail, "message": "no segment", "severity": "CRITICAL", "data": {}}], "/analytics/error"
    )
    row = row_of([*events_of(session.samples), *details])
    assert (row.error_count, row.error_message, row.event_count) == (1, "no segment", 5)
    alone = row_of([*events_of(played().samples), *details])
    assert (alone.error_count, alone.outcome) == (1, Outcome.PLAYBACK_FAILED)


# order, repeats, loss


def test_gaps_are_counted_and_flagged() -> None:
    """Missing sequence numbers say how much of the view never came."""
    session = played().add("playing", 1000).add("playing", 1000).leave(500)
    row = row_of(events_of(sample for sample in session.samples if sample["sequenceNumber"] not in (3, 4)))
    assert row.extra["lost_samples"] == "2"
    assert {Approx.EVENTS_LOST, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)
    assert Approx.START_LOST not in row.approx
    assert Approx.START_LOST in row_of(events_of(session.samples[1:])).approx


def test_a_resend_counts_once() -> None:
    """A native collector sends a sample again with a count of its tries and a later clock: it is one sample."""
    session = played()
    again = {**session.samples[2], "retryCount": 1, "time": session.now_ms + 4000}
    row = row_of(events_of([again, *session.samples, {**again, "retryCount": 2}]))
    assert (row.content_playing_time_ms, row.extra.get("lost_samples")) == (10_000, None)


def test_two_stories_for_one_number_are_flagged() -> None:
    """Where two samples of one number disagree, the earlier receipt counts and the row says so."""
    session = played()
    other = {**session.samples[2], "played": 3000, "duration": 3000, "time": session.now_ms + 1}
    row = row_of(events_of([other, *session.samples]))
    assert row.content_playing_time_ms == 10_000
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_an_interval_the_collector_dropped_is_flagged() -> None:
    """The collector throws away playing samples of 90 s and more before they get a number."""
    session = played()
    session.now_ms += 120_000
    assert Approx.PLAY_TIME_LOWER_BOUND in row_of(session.add("playing", 1000).leave(500)).approx


def after_a_hole(ms: int, reached_ms: int, **always: Any) -> Session:
    """A heartbeat at 60 s of the media, ``ms`` without a word, and playing again from a position."""
    session = Session(videoDuration=600_000, **always).add("startup", 400, videoTimeStart=0, videoTimeEnd=300)
    session.add("playing", 59_700, videoTimeStart=300, videoTimeEnd=60_000, videoBitrate=800_000)
    session.now_ms += ms
    session.add("playing", 59_700, videoTimeStart=reached_ms, videoTimeEnd=reached_ms + 59_700)
    return session.leave(2000)


def test_an_interval_the_collector_dropped_is_credited() -> None:
    """A hidden page with throttled timers: the playhead went on for all of the interval that was thrown away."""
    row = row_of(after_a_hole(118_000, 178_000))
    assert row.content_playing_time_ms == 59_700 + 118_000 + 59_700 + 2000
    assert row.watch_time_ms == 400 + row.content_playing_time_ms
    assert row.approx == [Approx.HOLE_CREDITED, Approx.STARTUP_IS_FIRST_PROGRESS]
    assert [span.state for span in row.spans] == [State.STARTUP, State.PLAYING]
    assert (row.bitrate_ms, row.bitrate_x_ms) == (177_700, 800_000 * 177_700)
    assert row.media_time_ms == 300 + 59_700 + 118_000 + 59_700


@pytest.mark.parametrize(("reached_ms", "credited_ms"), [(63_000, 3000), (400_000, 118_000)])
def test_no_more_than_the_hole_and_than_the_playhead_are_credited(reached_ms: int, credited_ms: int) -> None:
    """A computer that slept shows less advance than the hole is long; a jump shows more."""
    row = row_of(after_a_hole(118_000, reached_ms))
    assert row.content_playing_time_ms == 59_700 + credited_ms + 59_700 + 2000
    assert Approx.HOLE_CREDITED in row.approx


@pytest.mark.parametrize("reached_ms", [0, 60_000, 20_000], ids=["unknown", "stood still", "backwards"])
def test_a_hole_without_advance_stays_a_lower_bound(reached_ms: int) -> None:
    """hls.js heartbeats lose the position; one that did not move says nothing of playing."""
    row = row_of(after_a_hole(118_000, reached_ms))
    assert row.content_playing_time_ms == 59_700 + 59_700 + 2000
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx
    assert Approx.HOLE_CREDITED not in row.approx


def test_a_seek_behind_a_hole_credits_nothing() -> None:
    """The position may already be the one that was looked for."""
    session = Session(videoDuration=600_000).add("startup", 400)
    session.add("playing", 59_700, videoTimeStart=300, videoTimeEnd=60_000)
    session.now_ms += 118_000
    session.add("pause", 6, videoTimeStart=400_000, videoTimeEnd=400_000)
    row = row_of(session.add("seeking", 30, videoTimeEnd=400_000).add("playing", 1000).leave())
    assert row.content_playing_time_ms == 60_700
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


def test_a_lost_sample_credits_nothing() -> None:
    """Where a number is missing, what happened in between was something else or never came."""
    session = after_a_hole(118_000, 178_000)
    for sample in session.samples[2:]:
        sample["sequenceNumber"] += 1
    row = row_of(session)
    assert row.content_playing_time_ms == 59_700 + 59_700 + 2000
    assert Approx.HOLE_CREDITED not in row.approx


def test_a_clock_set_back_keeps_the_durations() -> None:
    """Times that run backwards move spans, never lengths."""
    session = played()
    session.now_ms -= 3_600_000
    row = row_of(session.add("pause", 500).leave(5000))
    assert (row.content_playing_time_ms, row.pause_time_ms) == (15_000, 500)
    assert Approx.SPANS_ESTIMATED in row.approx
    assert sum(span.end_ms - span.start_ms for span in row.spans) == 400 + 10_000 + 500 + 5000


# quality and content


def test_scale_and_bitrate_are_weighted() -> None:
    """Sizes and bitrates count for as long as they played; 0 is unknown."""
    big = {
        "videoWindowWidth": 1280,
        "videoWindowHeight": 720,
        "videoPlaybackWidth": 640,
        "videoPlaybackHeight": 360,
    }
    small = {**big, "videoPlaybackWidth": 2560, "videoPlaybackHeight": 1440}
    session = Session().add("startup", 300).add("playing", 4000, videoBitrate=800_000, **big)
    session.add("playing", 6000, videoBitrate=0, **small).leave()
    row = row_of(session)
    assert (row.upscale_x_ms, row.downscale_x_ms, row.scale_ms) == (4000, 3000, 10_000)
    assert (row.max_upscale, row.max_downscale) == (1, 0.5)
    assert (row.bitrate_x_ms, row.bitrate_ms) == (800_000 * 4000, 4000)


def test_requests_of_unload_samples_are_not_counted_again() -> None:
    """Samples at page close repeat the download numbers of the one before."""
    told = {
        "segmentsDownloadCount": 4,
        "segmentsDownloadSize": 800_000,
        "segmentsDownloadTime": 400,
        "avgTimeToFirstByte": 25,
    }
    session = Session(downloadSpeedInfo=told).add("startup", 300).add("playing", 3000).leave(500)
    row = row_of(session)
    assert (row.request_count, row.request_bytes, row.request_load_ms) == (8, 1_600_000, 800)
    assert (row.ttfb_sum_ms, row.ttfb_count) == (200, 8)
    assert row_of(played()).request_count is None


def test_zero_heartbeat_positions_are_repaired() -> None:
    """The hls.js adapter's heartbeats lose the position; what was watched is still one range."""
    session = Session(player="hlsjs", videoDuration=100_000).add(
        "startup", 250, videoTimeStart=0, videoTimeEnd=170
    )
    session.add("playing", 59_700, videoTimeStart=170, videoTimeEnd=0, completedTotal=0.0017)
    session.add("playing", 3000, videoTimeStart=0, videoTimeEnd=62_870, completedTotal=0.0018).leave()
    row = row_of(session)
    assert row.played_ranges == [(0.0, 62_870.0)]
    assert (row.max_playhead_ms, row.played_range_ms) == (62_870, 62_870)


def test_completion_without_positions() -> None:
    """Where samples carry no positions, the collector's own completion stands."""
    assert row_of(played(completedTotal=0.25)).played_range_ms == 10_000


def test_hls_knows_no_dropped_frames() -> None:
    """The hls.js adapter always says 0, which is no knowledge; the HTML5 adapter's 0 is."""
    assert row_of(played(droppedFrames=0, player="hlsjs")).dropped_frames is None
    assert row_of(played(droppedFrames=2)).dropped_frames == 6


# ads


def ad(**fields: Any) -> dict[str, Any]:
    base = {
        "videoImpressionId": IMPRESSION,
        "adImpressionId": "a",
        "adId": "1",
        "adPosition": "pre",
        "time": BASE_MS,
    }
    return {**base, **fields}


def test_a_client_side_preroll() -> None:
    """The ad's own frames come first: its startup is the view's, its time is no content."""
    session = Session(player="bitmovin").add("setup", 1).add("ad", 8000, ad=1).add("startup", 137).leave(5000)
    records = events_of([ad(started=1, completed=1, timePlayed=7600, adStartupTime=310)], "/analytics/a")
    row = row_of([*events_of(session.samples), *records])
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (8000, 5000)
    assert (row.video_startup_time_ms, row.content_startup_time_ms) == (310, 137)
    assert (row.preroll_played, row.has_ad, row.player_startup_time_ms) == (True, True, None)
    assert (row.ad_breaks, row.ad_attempts, row.ad_impressions, row.ad_errors) == (1, 1, 1, 0)


def test_server_side_records_are_one_ad() -> None:
    """Records of one ad impression are merged; the content's samples are ad time while they say so."""
    session = Session(player="bitmovin").add("startup", 200).add("playing", 4000)
    session.add("playing", 6000, ad=2, customData1="of the ad").add(
        "playing", 3000, customData1="of the view"
    ).leave()
    steps = [{"started": 1}, {"quartile1": 1}, {"midpoint": 1}, {"quartile3": 1}, {"completed": 1}]
    records = [ad(adPosition="midroll", adType=2, time=BASE_MS + i, **step) for i, step in enumerate(steps)]
    records.append(ad(adPosition="midroll", adType=2, adImpressionId="b", errorCode=7, time=BASE_MS + 9))
    row = row_of([*events_of(session.samples), *events_of(records, "/analytics/a")])
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (6000, 7000)
    assert (row.ad_attempts, row.ad_impressions, row.ad_errors) == (2, 1, 1)
    assert (row.ad_breaks, row.ad_break_errors) == (1, 1)
    assert row.custom["custom_1"] == "of the view"
    assert (row.outcome, row.error_count) == (Outcome.EXITED, 0)


def test_an_ad_manifest_is_no_ad() -> None:
    """A record of a VMAP manifest alone tries no ad; players that see no ads leave the counters unknown."""
    session = events_of(played(player="bitmovin").samples)
    manifest = {
        "videoImpressionId": IMPRESSION,
        "adImpressionId": "m",
        "adTagType": "vmap",
        "manifestDownloadTime": 90,
    }
    row = row_of([*session, *events_of([manifest], "/analytics/a")])
    assert (row.ad_attempts, row.ad_breaks, row.has_ad) == (0, 0, False)
    assert row_of(played()).ad_attempts is None


# dimensions


def test_custom_data() -> None:
    """Custom data 1 to 20 are dimensions, the rest is kept; one-off values do not replace lasting ones."""
    session = played(
        customData1="a", customData20="b", customData21="c", customData100="d", customData101="e"
    )
    row = row_of(session.add("customdatachange", customData1="once", customData2="once"))
    assert row.custom == {"custom_1": "a", "custom_2": "once", "custom_20": "b"}
    assert {name: row.extra.get(name) for name in ("customData21", "customData100", "customData101")} == {
        "customData21": "c",
        "customData100": "d",
        "customData101": None,
    }


def test_names_of_the_site() -> None:
    """What the page configures becomes dimensions; addresses lose their query."""
    row = row_of(
        played(
            customUserId="viewer",
            userId="browser",
            cdnProvider="akamai",
            experimentName="b",
            videoCodec="avc1",
            audioCodec="mp4a",
            drmType="widevine",
            drmLoadTime=120,
            streamFormat="dash",
            mpdUrl="https://cdn.example.org/v.mpd?token=secret",
            domain="example.org",
            path="/watch",
            version="shaka-4.7.0",
            player="my player",
            subtitleLanguage="de",
            subtitleEnabled=False,
            deviceInformation={"model": "X1", "deviceClass": "STB"},
        )
    )
    assert (row.viewer_id, row.extra["userId"], row.cdn, row.experiment) == (
        "viewer",
        "browser",
        "akamai",
        "b",
    )
    assert (row.video_codec, row.audio_codec, row.drm_type, row.drm_time_ms) == (
        "avc1",
        "mp4a",
        "widevine",
        120,
    )
    assert (row.source_url, row.source_host, row.protocol) == (
        "https://cdn.example.org/v.mpd",
        "cdn.example.org",
        "dash",
    )
    assert (row.page_host, row.page_url, row.subtitle_language) == ("example.org", "example.org/watch", None)
    assert (row.player_name, row.player_software, row.player_software_version) == (
        "my player",
        "shaka",
        "4.7.0",
    )
    assert (row.device_model, row.device_type, row.sdk_name, row.sdk_version) == (
        "X1",
        "tv",
        "bitmovin-analytics",
        "2.51.0",
    )
