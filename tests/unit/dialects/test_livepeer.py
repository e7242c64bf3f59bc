"""What Livepeer's SDK sends, and the row it becomes."""

from __future__ import annotations

import json

import pytest

import support_livepeer as lp
from firstframe.dialects.base import Grant, Reason, Request
from firstframe.dialects.livepeer import INFO, LIVEPEER, LOG
from firstframe.errors import BadRequest
from firstframe.view.record import WATCH_STATES, Approx, EndReason, Outcome, State
from support_livepeer import beat, fold, mark, message, report, started

LEAVE_MS = 3


def left(at_ms, playing=0.0, **more):
    """The two heartbeats of a page that is left."""
    return [beat(at_ms, playing, **more), beat(at_ms + LEAVE_MS, LEAVE_MS if playing else 0)]


def request(body=b"{}", *, route=LOG, query="", headers=None, method="POST"):
    return Request(method, route, {}, query, headers or {}, body)


# the envelope and the answers


def test_envelope_names_the_session():
    """A report belongs to its session id and says how many events it holds."""
    found = LIVEPEER.envelope(request(lp.report([mark("play", 0), beat(5000)]).body))
    assert (found.native_view_ids, found.event_count) == ((lp.SESSION,), 2)


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"{}", b'{"session_id": {}}', b"\xff", b"[" * 5000]
)
def test_what_is_no_report_is_refused(body):
    """A body that is no JSON object with a session id cannot be kept."""
    with pytest.raises(BadRequest):
        LIVEPEER.envelope(request(body))


def test_socket_envelope_takes_the_token():
    """A WebSocket message belongs to the session that its token names, as HTTP reports call it."""
    found = LIVEPEER.envelope(request(b'{"ttff": 1}', route=INFO, query="tkn=abc"))
    assert list(found.native_view_ids) == ["abc"]


@pytest.mark.parametrize("query", ["tkn=default", "", "tkn="])
def test_connections_without_token_are_told_apart(query):
    """Where a page sets no token, each connection is a session of its own."""
    first, again, other = (
        LIVEPEER.envelope(request(b"{}", route=INFO, query=query, headers={"sec-websocket-key": nonce}))
        for nonce in ("one", "one", "other")
    )
    assert first.native_view_ids == again.native_view_ids != other.native_view_ids


def test_discovery_is_answered_with_a_finite_body():
    """The SDK asks where to report; any readable answer means: here."""
    for route in LIVEPEER.routes:
        if route.kind == "answer":
            reply = route.answer(request(method="GET"), Grant(granted=True))
            assert (reply.status, reply.body) == (200, b"{}")
    assert {route.path for route in LIVEPEER.routes if route.at_root} == {LOG, INFO}


def test_snippet_points_at_the_project():
    """The snippet holds the collector's address with the write key."""
    assert "https://collect.example/livepeer/key1" in LIVEPEER.snippet("https://collect.example/", "key1")


# parsing


def test_bad_events_leave_the_good_ones():
    """Events without type or time, or of an impossible time, are rejected with a reason; the rest is used."""
    sent = [mark("play", 0), {"type": "play"}, {"timestamp": 1}, 5, {"type": "pause", "timestamp": -4}]
    reading = LIVEPEER.parse(report([*sent, mark("something-new", 5)]))
    assert [event.name for event in reading.events] == ["session", "play", "something-new"]
    assert sorted(reject.reason for reject in reading.rejects) == sorted(
        [Reason.BAD_EVENT, Reason.BAD_EVENT, Reason.BAD_EVENT, Reason.BAD_CLOCK, Reason.UNKNOWN_EVENT]
    )


def test_broken_numbers_are_left_out():
    """A number that is none is left out of a heartbeat; null says nothing and is no fault."""
    reading = LIVEPEER.parse(report([beat(5000, playing="much", duration_ms=None)]))
    assert [reject.reason for reject in reading.rejects] == [Reason.BAD_FIELD]
    assert not {"time_playing_ms", "duration_ms"} & reading.events[1].payload.keys()


def test_same_session_data_is_stored_once():
    """What every report repeats beside its events is one event."""
    events = lp.events_of([report([beat(5000)]), report([beat(10000)])])
    assert [event.name for event in events].count("session") == 1


@pytest.mark.parametrize("body", [b"nonsense", b"{}", b'{"session_id": "s", "events": 7}'])
def test_parse_never_raises(body):
    """A beacon that cannot be read becomes a reject."""
    assert LIVEPEER.parse(lp.beacon(body, lp.T0)).rejects


