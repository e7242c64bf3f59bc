"""What a session's reports come to: the golden cases, and the rules one by one."""

from __future__ import annotations

from random import Random
from time import process_time
from typing import Any

import pytest

from firstframe.beacon import Event
from firstframe.dialects.cmcd import CMCD
from firstframe.dialects.cmcd.session import MOST_VIEWS
from firstframe.fold.finish import fold_view
from firstframe.view.record import Approx, EndReason, Outcome, State
from support_cases import BASE_MS, Case, beacon_of, load_cases, run_case
from support_cmcd import DAY_MS, events_of, read, row_of, rows_of, sta

CASES = load_cases("cmcd")
PLAYING = (sta(0, "s"), sta(500, "p"))


def events_of_case(case: Case) -> list[Event]:
    """A case's records, as a player would write them."""
    found: list[Event] = []
    for event in case["events"]:
        said = {**event, "ts": BASE_MS + event["ts"]}
        quoted = {
            key: f'"{value}"' if key in ("sid", "cid", "h", "url") else value for key, value in said.items()
        }
        body = ",".join(f"{key}={value}" for key, value in quoted.items())
        found += CMCD.parse(beacon_of(body.encode(), said["ts"], dialect="cmcd", route="")).events
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_golden_cases(case: Case) -> None:
    """Every number that the norm promises."""
    assert run_case(case, events_of_case(case), CMCD, base_ms=BASE_MS)


def test_order_and_repeats_change_nothing() -> None:
    """Posts overtake each other and come twice; time and number are the order."""
    events = events_of(
        [*PLAYING, sta(5_000, "r"), sta(7_000, "k"), sta(7_000, "r"), sta(8_000, "p"), sta(9_000, "e")]
    )
    now_ms = BASE_MS + DAY_MS
    wanted = fold_view(CMCD, "default", "S", events, now_ms).rows
    for seed in range(20):
        shuffled = [*events, *events[::2]]
        Random(seed).shuffle(shuffled)
        assert fold_view(CMCD, "default", "S", shuffled, now_ms).rows == wanted


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ("d", Outcome.NOT_ATTEMPTED),
        ("dk", Outcome.EXITED_BEFORE_START),
        ("da", Outcome.EXITED_BEFORE_START),
        ("ds", Outcome.EXITED_BEFORE_START),
        ("sq", Outcome.EXITED_BEFORE_START),
        ("sf", Outcome.START_FAILED),
        ("spf", Outcome.PLAYBACK_FAILED),
        ("spfp", Outcome.DROPPED),
        ("spe", Outcome.COMPLETED),
        ("spq", Outcome.EXITED),
        ("spa", Outcome.EXITED),
        ("sp", Outcome.DROPPED),
    ],
)
def test_the_last_state_is_the_outcome(states: str, outcome: Outcome) -> None:
    """`d` alone is an impression; silence in a pause is no loss, silence in a watch state is one."""
    row = row_of(*(sta(1_000 * place, state) for place, state in enumerate(states)))
    assert row.outcome is outcome
    assert row.closed


def test_a_wait_before_the_first_frame_is_startup() -> None:
    """Where the player says `s`, from there; where it says none (Shaka), from its first wait."""
    said = row_of(sta(0, "r"), sta(1_000, "s"), sta(1_200, "r"), sta(1_500, "p"), sta(2_000, "e"))
    unsaid = row_of(sta(0, "r"), sta(1_500, "p"), sta(2_000, "e"))
    assert (said.video_startup_time_ms, said.rebuffer_count) == (500, 0)
    assert (unsaid.video_startup_time_ms, unsaid.rebuffer_count) == (1_500, 0)


def test_a_start_is_exact_only_behind_a_load_that_was_told() -> None:
    """`s` may be the load itself (dash.js, whose target need not ask for `t`; hls.js that plays by itself)."""
    assert Approx.STARTUP_IS_READY_TIME not in row_of(sta(0, "d"), sta(400, "s"), sta(500, "p")).approx
    assert Approx.STARTUP_IS_READY_TIME in row_of(sta(0, "s"), sta(500, "p")).approx


