"""Recordings of the real players against what an independent observer saw at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.support_truth import disagreements
from firstframe.dialects.cmcd import CMCD
from firstframe.view.record import Approx, EndReason, Outcome, ViewRecord
from support_recorded import fold_recorded, read_recording, read_truth

FOLDER = Path(__file__).parents[2] / "golden" / "cmcd"
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))
FAILURES = [path for path in RECORDINGS if "failure" in path.stem]
PLAYED = [path for path in RECORDINGS if path not in FAILURES]


def name_of(path: Path) -> str:
    return path.stem


def rows_of(name: str) -> list[ViewRecord]:
    return fold_recorded(CMCD, read_recording(FOLDER / f"{name}.jsonl"))


@pytest.mark.parametrize("path", PLAYED, ids=name_of)
def test_rows_agree_with_the_observer(path: Path) -> None:
    """One row for each source that was loaded, and every number near, null or flagged."""
    rows, views = fold_recorded(CMCD, read_recording(path)), read_truth(path)["views"]
    assert len(rows) == len(views)
    for row, view in zip(rows, views, strict=True):
        assert disagreements(row, view) == []
        assert (row.closed, row.video_id) == (True, "e2e")


@pytest.mark.parametrize("path", [path for path in PLAYED if not path.stem.startswith("shaka")], ids=name_of)
def test_what_is_told_of_playing_is_never_too_much(path: Path) -> None:
    """Flagged as a lower bound, because no player says goodbye: and it is one."""
    rows, views = fold_recorded(CMCD, read_recording(path)), read_truth(path)["views"]
    for row, view in zip(rows, views, strict=True):
        assert 0 < row.content_playing_time_ms <= view["playing_ms"] + 150


@pytest.mark.parametrize("player", ["hls", "shaka", "dash"])
def test_a_stall_is_counted_once_with_its_length(player: str) -> None:
    """The server held segments back: one stall, as long as the observer saw it."""
    (row,) = rows_of(f"{player}-stall")
    (stall,) = read_truth(FOLDER / f"{player}-stall.jsonl")["views"][0]["stalls"]
    assert row.rebuffer_count == 1
    assert row.rebuffer_duration_ms == pytest.approx(stall["t1"] - stall["t0"], abs=50)


@pytest.mark.parametrize("name", ["hls-seek-paused", "dash-seek-paused"])
def test_a_seek_in_a_pause_makes_nobody_wait(name: str) -> None:
    """hls.js says that it is paused again; dash.js does not, and the rest of the pause is no part of its seek."""
    (row,) = rows_of(name)
    (view,) = read_truth(FOLDER / f"{name}.jsonl")["views"]
    assert row.seek_count == 1
    assert row.seek_time_ms == pytest.approx(view["seeking_ms"], abs=30)
    assert row.pause_time_ms == pytest.approx(view["paused_ms"], abs=100)


def test_hls_js_tells_its_startup_from_the_play_on() -> None:
    """It says `d` when it loads and `s` when somebody wants to watch; dash.js and Shaka do not tell them apart."""
    assert Approx.STARTUP_IS_READY_TIME not in rows_of("hls-normal")[0].approx
    for name in ("dash-normal", "shaka-normal", "shaka-compiled-normal"):
        assert Approx.STARTUP_IS_READY_TIME in rows_of(name)[0].approx


def test_shaka_plays_from_its_start_delay_on() -> None:
    """Its `p` is said when there is enough data, here half a second before anybody pressed play."""
    (row,) = rows_of("shaka-pause")
    (view,) = read_truth(FOLDER / "shaka-pause.jsonl")["views"]
    assert row.content_playing_time_ms == pytest.approx(view["playing_ms"], abs=100)
    assert Approx.PLAY_TIME_ESTIMATED in row.approx


def test_the_compiled_shaka_tells_no_states() -> None:
    """Its startup is known by the start delay; stalls, seeks and pauses are not known at all."""
    (row,) = rows_of("shaka-compiled-normal")
    assert row.started
    unknown = (
        row.rebuffer_count,
        row.rebuffer_duration_ms,
        row.seek_count,
        row.seek_time_ms,
        row.pause_time_ms,
    )
    assert unknown == (None,) * 5
    assert {Approx.STALLS_UNKNOWN, Approx.PLAY_TIME_ESTIMATED, Approx.SPANS_ESTIMATED} <= set(row.approx)
    assert not {Approx.STALLS_UPPER_BOUND, Approx.PAUSE_LOWER_BOUND} & set(row.approx)


def test_a_page_that_goes_away_is_no_loss() -> None:
    """Shaka says that it is hidden when the page is closed; the others fall silent in the middle of playing."""
    (gone,), (silent,) = rows_of("shaka-pause"), rows_of("hls-normal")
    assert (gone.outcome, gone.end_reason) == (Outcome.EXITED, EndReason.ENDED)
    assert (silent.outcome, silent.end_reason) == (Outcome.DROPPED, EndReason.DROPPED)
    assert Approx.PLAY_TIME_LOWER_BOUND in silent.approx


def test_two_videos_are_two_views_of_one_session() -> None:
    """Numbers begin again with the second; the first ended when it began."""
    for player in ("hls", "shaka"):
        first, second = rows_of(f"{player}-two-videos")
        assert (first.ordinal, second.ordinal) == (0, 1)
        assert first.session_id == second.session_id is not None
        assert (first.outcome, first.end_reason) == (Outcome.EXITED, EndReason.ENDED)
        assert first.view_end_ms <= second.view_start_ms + 1


def test_a_source_that_is_not_there_fails_the_start() -> None:
    """hls.js says `f` and a word; dash.js says only a number, and nothing after it."""
    (failed, echo), (silent,) = (
        rows_of("hls-startup-failure-after-play"),
        rows_of("dash-startup-failure-after-play"),
    )
    assert (failed.outcome, failed.fatal_error_code, failed.error_count) == (
        Outcome.START_FAILED,
        "manifestLoadError",
        1,
    )
    assert (echo.outcome, echo.approx) == (Outcome.EXITED_BEFORE_START, [Approx.ATTEMPT_UNCERTAIN])
    assert (silent.outcome, silent.fatal_error_code, silent.error_count) == (Outcome.START_FAILED, "25", 1)


def test_bitrates_and_requests_are_those_of_the_ladder() -> None:
    """Kilobits become bits; picture and sound are added; each response is counted."""
    (hls,), (dash,) = rows_of("hls-stall"), rows_of("dash-normal")
    assert dash.bitrate_x_ms / dash.bitrate_ms == pytest.approx(552_000)
    assert (dash.rendition_upshifts, dash.rendition_downshifts) == (0, 0)
    assert 314_000 < hls.bitrate_x_ms / hls.bitrate_ms <= 1_564_000
    assert hls.rendition_downshifts is not None
    assert hls.rendition_upshifts >= 2
    assert hls.request_count == 31
    assert (hls.request_failed_count, hls.ttfb_count) == (0, 31)


def test_dimensions_come_from_the_wire_and_the_request() -> None:
    """Protocol, host, page and browser, as a person would filter by them."""
    (row,) = rows_of("dash-normal")
    assert (row.protocol, row.stream_type, row.live, row.sdk_name, row.sdk_version) == (
        "dash",
        "on_demand",
        False,
        "CMCD",
        "2",
    )
    assert (row.source_host, row.cdn, row.page_host) == ("127.0.0.1",) * 3
    assert row.source_url is not None
    assert row.source_url.endswith("sample.mpd")
    assert row.os == "Linux"


def test_a_start_in_a_hidden_page_is_known_by_the_key_alone() -> None:
    """dash.js sends no `b`, but `bg` with each report."""
    (row,) = rows_of("dash-hidden")
    assert row.startup_in_background


def test_segments_that_are_not_there_fail_a_playback() -> None:
    """dash.js says a number, and `r` for ever."""
    (row,) = rows_of("dash-segments-missing")
    assert (row.outcome, row.fatal_error_code, row.error_count) == (Outcome.PLAYBACK_FAILED, "27", 1)


def test_a_page_that_was_kept_did_not_play() -> None:
    """A hundred seconds in the browser's cache: `a` was only said behind them."""
    (row,) = rows_of("hls-kept")
    (view,) = read_truth(FOLDER / "hls-kept.jsonl")["views"]
    assert row.pause_time_ms == pytest.approx(view["paused_ms"], abs=2_000)  # the timer's interval
    assert row.content_playing_time_ms < view["playing_ms"]


def test_play_that_is_pressed_in_a_paused_seek_is_watched() -> None:
    """From there to the frames, 1.2 s of the seek's 2.7 s."""
    (row,) = rows_of("hls-seek-paused-held")
    (view,) = read_truth(FOLDER / "hls-seek-paused-held.jsonl")["views"]
    assert row.seek_time_ms == pytest.approx(view["seeking_ms"], abs=30)
    assert row.pause_time_ms == pytest.approx(view["paused_ms"] + 1_500, abs=100)


def test_dash_js_without_its_timer_still_tells_the_load() -> None:
    """Its `s` is no wish to watch, whatever the target asks for."""
    (row,) = rows_of("dash-no-timer")
    assert Approx.STARTUP_IS_READY_TIME in row.approx