def test_socket_message_without_sense():
    """Totals of the wrong type are rejected one by one."""
    reading = LIVEPEER.parse(message(0, ttff="soon", timeUnpaused=5, pageUrl=3))
    assert [reject.reason for reject in reading.rejects] == [Reason.BAD_FIELD, Reason.BAD_FIELD]
    assert reading.events[0].payload == {"timeUnpaused": 5, "playbackId": "43iobuemjjbbrln9"}


# startup


def test_startup_ends_where_playing_began():
    """The second play event is DOM `playing`; the SDK's first frame comes a time update later."""
    row = fold([report([*started(1000), beat(5000, 4000, 999, 1, play_to_first_frame_ms=1201)])])
    assert row.video_startup_time_ms == 1001
    assert Approx.STARTUP_IS_FIRST_PROGRESS not in row.approx
    assert (row.content_playing_time_ms, row.rebuffer_count) == (3998, 0)


def test_startup_falls_back_to_the_first_progress():
    """With one play event only, the SDK's own time counts and is flagged."""
    sent = [mark("play", 0), mark("first-frame", 240), beat(5000, 5000, play_to_first_frame_ms=240)]
    row = fold([report(sent)])
    assert row.video_startup_time_ms == 240
    assert Approx.STARTUP_IS_FIRST_PROGRESS in row.approx


def test_startup_of_an_element_that_did_not_move():
    """When the time update comes long after DOM `playing`, frames moved in the quarter of a second before it."""
    sent = [mark("play", 0), mark("play", 10), mark("first-frame", 2000)]
    row = fold([report([*sent, beat(5000, 4990, play_to_first_frame_ms=2000)])])
    assert row.video_startup_time_ms == 1850
    assert row.content_playing_time_ms == 3140
    assert Approx.STARTUP_IS_FIRST_PROGRESS in row.approx


def test_pause_before_the_first_frame_is_no_startup():
    """A viewer who pauses while it loads does not wait."""
    sent = [
        mark("play", 0),
        mark("pause", 1000),
        mark("play", 4000),
        mark("play", 4500),
        mark("first-frame", 4600),
    ]
    row = fold([report([*sent, beat(5000, 500, 500, 1, play_to_first_frame_ms=4600)])])
    assert row.video_startup_time_ms == 1500
    assert row.pause_time_ms == 3000


def test_time_in_error_is_no_startup():
    """Play was wanted, the stream was offline for ten minutes, then it began: only the waits count."""
    offline = {"category": "offline", "message": "stream is offline"}
    sent = [mark("play", 0), mark("warning", 100, **offline), beat(5000, warnings=1, time_warning_ms=4900)]
    sent += [beat(at, time_warning_ms=5000) for at in range(10_000, 600_001, 5000)]
    sent += [mark("play", 601_000), mark("first-frame", 601_200)]
    row = fold([report([*sent, beat(605_000, 4000, play_to_first_frame_ms=601_200), *left(607_000, 2000)])])
    assert (row.video_startup_time_ms, row.startup_wait_ms) == (300, 300)
    assert (row.content_playing_time_ms, row.watch_time_ms) == (5803, 6103)
    watched = [span for span in row.spans if span.state in WATCH_STATES]
    assert sum(span.end_ms - span.start_ms for span in watched) == row.watch_time_ms


def test_startup_that_goes_on_after_an_error():
    """DOM `playing` ends it; the error between is left out there too."""
    sent = [mark("play", 0), mark("error", 1000, category="unknown", message="x"), mark("play", 7000)]
    frame = [mark("play", 7400), mark("first-frame", 7600)]
    first, then = beat(5000, 0, 5000, 1, errors=1, time_errored_ms=4000), beat(10_000, 2600, 2400)
    row = fold(
        [report([*sent[:2], first]), report([sent[2], *frame, then | {"play_to_first_frame_ms": 7600}])]
    )
    assert (row.video_startup_time_ms, row.content_playing_time_ms, row.watch_time_ms) == (1400, 2600, 4000)


def test_lost_beginning():
    """Reports that only show playing make a started view without startup time, flagged."""
    row = fold([report([beat(5000, 5000)]), report([beat(10_000, 5000)])])
    assert (row.started, row.video_startup_time_ms, row.outcome) == (True, None, Outcome.DROPPED)
    assert Approx.START_LOST in row.approx