def test_a_start_delay_that_a_request_tells_runs_from_the_load() -> None:
    """Shaka's, in version 2's request mode: half a second where somebody pressed play 11 ms before."""
    asked = "CMCD=msd%3D483%2Cot%3Dv%2Csid%3D%22S%22%2Cv%3D2"
    events = [event for at in (0, 900) for event in read(query=asked, received_ms=BASE_MS + at).events]
    (row,) = fold_view(CMCD, "default", "S", events, BASE_MS + DAY_MS).rows
    assert row.video_startup_time_ms == 483
    assert Approx.STARTUP_IS_READY_TIME in row.approx


def test_a_start_that_nobody_saw_has_no_length() -> None:
    """The states before the first frame never came: nothing is invented."""
    row = row_of(sta(0, "p"), sta(2_000, "e"))
    assert (row.started, row.video_startup_time_ms, row.content_playing_time_ms) == (True, None, 2_000)


def test_waits_in_a_seek_belong_to_it() -> None:
    """`w` and `r` inside; one `k` after the other is one seek; `a` ends it as `p` does."""
    row = row_of(
        *PLAYING,
        sta(1_000, "k"),
        sta(1_100, "w"),
        sta(1_200, "k"),
        sta(1_300, "r"),
        sta(2_000, "p"),
        sta(3_000, "k"),
        sta(3_400, "a"),
        sta(5_000, "p"),
        sta(6_000, "e"),
    )
    assert (row.seek_count, row.seek_time_ms) == (2, 1_400)
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.pause_time_ms) == (0, 0, 1_600)
    assert row.watch_time_ms == 500 + 500 + 1_000 + 1_000 + 400 + 1_000


def test_a_seek_out_of_a_stall_may_be_the_players_own() -> None:
    """hls.js nudges the playhead over a hole: the stall then lasted longer than is known."""
    row = row_of(
        *PLAYING, sta(1_000, "r"), sta(4_000, "k"), sta(4_010, "r"), sta(5_000, "p"), sta(6_000, "e")
    )
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.seek_time_ms) == (1, 3_000, 1_000)
    assert Approx.STALLS_LOWER_BOUND in row.approx


def test_a_state_that_was_lost_is_learnt_from_the_next_report() -> None:
    """Any report may tell the state, but a response tells that of its end, not of its time."""
    row = row_of(
        *PLAYING,
        {"at": 2_000, "e": "rr", "sta": "a", "ttlb": 900, "rc": 200},
        {"at": 3_000, "e": "t", "sta": "a"},
        sta(4_000, "p"),
        sta(5_000, "e"),
    )
    assert (row.content_playing_time_ms, row.pause_time_ms) == (3_500, 1_000)


def test_an_error_is_told_by_its_event_and_its_state() -> None:
    """Together they are one; without the state it is no failure."""
    fatal = row_of(*PLAYING, sta(1_000, "f"), {"at": 1_007, "e": "e", "ec": '("netError" "x")', "sta": "f"})
    other = row_of(*PLAYING, {"at": 1_000, "e": "e", "ec": '("soft")', "sta": "p"}, sta(9_000, "q"))
    apart = row_of(*PLAYING, {"at": 1_000, "e": "e", "ec": '("soft")', "sta": "p"}, sta(9_000, "f"))
    assert (fatal.error_count, fatal.fatal_error_code, fatal.outcome) == (
        1,
        "netError",
        Outcome.PLAYBACK_FAILED,
    )
    assert (other.error_count, other.fatal_error_code, other.error_code) == (1, None, "soft")
    assert other.outcome is Outcome.EXITED
    assert (apart.error_count, apart.fatal_error_code) == (2, None)


