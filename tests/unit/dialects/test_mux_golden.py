"""What the real mux-embed sent, against what an observer on the element saw at the same time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from e2e.support_truth import disagreements
from firstframe.dialects.mux import MUX
from firstframe.fold.finish import fold_view
from firstframe.view.record import EndReason, Outcome
from support_recorded import beacons_of, fold_recorded, read_events, read_recording, read_truth

GOLDEN = Path(__file__).parents[2] / "golden" / "mux"
NEAR_MS = 150


def recorded(name: str):
    path = GOLDEN / f"{name}.jsonl"
    (row,) = fold_recorded(MUX, read_recording(path))
    truth = read_truth(path)
    return row, truth, truth["observed"][0]


def test_a_normal_visit():
    """Twelve seconds, a pause of three, five more, and away: the times are the element's own."""
    row, truth, seen = recorded("normal")
    source = seen["sources"][0]
    assert row.content_playing_time_ms == pytest.approx(seen["playing_ms"], abs=NEAR_MS)
    assert row.pause_time_ms == pytest.approx(seen["pauses"][0]["duration_ms"], abs=NEAR_MS)
    waited = source["playing_event_ms"] - source["play_event_ms"]
    assert row.video_startup_time_ms == pytest.approx(waited, abs=NEAR_MS)
    assert row.max_playhead_ms == pytest.approx(source["max_position_ms"], abs=NEAR_MS)
    assert (row.rebuffer_count, row.seek_count, row.outcome) == (0, 0, Outcome.EXITED)
    assert (row.end_reason, row.approx, row.event_count) == (EndReason.ENDED, [], 14)
    assert row.viewer_id == truth["ids"]["viewer_user_id"]
    assert row.video_id == truth["ids"]["video_id"]
    assert (row.duration_ms, row.video_width_px, row.player_width_px) == (seen["duration_ms"], 1280, 640)
    assert (row.browser, row.os, row.custom["custom_20"]) == ("HeadlessChrome", "Linux", "cust-twenty")


def test_a_source_that_is_not_there():
    """A 404 after play: an attempt that failed before the first frame."""
    row, truth, seen = recorded("startup-failure")
    assert (row.attempted, row.started, row.outcome) == (True, False, Outcome.START_FAILED)
    assert row.fatal_error_code == str(seen["sources"][0]["error"]["code"])
    assert (row.content_playing_time_ms, row.error_count) == (0, 1)
    assert row.video_id == truth["ids"]["video_id"]


def test_two_videos_of_the_mux_player():
    """The page named the second before it set its source: each view keeps its own name, and its own numbers."""
    path = GOLDEN / "two-videos-player.jsonl"
    rows = fold_recorded(MUX, read_recording(path))
    assert [(row.video_id, row.video_title) for row in rows] == [
        ("film-1", "A film"),
        ("film-2", "Second film"),
    ]
    for row, view in zip(rows, read_truth(path)["views"], strict=True):
        assert disagreements(row, view) == []
        assert row.source_url == view["source"]["src"]
        assert (row.player_software, row.player_software_version, row.autoplay) == (
            "mux-player",
            "3.14.0",
            None,
        )


def test_a_page_that_was_hidden():
    """Hidden for 25 s while it played: two heartbeats are numbered and thrown away, and nothing else is missing."""
    path = GOLDEN / "hidden.jsonl"
    (row,) = fold_recorded(MUX, read_recording(path))
    (seen,) = read_truth(path)["views"]
    assert disagreements(row, seen) == []
    assert row.content_playing_time_ms == pytest.approx(seen["playing_ms"], abs=NEAR_MS)
    assert (row.outcome, row.end_reason, row.approx) == (Outcome.EXITED, EndReason.ENDED, [])


@pytest.mark.parametrize("name", ["normal", "startup-failure", "hidden"])
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_means_nothing(name, seed):
    """Bodies in any order, some of them twice, make the same row."""
    requests = read_recording(GOLDEN / f"{name}.jsonl")
    beacons = beacons_of(MUX, requests)
    plain, _ = read_events(MUX, beacons)
    chance = random.Random(seed)
    again = [*beacons, *chance.choices(beacons, k=3)]
    chance.shuffle(again)
    shuffled, _ = read_events(MUX, again)
    now = beacons[-1].received_at_ms + 1
    for view, events in plain.items():
        assert fold_view(MUX, "p", view, shuffled[view], now) == fold_view(MUX, "p", view, events, now)


def test_half_of_a_visit_is_flagged():
    """Without the middle of the recording the sums of `viewend` still tell the whole."""
    requests = read_recording(GOLDEN / "normal.jsonl")
    (row,) = fold_recorded(MUX, [requests[0], *requests[3:]])
    whole, _, seen = recorded("normal")
    assert "events_lost" in row.approx
    assert row.content_playing_time_ms == pytest.approx(seen["playing_ms"], abs=NEAR_MS)
    assert row.watch_time_ms == pytest.approx(whole.watch_time_ms, abs=NEAR_MS)
    assert row.outcome == whole.outcome