def test_page_that_never_played():
    """A player that was only shown is no attempt, however long its page beats."""
    sent = [report([mark("can-play", 100), *[beat(5000 * n) for n in range(1, 9)]])]
    row = fold(sent)
    assert (row.attempted, row.outcome) == (False, Outcome.NOT_ATTEMPTED)
    assert row.view_end_ms == lp.T0 + 100
    assert row.watch_time_ms == 0


def test_exit_before_start():
    """Play was wanted and nothing came until the page was left."""
    row = fold([report([mark("play", 0), *left(4000, waiting=3900, waits=1)])])
    assert (row.outcome, row.started, row.startup_wait_ms) == (
        Outcome.EXITED_BEFORE_START,
        False,
        4000 + LEAVE_MS,
    )
    assert row.end_reason is EndReason.ENDED


# waits


def test_rebuffering_ends_with_a_play_event():
    """A wait after the first frame is rebuffering, and lies before the play event that ends it."""
    sent = [*started(), beat(5000, 5000), mark("play", 8000), beat(10_000, 3000, 2000, 1)]
    row = fold([report(sent)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2000)
    (stall,) = (span for span in row.spans if span.state is State.REBUFFER)
    assert (stall.start_ms - lp.T0, stall.end_ms - lp.T0) == (6000, 8000)
    assert Approx.STALLS_UPPER_BOUND in row.approx


def test_seeks_of_the_own_player_are_no_rebuffering():
    """Where the player reports its seeks, their waits are seek time."""
    version = "@livepeer/react@4.3.4"
    sent = [*started(), mark("seek", 2000, payload=30), mark("play", 2500), beat(5000, 4499, 500, 1)]
    row = fold([report(sent, version=version)])
    assert (row.seek_count, row.seek_time_ms, row.rebuffer_count, row.rebuffer_duration_ms) == (1, 500, 0, 0)
    assert Approx.STALLS_UPPER_BOUND not in row.approx
    assert fold([report([*started(), beat(5000, 5000)], version=version)]).seek_count == 0


def test_seek_wait_that_runs_into_the_next_heartbeat():
    """What goes on of a seek's wait is the seek's too."""
    sent = [*started(), mark("seek", 4000, payload=30), beat(5000, 3999, 1000, 1), mark("play", 6000)]
    row = fold([report([*sent, beat(10_000, 4000, 1000, 0)])])
    assert (row.seek_time_ms, row.rebuffer_duration_ms) == (2000, 0)


def test_a_native_seek_is_not_known():
    """A plain player reports no seeks: unknown, not none."""
    assert fold([report([*started(), beat(5000, 5000)])]).seek_count is None


def test_stalled_is_no_wait():
    """The network's `stalled` runs inside waits or beside smooth playing, and counts nowhere."""
    row = fold([report([*started(), beat(5000, 5000, stalled_count=2, time_stalled_ms=3000)])])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (0, 0, 4999)


def test_paused_time_claimed_as_playing():
    """After a seek in pause the SDK's play timer runs: the last word was pause, so nothing played."""
    sent = [*started(), mark("pause", 4000), beat(5000, 5000), beat(10_000, 5000), beat(15_000, 5000)]
    row = fold([report(sent)])
    assert row.content_playing_time_ms == 3999


def test_wait_that_runs_on_in_a_pause():
    """A pause ends a wait, whatever the timer says."""
    sent = [*started(), mark("pause", 3000), beat(5000, 2000, 3000, 1)]
    assert fold([report(sent)]).rebuffer_duration_ms == pytest.approx(999, abs=1)


def test_waits_in_a_pause_are_none():
    """Seeks in a pause make waits; nobody waited for them, and a stall before the pause still counts."""
    sent = [
        *started(),
        beat(5000, 4999),
        mark("pause", 6000),
        beat(10_000, 1000, 50, 1),
        beat(15_000, 0, 30, 1),
    ]
    row = fold([report([*sent, mark("play", 16_000), mark("play", 16_001), beat(20_000, 4000)])])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.content_playing_time_ms) == (0, 0, 9999)
    assert Approx.STALLS_UPPER_BOUND not in row.approx
    stalled = [*started(), beat(5000, 4999), mark("pause", 8000), beat(10_000, 1000, 4000, 1)]
    row = fold([report(stalled)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2000)


def test_wait_that_begins_with_the_heartbeat():
    """One that began in the last milliseconds of a heartbeat counts, though it leaves no room for it."""
    sent = [*started(), beat(5000, 5000, 0, 1), mark("play", 7000), beat(10_000, 3000, 2000)]
    row = fold([report(sent)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2000)


def test_wait_that_ends_right_before_a_pause():
    """The last milliseconds of a wait count, where it began in the heartbeat before."""
    sent = [*started(), beat(5000, 2999, 2000, 1), mark("play", 5010), mark("pause", 6000)]
    row = fold([report([*sent, beat(10_000, 990, 10)])])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2010)


def test_time_lost_by_a_new_source():
    """A source that is swapped while it plays restarts the timer: the time before it is put back, and flagged."""
    sent = [*started(), beat(5000, 4999, duration_ms=40_000), mark("play", 7500)]
    row = fold([report([*sent, beat(10_000, 2500, duration_ms=8000)])])
    assert row.content_playing_time_ms == 9999
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.SEVERAL_SOURCES} <= set(row.approx)