def test_an_error_shortly_before_the_end_is_another() -> None:
    """Two errors within a second: the one that is told in `f` ended playback; one that lacks its own takes the nearest."""
    soft = {"at": 1_000, "e": "e", "ec": '("soft")', "sta": "p"}
    both = row_of(*PLAYING, soft, sta(1_500, "f"), {"at": 1_507, "e": "e", "ec": '("netError")', "sta": "f"})
    lone = row_of(*PLAYING, {**soft, "at": 700, "ec": '("first")'}, soft, sta(1_007, "f"))
    assert (both.error_count, both.fatal_error_code) == (2, "netError")
    assert (lone.error_count, lone.fatal_error_code) == (2, "soft")


def test_playing_after_a_failure_recovers_it() -> None:
    """`p` after `f` is the same view."""
    row = row_of(*PLAYING, sta(1_000, "f"), sta(3_000, "p"), sta(5_000, "q"))
    assert (row.recovered_errors, row.outcome, row.content_playing_time_ms) == (1, Outcome.EXITED, 2_500)


def test_a_number_for_a_code_is_dash_js_that_failed() -> None:
    """It never says `f`: what never played failed, what plays on is only counted."""
    start = row_of(sta(0, "s"), {"at": 2_000, "e": "e", "ec": 25, "sta": "s"})
    later = row_of(*PLAYING, {"at": 2_000, "e": "e", "ec": 25, "sta": "p"}, sta(9_000, "q"))
    assert (start.outcome, start.fatal_error_code) == (Outcome.START_FAILED, "25")
    assert (later.outcome, later.error_count) == (Outcome.EXITED, 1)
    stalled = row_of(
        *PLAYING, sta(2_000, "r"), {"at": 2_900, "e": "e", "ec": 27, "sta": "r"}, sta(9_000, "r")
    )
    assert (stalled.outcome, stalled.fatal_error_code) == (Outcome.PLAYBACK_FAILED, "27")
    assert (stalled.rebuffer_duration_ms, stalled.content_playing_time_ms) == (900, 1_500)
    again = row_of(*PLAYING, sta(2_000, "r"), {"at": 2_900, "e": "e", "ec": 27, "sta": "r"}, sta(9_000, "p"))
    assert (again.outcome, again.error_count, again.fatal_error_code) == (Outcome.DROPPED, 1, None)


def test_many_errors_are_read_once_each() -> None:
    """20,000 reports of errors that nothing played after: each once looked through all others."""
    events = events_of([{"at": place, "e": "e", "ec": place, "sta": "s"} for place in range(20_000)])
    began = process_time()
    (row,) = fold_view(CMCD, "default", "S", events, BASE_MS + DAY_MS).rows
    assert process_time() - began < 8
    assert (row.error_count, row.outcome) == (20_000, Outcome.START_FAILED)


@pytest.mark.parametrize(
    "second",
    [
        ({"at": 5_000, "sn": 0, "sta": "d"}, {"at": 5_500, "sn": 1, "sta": "s"}),
        (sta(5_000, "s", cid="other"),),
        (sta(5_000 + 3_600_001, "s"),),
    ],
)
def test_another_view_begins_in_the_same_session(second: tuple[dict, ...]) -> None:
    """Numbers begin again, the content is another, or an hour was silent."""
    first, other = rows_of([*(step | {"cid": "one"} for step in PLAYING), *second])
    assert (first.ordinal, other.ordinal) == (0, 1)
    assert first.video_id == "one"
    assert first.closed
    assert other.outcome is Outcome.EXITED_BEFORE_START
    assert Approx.EVENTS_LOST not in (*first.approx, *other.approx)


def test_the_end_of_one_source_is_no_part_of_the_next() -> None:
    """Numbers begin again within the millisecond in which the old source was paused: nobody tried the new one yet."""
    steps = [
        *PLAYING,
        sta(2_000, "a", sn=2),
        sta(2_000, "d", sn=0),
        {"at": 2_000, "e": "t", "sta": "d", "sn": 1},
    ]
    first, second = rows_of(steps)
    assert (first.outcome, first.event_count, first.approx) == (
        Outcome.EXITED,
        3,
        [Approx.STARTUP_IS_READY_TIME],
    )
    assert (second.outcome, second.event_count, second.approx) == (Outcome.NOT_ATTEMPTED, 2, [])