def test_wall_time_nothing_explains_is_flagged():
    """Where a heartbeat claims less than its time and nothing shows why, the play time is a lower bound."""
    row = fold([report([*started(), beat(5000, 4999), beat(10_000, 1000)])])
    assert Approx.PLAY_TIME_LOWER_BOUND in row.approx


# merged, repeated, left


def test_merged_heartbeat_replaces_the_one_it_grew_from():
    """A report whose answer was lost comes back with the same id and larger numbers."""
    first = beat(5000, 5000, id="x")
    grown = beat(15_000, 15_000, id="x", oldest_buffer_timestamp=lp.T0 + 5000)
    row = fold([report([*started(), first]), report([*started(), grown])])
    assert row.content_playing_time_ms == 14_999


def test_parts_of_a_merged_heartbeat_count_once():
    """When the page's own hook sends each heartbeat and the SDK the merged one, time passes once."""
    parts = [beat(5000, 5000, id="x"), beat(10_000, 5000, id="y")]
    merged = beat(10_000, 10_000, id="x", oldest_buffer_timestamp=lp.T0 + 5000)
    row = fold([report([*started(), *parts]), report([merged], 10_500)])
    assert row.content_playing_time_ms == 9999


def test_two_beacons_per_leave():
    """Both heartbeats of a leave count, in either order, and say that the view ended."""
    first, second = left(7000, 2000)
    rows = [
        fold([report([*started(), beat(5000, 5000)]), *pair])
        for pair in (
            (report([first]), report([second])),
            (report([second], 7001), report([first], 7002)),
        )
    ]
    assert rows[0].content_playing_time_ms == rows[1].content_playing_time_ms == 6999 + LEAVE_MS
    assert {row.outcome for row in rows} == {Outcome.EXITED}


def test_leaving_in_one_millisecond():
    """Two heartbeats with the same time lose nothing, whichever is stored first."""
    twin = [beat(7000, 2000, id=name) if name == "b" else beat(7000, 0, id=name) for name in "ab"]
    assert fold([report([*started(), beat(5000, 5000), *twin])]).content_playing_time_ms == 6999


def test_destroyed_session_counts_one_interval():
    """A destroyed session's last heartbeat claims time up to the end of the page."""
    sent = [report([*started(), beat(5000, 5000)]), report(left(50_000, 45_000))]
    row = fold(sent)
    assert row.content_playing_time_ms == 9999
    assert row.view_end_ms == lp.T0 + 10_000
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_destroyed_session_ends_where_its_socket_fell_silent():
    """The WebSocket beside it speaks every second while it plays."""
    talk = [message(1000 * n, timeUnpaused=1000 * n) for n in range(1, 8)]
    row = fold([report([*started(), beat(5000, 5000)]), *talk, report(left(50_000, 45_000))])
    assert row.content_playing_time_ms == pytest.approx(7000, abs=1)


def test_short_interval_of_a_destroyed_session():
    """Where the first heartbeats show a shorter interval, that is what the last one may claim."""
    sent = [mark("can-play", 20), mark("play", 30), mark("play", 31), mark("first-frame", 100)]
    row = fold([report([*sent, beat(2000, 1969), beat(4000, 2000)]), report(left(8200, 4200))])
    assert row.content_playing_time_ms == 5969


def test_socket_that_fell_silent_within_one_interval():
    """The WebSocket tells of a destroyed session also where the gap is no longer than others."""
    talk = [message(500 * n, timeUnpaused=500 * n) for n in range(1, 13)]
    row = fold([report([*started(), beat(5000, 5000)]), *talk, report(left(10_000, 5000))])
    assert row.content_playing_time_ms == pytest.approx(6000, abs=1)


def test_hidden_page_whose_timers_are_throttled():
    """A page that was hidden for long beats once a minute and plays all the while."""
    late = [beat(5000 + 60_000 * n, 60_000) for n in (1, 2, 3)]
    assert fold([report([*started(), beat(5000, 5000), *late])]).content_playing_time_ms == 184_999


def test_slow_interval_is_no_destroyed_session():
    """A site may report every 30 s: its heartbeats are far apart by right."""
    row = fold([report([mark("can-play", 0), *started(), beat(30_000, 30_000), beat(60_000, 30_000)])])
    assert row.content_playing_time_ms == 59_999


def test_collector_down_for_long():
    """A long gap that a buffer explains is counted in full."""
    late = beat(100_000, 95_000, id="x", oldest_buffer_timestamp=lp.T0 + 10_000)
    assert fold([report([*started(), beat(5000, 5000), late])]).content_playing_time_ms == 99_999


def test_silence():
    """Without a leave the session is open for a minute after the last receipt, then dropped."""
    sent = [report([*started(), beat(5000, 5000)])]
    open_row = fold(sent, after_ms=59_999)
    assert (open_row.closed, open_row.outcome) == (False, Outcome.EXITED)
    assert fold(sent, after_ms=60_000).outcome is Outcome.DROPPED
    events = lp.events_of(sent)
    assert LIVEPEER.fold(events, lp.T0 + 5000).due_ms == lp.T0 + 65_000


def test_silence_in_pause_is_no_drop():
    """A paused view that falls silent was not lost while watching."""
    row = fold([report([*started(), mark("pause", 4000), beat(5000, 4000)])])
    assert (row.outcome, row.end_reason) == (Outcome.EXITED, EndReason.IDLE_TIMEOUT)


def test_resting_pages_change_nothing():
    """Paused and ended pages beat for ever; their heartbeats leave the row as it is."""
    sent = [*started(), mark("pause", 4000), mark("ended", 4001), beat(5000, 4000)]
    once = fold([report(sent)])
    later = fold([report(sent), report([beat(10_000)]), report([beat(15_000)])])
    assert (once.view_end_ms, once.watch_time_ms) == (later.view_end_ms, later.watch_time_ms)


# endings and errors


def test_completed():
    """Played to its end, with the pause that browsers send before it."""
    sent = [*started(), mark("pause", 8000), mark("ended", 8001), beat(10_000, 8000)]
    row = fold([report(sent)])
    assert (row.outcome, row.completed, row.content_playing_time_ms) == (Outcome.COMPLETED, True, 7999)


def test_replay_after_the_end_goes_on():
    """Ended must be the last thing for a completed view."""
    sent = [*started(), mark("ended", 4000), mark("play", 4500), beat(5000, 4500)]
    row = fold([report(sent)])
    assert (row.outcome, row.completed) == (Outcome.DROPPED, True)