def test_a_session_holds_so_many_views() -> None:
    """A page that numbers every report anew cannot make a row of each."""
    rows = rows_of([sta(1_000 * place, "s", sn=place % 2) for place in range(2 * MOST_VIEWS + 50)])
    assert len(rows) == MOST_VIEWS
    assert sum(row.event_count for row in rows) == 2 * MOST_VIEWS + 50


@pytest.mark.parametrize("end", ["e", "f", "q"])
def test_a_start_after_the_end_is_another_view(end: str) -> None:
    """A replay by seeking back is not."""
    first, second = rows_of([*PLAYING, sta(5_000, end), sta(9_000, "s"), sta(9_400, "p"), sta(9_900, "q")])
    assert (first.content_playing_time_ms, second.content_playing_time_ms) == (4_500, 500)
    assert second.video_startup_time_ms == 400
    again = row_of(*PLAYING, sta(5_000, "e"), sta(9_000, "k"), sta(9_400, "p"), sta(9_900, "q"))
    assert (again.content_playing_time_ms, again.outcome) == (5_000, Outcome.EXITED)


def test_the_content_of_an_ad_is_no_other_view() -> None:
    """Between `as` and `ae`, and of a player that nobody sees."""
    row = row_of(
        sta(0, "s", cid="film"),
        {"at": 100, "e": "abs", "cid": "film"},
        {"at": 110, "e": "as", "cid": "ad-1", "sta": "s"},
        sta(600, "p", cid="ad-1"),
        {"at": 5_600, "e": "ae", "cid": "ad-1", "sta": "p"},
        {"at": 5_700, "e": "abe", "cid": "film", "sta": "s"},
        {"at": 5_800, "e": "t", "cid": "other", "nr": True},
        sta(6_000, "p", cid="film"),
        sta(9_000, "q", cid="film"),
    )
    assert (row.video_id, row.ad_breaks, row.ad_attempts, row.ad_impressions) == ("film", 1, 1, 1)
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (5_000, 3_000)
    assert (row.video_startup_time_ms, row.preroll_played) == (600, True)


def test_content_goes_on_after_a_break_that_tells_no_state() -> None:
    """The player played throughout: the break's time is the ad's, the rest the content's."""
    row = row_of(
        *PLAYING,
        {"at": 2_500, "e": "abs"},
        {"at": 2_500, "e": "as"},
        {"at": 7_500, "e": "ae"},
        {"at": 7_500, "e": "abe"},
        sta(9_500, "e"),
    )
    assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (5_000, 4_000)


def test_an_ad_without_a_break_is_its_own() -> None:
    """Only `as` and `ae` are told: behind the ad the content goes on, though no state says so."""
    for end in ({"e": "ae"}, {"e": "sk"}):
        row = row_of(*PLAYING, {"at": 2_500, "e": "as"}, {"at": 7_500, **end}, sta(9_500, "e"))
        assert (row.ad_playing_time_ms, row.content_playing_time_ms) == (5_000, 4_000)
        assert (row.ad_breaks, row.ad_attempts, row.ad_impressions) == (1, 1, 1)


def test_an_ad_whose_end_was_lost_ends_with_its_break() -> None:
    """Behind it another content is another view again."""
    first, second = rows_of(
        [
            *(step | {"cid": "one"} for step in PLAYING),
            {"at": 900, "e": "abs"},
            {"at": 900, "e": "as", "cid": "ad"},
            {"at": 5_000, "e": "abe", "sta": "p"},
            sta(9_000, "s", cid="two"),
        ]
    )
    assert (first.video_id, second.video_id) == ("one", "two")


def test_silence_is_measured_by_the_timer() -> None:
    """Three of its intervals; a player without a timer may play on in silence for five minutes."""
    timed = [*PLAYING, {"at": 30_000, "e": "t", "sta": "p"}]
    assert not row_of(*timed, now_ms=30_000 + 89_999).closed
    row = row_of(*timed, now_ms=30_000 + 90_000)
    assert (row.end_reason, row.outcome, row.content_playing_time_ms) == (
        EndReason.DROPPED,
        Outcome.DROPPED,
        29_500,
    )
    assert not row_of(*PLAYING, now_ms=299_000).closed
    paused = row_of(*timed, sta(40_000, "a"), now_ms=40_000 + 3_600_000)
    assert (paused.end_reason, paused.outcome) == (EndReason.IDLE_TIMEOUT, Outcome.EXITED)


def test_a_page_that_stood_still_did_not_play() -> None:
    """Kept by the browser, or on a device that slept: the timer was silent, and no number is missing."""
    timer = [{"at": 10_000 * place, "e": "t", "sta": "p"} for place in (1, 2, 3)]
    for state in ("a", "p"):
        row = row_of(*PLAYING, *timer, sta(2_000_000, state), sta(2_001_000, "e"))
        assert row.content_playing_time_ms == 29_500 + (1_000 if state == "p" else 0)
        assert Approx.PLAY_TIME_LOWER_BOUND in row.approx
    waiting = row_of(*PLAYING, *timer, sta(31_000, "r"), sta(2_000_000, "p"), sta(2_001_000, "e"))
    assert (waiting.rebuffer_count, waiting.rebuffer_duration_ms) == (1, 0)
    assert Approx.STALLS_LOWER_BOUND in waiting.approx


@pytest.mark.parametrize(
    "steps",
    [
        [{"at": 10_000, "e": "t"}, {"at": 20_000, "e": "t"}, sta(150_000, "e", sn=5)],  # a report is missing
        [{"at": 10_000, "e": "t"}, sta(150_000, "e")],  # how often the timer runs is not known
        [{"at": 10_000, "e": "t"}, {"at": 70_000, "e": "t"}, sta(150_000, "e")],  # once a minute
    ],
)
def test_silence_without_proof_is_playing(steps: list[dict[str, Any]]) -> None:
    """Reports may be lost, and timers slow."""
    assert row_of(*PLAYING, *steps).content_playing_time_ms == 149_500


def test_a_stall_that_nobody_saw_the_end_of_was_longer() -> None:
    """Whoever leaves in a stall leaves in silence: it is known up to the last report."""
    row = row_of(*PLAYING, sta(2_000, "r"), {"at": 3_000, "e": "t", "sta": "r"})
    assert (row.rebuffer_duration_ms, row.outcome) == (1_000, Outcome.DROPPED)
    assert {Approx.STALLS_LOWER_BOUND, Approx.PLAY_TIME_LOWER_BOUND} <= set(row.approx)
    still = row_of(*PLAYING, sta(2_000, "r"), now_ms=2_500)
    assert Approx.STALLS_LOWER_BOUND not in still.approx


def test_a_pause_that_nobody_saw_the_end_of_was_longer() -> None:
    """Whoever leaves in a pause leaves in silence, and so may whoever paused after the last report that was sent."""
    left = row_of(*PLAYING, sta(2_000, "a"), {"at": 3_000, "e": "t", "sta": "a"})
    assert (left.pause_time_ms, left.outcome) == (1_000, Outcome.EXITED)
    assert Approx.PAUSE_LOWER_BOUND in left.approx
    assert Approx.PAUSE_LOWER_BOUND in row_of(*PLAYING, sta(2_000, "a"), sta(3_000, "p")).approx
    for end in ("e", "q"):
        assert Approx.PAUSE_LOWER_BOUND not in row_of(*PLAYING, sta(2_000, "a"), sta(3_000, end)).approx
    assert Approx.PAUSE_LOWER_BOUND not in row_of(*PLAYING, sta(2_000, "a"), now_ms=2_500).approx