def test_the_seek_of_a_replay_is_no_rebuffer():
    """Playing again after the end begins with a seek, whose wait the SDK counts; a later wait is one."""
    again = [mark("ended", 6000), mark("play", 6500), mark("play", 6540), beat(10_000, 4460, 40, 1)]
    sent = [*started(), beat(5000, 4999), *again]
    row = fold([report(sent)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    row = fold([report([*sent, mark("play", 13_000), beat(15_000, 3000, 2000, 1)])])
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 2000)


@pytest.mark.parametrize(
    ("kind", "category", "outcome", "class_"),
    [
        ("error", "access-control", Outcome.START_BLOCKED, "business"),
        ("error", "permissions", Outcome.START_BLOCKED, "business"),
        ("error", "unknown", Outcome.START_FAILED, "technical"),
        ("warning", "offline", Outcome.START_FAILED, "technical"),
        ("warning", "fallback", Outcome.EXITED_BEFORE_START, None),
        ("error", "fallback", Outcome.EXITED_BEFORE_START, "technical"),
    ],
)
def test_error_before_the_first_frame(kind, category, outcome, class_):
    """Each category before the first frame: what ends the start, and whether a rule or a fault did."""
    sent = [mark("play", 0), mark(kind, 300, category=category, message="why"), beat(5000, 0, 4900, 1)]
    row = fold([report(sent)])
    assert (row.outcome, row.error_class, row.started) == (outcome, class_, False)


@pytest.mark.parametrize(
    ("kind", "category", "outcome"),
    [
        ("error", "unknown", Outcome.PLAYBACK_FAILED),
        ("error", "access-control", Outcome.PLAYBACK_BLOCKED),
        ("warning", "offline", Outcome.PLAYBACK_BLOCKED),
        ("warning", "fallback", Outcome.DROPPED),
    ],
)
def test_error_while_playing(kind, category, outcome):
    """After it errored time runs and nothing plays: fatal. Its wait runs on too, which is no rebuffering."""
    sent = [*started(), mark(kind, 4000, category=category, message="why")]
    failed = {"time_warning_ms" if kind == "warning" else "time_errored_ms": 1000}
    row = fold([report([*sent, beat(5000, 4000, 1000, 1, **failed), beat(10_000, 0, 5000, **failed)])])
    assert row.outcome is outcome
    if outcome is not Outcome.DROPPED:
        assert row.rebuffer_duration_ms == 0
        assert row.fatal_error_code == category


def test_recovered_error():
    """Playback that goes on takes the failure back; each retry is an error, the trouble is one."""
    errors = [mark("error", at, category="unknown", message="Error with HLS.js") for at in (3000, 3500, 4500)]
    sent = [*started(), *errors, mark("play", 5500), beat(5000, 3000, errors=3, time_errored_ms=2000)]
    row = fold([report([*sent, beat(10_000, 4500, time_errored_ms=500)])])
    assert (row.outcome, row.error_count, row.recovered_errors) == (Outcome.DROPPED, 3, 1)
    assert row.fatal_error_code is None
    assert row.error_message == "Error with HLS.js"


def test_waits_of_retries_are_none():
    """The player reloads under a standing error, and waits each time: that is no rebuffering."""
    sent = [*started(), beat(5000, 4999), beat(10_000, 5000)]
    for at, playing, waiting, waits in ((11_000, 1000, 3500, 2), (16_000, 0, 5000, 1), (21_000, 0, 5000, 1)):
        error = mark("error", at, category="unknown", message="x")
        sent += [error, beat(at + 4000, playing, waiting, waits, errors=1, time_errored_ms=4000)]
    sent += [mark("play", 26_000), beat(30_000, 4000, 1000, time_errored_ms=1000), *left(32_000, 2000)]
    row = fold([report(sent)])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.error_count) == (0, 0, 3)
    assert row.content_playing_time_ms == 17_002
    assert [(span.start_ms - lp.T0, span.end_ms - lp.T0) for span in row.spans[1:]] == [
        (1, 11_000),
        (26_000, 32_003),
    ]


def test_stall_that_ends_in_an_error():
    """The wait before the error is rebuffering, once; what it runs on and the retries' waits are not."""
    error = mark("error", 8000, category="unknown", message="x")
    sent = [*started(), beat(5000, 4999), error, beat(10_000, 1000, 4000, 3, errors=1, time_errored_ms=2000)]
    row = fold([report([*sent, beat(15_000, 0, 5000, time_errored_ms=5000)])])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.outcome) == (1, 2000, Outcome.PLAYBACK_FAILED)


def test_playing_on_under_an_error():
    """What does not fit in before the error played on after it: a time update is enough."""
    error = mark("error", 6000, category="unknown", message="x")
    row = fold([report([*started(), beat(5000, 4999), error, beat(10_000, 3000, time_errored_ms=2000)])])
    assert (row.content_playing_time_ms, row.recovered_errors) == (7999, 1)
    assert [(span.start_ms - lp.T0, span.end_ms - lp.T0) for span in row.spans[1:]] == [
        (1, 6000),
        (8000, 10_000),
    ]


def test_pause_of_a_failing_source_is_nobodys():
    """Browsers pause an element whose source fails, before the SDK says so."""
    sent = [
        mark("play", 0),
        mark("pause", 50),
        mark("warning", 200, category="offline", message="gone"),
        beat(5000),
    ]
    row = fold([report(sent)])
    assert (row.pause_time_ms, row.startup_wait_ms) == (0, 50)