def test_bitrates_add_up_and_what_is_shown_goes_before_what_is_loaded() -> None:
    """Picture and sound, weighted by the time in `p`; a change of either alone keeps the other."""
    row = row_of(
        sta(0, "s"),
        sta(0, "p", br="(1000;v 100;a)"),
        {"at": 1_000, "e": "bc", "br": "(3000;v)"},
        {"at": 3_000, "e": "bc", "br": "(2000;v)", "ot": "v"},
        sta(4_000, "e"),
    )
    assert row.bitrate_x_ms == 1_100_000 * 1_000 + 3_100_000 * 2_000 + 2_100_000 * 1_000
    assert (row.rendition_upshifts, row.rendition_downshifts) == (1, 1)
    sound = {"at": 500, "e": "rr", "br": "(64)", "ot": "a", "rc": 200}
    bare = row_of(sta(0, "s"), sta(0, "p", br="(900)", ot="v"), sound, sta(1_000, "e"))
    assert bare.bitrate_x_ms == 900_000 * 500 + 964_000 * 500
    shown = row_of(*PLAYING[:1], sta(0, "p", br="(900)", pb="(500)"), sta(1_000, "e", br="(900)"))
    assert shown.bitrate_x_ms == 500_000 * 1_000


def test_requests_latency_frames_and_speed() -> None:
    """What the other keys tell."""
    row = row_of(
        sta(0, "s", st="l"),
        sta(500, "p", st="l", ltc=4_000),
        {"at": 1_000, "e": "rr", "rc": 200, "ttfb": 40, "ttlb": 100},
        {"at": 1_200, "e": "rr", "rc": 404, "ttfb": 1_795_190_611_332, "ttlb": 50},
        {"at": 1_300, "e": "rr", "rc": 0},
        {"at": 2_000, "e": "t", "st": "l", "ltc": 6_000, "dfa": 7},
        sta(3_000, "q"),
    )
    assert (row.request_count, row.request_failed_count, row.ttfb_sum_ms, row.ttfb_count) == (3, 2, 40, 1)
    assert (row.live, row.latency_sum_ms, row.latency_count, row.dropped_frames) == (True, 10_000, 2, 7)
    fast = row_of(*PLAYING, {"at": 1_500, "e": "pr", "pr": 2}, {"at": 2_500, "e": "pr"}, sta(3_500, "e"))
    assert fast.media_time_ms == 1_000 + 2_000 + 1_000


def test_responses_without_codes_are_not_all_good() -> None:
    """A target that does not ask for `rc` knows how many there were; which were given up no target knows."""
    row = row_of(*PLAYING, {"at": 1_000, "e": "rr", "ttfb": 40}, sta(3_000, "q"))
    assert (row.request_count, row.request_failed_count, row.request_canceled_count) == (1, None, None)
    row = row_of(*PLAYING, {"at": 1_000, "e": "rr", "rc": 0}, sta(3_000, "q"))
    assert (row.request_failed_count, row.request_canceled_count) == (1, None)


def test_a_speed_that_is_told_no_more_is_one() -> None:
    """dash.js tells no change of it: the key is on its reports, or it is not. In a pause it is 0, which is no speed."""
    row = row_of(
        sta(0, "s"),
        sta(0, "p"),
        {"at": 1_000, "e": "rr", "pr": 2, "rc": 200},
        {"at": 3_000, "e": "t", "sta": "p"},
        sta(4_000, "a", pr=0),
        sta(5_000, "p"),
        sta(6_000, "e"),
    )
    assert row.media_time_ms == 1_000 + 4_000 + 1_000 + 1_000


def test_a_player_that_tells_bg_with_each_report_is_hidden_while_it_does() -> None:
    """dash.js says no `b`: its start in a hidden page is known by the key alone, and so is that it is seen again."""
    hidden = row_of(sta(0, "s", bg=True), sta(500, "p", bg=True), sta(900, "e"))
    seen = row_of({"at": 0, "e": "t", "bg": True}, sta(10, "s"), sta(500, "p"), sta(900, "p", bg=True))
    assert (hidden.startup_in_background, seen.startup_in_background) == (True, False)


def test_play_that_is_pressed_in_a_paused_seek_ends_the_pause() -> None:
    """A wait is only told when somebody wants to watch; the seek runs on to the frames, and is watched from there."""
    for wait in ("r", "w"):
        row = row_of(
            *PLAYING, sta(2_000, "a"), sta(3_000, "k"), sta(4_500, wait), sta(5_700, "p"), sta(6_700, "e")
        )
        assert (row.pause_time_ms, row.seek_count, row.seek_time_ms) == (2_500, 1, 2_700)
        assert (row.rebuffer_count, row.watch_time_ms) == (0, 500 + 1_500 + 1_200 + 1_000)


def test_hidden_and_muted_are_known_where_they_are_told() -> None:
    """`b` with `bg` hides; a start meanwhile ran in the background. `m` before the start is a muted one."""
    row = row_of(
        {"at": 0, "e": "b", "bg": True},
        {"at": 1, "e": "m"},
        *(step | {"at": step["at"] + 10} for step in PLAYING),
    )
    assert (row.startup_in_background, row.muted) == (True, True)
    assert row_of(*PLAYING).muted is None
    assert row_of(*PLAYING).ad_breaks is None


def test_lost_numbers_are_lost_reports() -> None:
    """A gap, and a beginning that is no beginning."""
    gap = row_of(*PLAYING, sta(2_000, "a", sn=3))
    late = row_of(sta(0, "p", sn=5), sta(100, "a", sn=6))
    whole = row_of(*PLAYING)
    assert (Approx.EVENTS_LOST in gap.approx, Approx.START_LOST in gap.approx) == (True, False)
    assert {Approx.EVENTS_LOST, Approx.START_LOST} <= set(late.approx)
    assert not {Approx.EVENTS_LOST, Approx.START_LOST} & set(whole.approx)


def test_requests_alone_make_an_estimate() -> None:
    """Version 1 on the way to a CDN: an attempt, about when it played, and the bitrate of what it loaded."""
    query = "CMCD=bl%3D{bl}%2Cbr%3D{br}%2Cd%3D4000%2Cot%3Dv%2Csf%3Dh%2Csid%3D%22S%22{more}"
    asked = [
        (0, 0, 1000, "%2Csu"),
        (400, 4000, 1000, "%2Csu"),
        (1_000, 8000, 3000, ""),
        (9_000, 2000, 3000, "%2Cbs"),
    ]
    events = [
        event
        for at, bl, br, more in asked
        for event in read(query=query.format(bl=bl, br=br, more=more), received_ms=BASE_MS + at).events
    ]
    (row,) = fold_view(CMCD, "default", "S", events, BASE_MS + DAY_MS).rows
    assert (row.attempted, row.started, row.outcome) == (True, True, Outcome.EXITED)
    assert (row.video_startup_time_ms, row.rebuffer_count, row.pause_time_ms) == (None, None, None)
    assert row.content_playing_time_ms == 8_000
    assert row.bitrate_x_ms / row.bitrate_ms == 2_000_000
    assert {Approx.PLAY_TIME_ESTIMATED, Approx.SPANS_ESTIMATED, Approx.STALLS_UNKNOWN} <= set(row.approx)


def test_the_end_of_a_view_without_states_is_not_known() -> None:
    """It is no view that was not watched to its end."""
    asked = read(query="CMCD=d%3D4000%2Cot%3Dv%2Csid%3D%22S%22", received_ms=BASE_MS).events
    requests = fold_view(CMCD, "default", "S", asked, BASE_MS + DAY_MS).rows
    assert [row.completed for row in requests] == [None]
    assert row_of({"at": 0, "e": "t", "msd": 300}, {"at": 9_000, "e": "t"}).completed is None
    assert row_of(*PLAYING, sta(9_000, "a")).completed is False


def test_requests_say_nothing_where_events_do() -> None:
    """The same session in both modes is one view, and nothing of it counts twice."""
    events = events_of([*PLAYING, sta(4_000, "e")])
    more = read(query="CMCD=br%3D9%2Cd%3D4000%2Csid%3D%22S%22", received_ms=BASE_MS + 1_000).events
    now_ms = BASE_MS + DAY_MS
    plain = fold_view(CMCD, "default", "S", events, now_ms).rows
    both = fold_view(CMCD, "default", "S", [*events, *more], now_ms).rows
    assert both == plain