def test_error_without_play():
    """A source that fails before anybody pressed play is an attempt that failed."""
    row = fold([report([mark("error", 100, category="unknown", message=""), beat(5000)])])
    assert (row.attempted, row.outcome) == (True, Outcome.START_FAILED)


# dimensions


def test_dimensions_of_a_published_report():
    """Page, source, player, protocol, viewer and autoplay; the token leaves the source URL."""
    row = fold([report([*started(), beat(5000, 5000, autoplay_status="autoplay", duration_ms=40_000.7)])])
    assert row.page_url == "https://shop.example:8443/watch"
    assert row.page_host == "shop.example"
    assert row.source_url == "https://cdn.example/hls/43iobuemjjbbrln9/static360p0.mp4"
    assert (row.player_name, row.sdk_name, row.sdk_version) == ("video", "@livepeer/core", "3.3.1")
    assert (row.protocol, row.playback_id, row.viewer_id) == ("progressive", "43iobuemjjbbrln9", "viewer-1")
    assert (row.autoplay, row.live, row.stream_type) == (True, False, "on_demand")
    assert (row.browser, row.session_id) == ("Chrome", lp.SESSION)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"page_url": "https://a.example/p?x=1", "player": "hls-10", "version": None}, ("hls-10", "10")),
        (
            {"page_url": "https://a.example/p", "player": "hls", "version": "@livepeer/core@3.1.0"},
            ("hls", "3.1.0"),
        ),
        (
            {"page_url": "https://a.example/p", "player": "webrtc-@livepeer/core@3.0", "version": None},
            ("webrtc", "3.0"),
        ),
    ],
)
def test_older_shapes(sent, expected):
    """The drafts send the page whole and the player with its version."""
    row = fold(
        [report([*started(), beat(5000, 5000)], domain=None, path=None, params=None, hash=None, **sent)]
    )
    assert row.page_url == "https://a.example/p"
    assert (row.player_name, row.player_version) == expected


def test_first_draft_counts_in_seconds_and_totals():
    """Timestamps in seconds come with totals: the row is the same as of deltas in milliseconds."""
    second = lp.T0 / 1000
    sent = [
        {"type": "play", "timestamp": second},
        {"type": "first-frame", "timestamp": second + 1},
        {
            "type": "heartbeat",
            "timestamp": second + 5,
            "time_playing_ms": 4000,
            "play_to_first_frame_ms": 1000,
        },
        {
            "type": "heartbeat",
            "timestamp": second + 10,
            "time_playing_ms": 7000,
            "time_waiting_ms": 2000,
            "waiting_count": 1,
        },
        {
            "type": "heartbeat",
            "timestamp": second + 15,
            "time_playing_ms": 12_000,
            "time_waiting_ms": 2000,
            "waiting_count": 1,
        },
        {"type": "error", "timestamp": second + 16, "error_message": "stream is offline"},
    ]
    row = fold([lp.report(sent, 16_000, page_url="https://a.example/p", domain=None, player="hls-3")])
    assert (row.content_playing_time_ms, row.rebuffer_duration_ms, row.rebuffer_count) == (11_000, 2000, 1)
    assert row.error_code == "offline"


def test_live():
    """Live in any report is live; the offset to the edge is a latency sample, the duration is none."""
    first = report([*started(), beat(5000, 5000, duration_ms=60_000, offset_ms=4000)])
    row = fold([first, report([beat(10_000, 5000, offset_ms=6000)], live=True)])
    assert (row.live, row.latency_sum_ms, row.latency_count, row.duration_ms, row.completed) == (
        True,
        10_000,
        2,
        None,
        None,
    )


def test_sizes_are_weighed_with_playing():
    """Upscaling by what was sent last: the first heartbeat 2x, the second not at all."""
    sizes = {"player_width_px": 1280, "player_height_px": 720, "video_width_px": 640, "video_height_px": 360}
    larger = {"video_width_px": 1280, "video_height_px": 720}
    row = fold([report([*started(), beat(5001, 5000, **sizes), beat(10_001, 5000, **larger)])])
    assert (row.upscale_x_ms, row.scale_ms, row.max_upscale) == (5000, 10_000, 1)
    assert (row.player_width_px, row.video_height_px) == (1280, 720)


def test_rate_makes_media_time():
    """At double speed twice the media passes."""
    row = fold([report([*started(), mark("rate", 0, payload=2), beat(5001, 5000)])])
    assert row.media_time_ms == 10_000