def test_stalls_without_states_are_those_of_the_sums() -> None:
    """`bsa` and `bsda` since the session's start; else each `bsd`; else nothing is known."""

    def stalls(**said: str) -> tuple[int | None, float | None]:
        told = [{"at": 0, "e": "t", "msd": 300}, {"at": 9_000, "e": "t", **said}]
        row = row_of(*told)
        return row.rebuffer_count, row.rebuffer_duration_ms

    assert stalls(bsa="(2;v)", bsda="(2600;v 100;a)") == (2, 2_600)
    assert stalls(bsd="(900 300)") == (2, 1_200)
    assert stalls() == (None, None)


@pytest.mark.parametrize("said", [{"bsd": "(9001)"}, {"bsda": "(9001)"}, {"bsa": "(9001)"}])
def test_no_stall_is_longer_than_its_view(said: dict[str, Any]) -> None:
    """A sum that cannot be is none."""
    row = row_of({"at": 0, "e": "t", "msd": 300}, {"at": 9_000, "e": "t", **said})
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (None, None)
    assert Approx.STALLS_UNKNOWN in row.approx


@pytest.mark.parametrize(
    ("told", "grown"), [((3, 1_500), (1, 600)), ((2, 900), (0, 0)), ((1, 700), (1, 700))]
)
def test_the_sums_of_a_session_are_not_those_of_its_second_view(
    told: tuple[int, int], grown: tuple[int, int]
) -> None:
    """They go on from the first, or begin anew; only what they grow by is the view's."""
    first, second = rows_of(
        [
            {"at": 0, "e": "t", "msd": 300, "cid": "one"},
            {"at": 9_000, "e": "t", "cid": "one", "bsa": "(2)", "bsda": "(900)"},
            {"at": 10_000, "e": "t", "cid": "two", "msd": 1},
            {"at": 19_000, "e": "t", "cid": "two", "bsa": f"({told[0]})", "bsda": f"({told[1]})"},
        ]
    )
    assert (first.rebuffer_count, first.rebuffer_duration_ms) == (2, 900)
    assert (second.rebuffer_count, second.rebuffer_duration_ms) == grown


def test_the_targets_address_describes_the_view() -> None:
    """By the names of the record; an application's own keys are kept beside."""
    steps = [sta(0, "s", sf="h", h="cdn.example", **{"com.example-plan": "gold"}), sta(500, "p", cid="film")]
    row = row_of(*steps, query="video_title=Film&player_name=Mine&custom_1=a&viewer_id=me&cdn=fast")
    assert (row.video_id, row.video_title, row.player_name, row.viewer_id) == ("film", "Film", "Mine", "me")
    assert (row.custom, row.extra) == ({"custom_1": "a"}, {"com.example-plan": "gold"})
    assert (row.cdn, row.source_host, row.protocol, row.sdk_name) == ("fast", "cdn.example", "hls", "CMCD")


@pytest.mark.parametrize("said", [True, 5, '("a")', "(1;a)", "text"])
def test_a_record_cannot_speak_for_the_targets_address(said: Any) -> None:
    """A key that is called as the place where the address is kept is one of those that nobody knows."""
    row = row_of(sta(0, "s", target=said), sta(500, "p"))
    assert (row.started, row.viewer_id) == (True, None)
    told = row_of(sta(0, "s", target=said), query="viewer_id=me")
    assert told.viewer_id == "me"


def test_states_lie_where_they_were_told() -> None:
    """The spans of a view, for concurrency."""
    row = row_of(*PLAYING, sta(1_000, "r"), sta(2_000, "p"), sta(3_000, "a"), sta(4_000, "q"))
    spans = [(span.state, span.start_ms - BASE_MS, span.end_ms - BASE_MS) for span in row.spans]
    assert spans == [
        (State.STARTUP, 0, 500),
        (State.PLAYING, 500, 1_000),
        (State.REBUFFER, 1_000, 2_000),
        (State.PLAYING, 2_000, 3_000),
        (State.PAUSE, 3_000, 4_000),
    ]