def test_html_events_are_counted():
    """Fullscreen, picture in picture, clips and quality choices are kept as extra facts."""
    kinds = ["enter-fullscreen", "exit-fullscreen", "enter-pip", "exit-pip", "clip", "video-quality"]
    row = fold(
        [report([*started(), *[mark(kind, 1000 + n) for n, kind in enumerate(kinds)], beat(5000, 5000)])]
    )
    assert {
        key: row.extra[key] for key in ("fullscreen", "picture_in_picture", "clips", "quality_choices")
    } == dict.fromkeys(("fullscreen", "picture_in_picture", "clips", "quality_choices"), "1")


def test_dstorage_id():
    """A gateway's URL gives the content id."""
    cid = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKxRKG"
    assert fold([report([beat(5000)], source_url=f"https://ipfs.io/ipfs/{cid}?tkn=x")]).dstorage_id == cid


def test_level_playlist_is_no_playback_id():
    """The SDK takes the level's folder for the id; the source URL knows better."""
    url = "https://livepeercdn.studio/hls/video+abcdefgh12345678/0_1/index.m3u8"
    assert fold([report([beat(5000)], playback_id="0_1", source_url=url)]).playback_id == "abcdefgh12345678"


def test_several_reports_of_one_id():
    """A page with `session_id` alone is enough for a row."""
    row = fold([lp.beacon(json.dumps({"session_id": "s", "events": []}).encode(), lp.T0)])
    assert (row.native_view_id, row.outcome, row.view_start_ms) == ("s", Outcome.NOT_ATTEMPTED, lp.T0)


# the WebSocket


def totals():
    """A session as the older packages report it: played 6 s with a wait of 1 s."""
    return [
        message(100, autoplay="autoplay", duration=40, pageUrl="https://a.example/p?x", player="hls-@livepeer/core@3.1.1",
                sourceUrl="https://c.example/hls/abc/index.m3u8?tkn=1", sourceType="application/vnd.apple.mpegurl",
                timeUnpaused=0, timeWaiting=0, nWaiting=0, uid="u1"),
        message(1100, firstPlayback=300, preloadTime=300, timeUnpaused=800),
        message(2100, ttff=240, timeUnpaused=1800),
        message(3100, timeUnpaused=2800),
        message(4100, timeUnpaused=2900, timeWaiting=900, nWaiting=1),
        message(5100, timeUnpaused=3800, timeWaiting=1000),
        message(6100, timeUnpaused=4800),
    ]  # fmt: skip


def test_socket_only_session():
    """Totals become startup, playing and rebuffering; what they cannot say is null or flagged."""
    row = fold(totals())
    assert (row.started, row.video_startup_time_ms, row.outcome) == (True, 240, Outcome.EXITED)
    assert row.content_playing_time_ms == 4800
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (1, 1000)
    assert (row.pause_time_ms, row.seek_count, row.completed, row.duration_ms) == (None, None, None, 40_000)
    assert (row.viewer_id, row.autoplay, row.protocol, row.player_name) == ("u1", True, "hls", "hls")
    assert Approx.STALLS_LOWER_BOUND in row.approx


def test_socket_totals_survive_a_reconnect():
    """After a new connection only changes come: the state is the token's, not the connection's."""
    cut = [*totals()[:3], *totals()[5:]]
    assert fold(cut).content_playing_time_ms == fold(totals()).content_playing_time_ms


def test_socket_error_before_start():
    """The message says what kind of error it was."""
    row = fold([message(100, firstPlayback=90, nError=1, lastError="stream is offline", timeWaiting=50)])
    assert (row.outcome, row.fatal_error_code) == (Outcome.START_FAILED, "offline")


def test_both_channels_are_one_view_and_http_wins():
    """The newest packages report twice: the numbers are those of the HTTP reports."""
    reports = [report([*started(), beat(5000, 5000)])]
    both = fold([*reports, *totals()])
    assert (both.content_playing_time_ms, both.rebuffer_count) == (4999, 0)
    assert both.extra["reported_over"] == "http"


def test_socket_startup_without_the_time_in_error():
    """Its time to the first frame runs through an error before it."""
    sent = [
        message(500, firstPlayback=400, timeUnpaused=100),
        message(1500, nError=1, lastError="x", timeUnpaused=300),
        message(9500, ttff=9000, timeUnpaused=400),
        message(10_500, timeUnpaused=1400),
    ]
    assert fold(sent).video_startup_time_ms == 1100
