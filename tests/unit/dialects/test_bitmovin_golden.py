"""The Bitmovin cases of the metric definitions, and recorded traffic against what an observer saw."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

import support_cases
import support_recorded
from firstframe.dialects.bitmovin import BITMOVIN
from firstframe.view.record import Outcome, ViewRecord
from support_bitmovin import BASE_MS, beacon

FOLDER = Path(__file__).parents[2] / "golden" / "bitmovin"
TOLERANCE_MS = 300
SHARE = 0.05


def recorded(name: str) -> tuple[list[ViewRecord], list[dict[str, Any]]]:
    path = FOLDER / f"{name}.jsonl"
    rows = support_recorded.fold_recorded(BITMOVIN, support_recorded.read_recording(path))
    return rows, support_recorded.read_truth(path)["views"]


def near(measured: float | None, true: float) -> bool:
    return measured is not None and abs(measured - true) <= max(TOLERANCE_MS, SHARE * true)


@pytest.mark.parametrize("case", support_cases.load_cases("bitmovin"), ids=lambda case: case["name"])
def test_case(case: support_cases.Case) -> None:
    """Every Bitmovin case of the metric definitions comes out as written there."""
    bodies = [{"impressionId": case["name"], **sample} for sample in case["events"]]
    events = [event for body in bodies for event in BITMOVIN.parse(beacon(body)).events]
    support_cases.run_case(case, events, BITMOVIN)


def test_normal() -> None:
    """Play, pause, play, leave: every time is near the observer's, every name of the site is there."""
    (row,), (truth,) = recorded("normal")
    assert near(row.video_startup_time_ms, truth["time_to_first_frame_ms"])
    assert near(row.content_playing_time_ms, truth["total_playing_ms"])
    assert near(row.pause_time_ms, truth["paused_ms"])
    assert (row.rebuffer_count, row.rebuffer_duration_ms, row.seek_count, row.error_count) == (0, 0, 0, 0)
    assert (row.outcome, row.closed, row.end_reason) == (Outcome.EXITED, True, "ended")
    assert row.approx == ["startup_is_first_progress"]
    assert row.video_title == "Bench title normal"
    assert row.viewer_id == "viewer-normal-20261120160304"
    assert row.custom["custom_3"] == 'free text äöü 漢字 "quoted"'
    assert row.extra["customData30"] == "thirty"
    assert (row.experiment, row.cdn, row.protocol) == ("exp-a", "akamai", "progressive")
    assert row.page_url == "http://127.0.0.1:33225/watch/normal"
    assert row.played_ranges == [(0.0, 17104.0)]


@pytest.mark.parametrize("name", ["rebuffer-videojs", "seek-videojs"])
def test_video_js(name: str) -> None:
    """Its time updates neither end a stall nor hide what plays behind a seek."""
    (row,), (truth,) = recorded(name)
    assert near(row.content_playing_time_ms, truth["playing_ms"])
    assert near(row.rebuffer_duration_ms, truth["stalled_ms"])
    assert near(row.seek_time_ms, truth["seeking_ms"])
    assert (row.rebuffer_count, row.seek_count) == (len(truth["stalls"]), truth["seeks"])
    assert (row.player_name, row.player_version, row.dropped_frames) == ("videojs", "8.23.4", None)
    assert near(row.max_playhead_ms, truth["max_position"] * 1000)


def test_a_play_before_the_metadata_of_dashjs() -> None:
    """The wait is not told: the row says that it was longer."""
    (row,), (truth,) = recorded("slow-start-dash")
    assert row.video_startup_time_ms < truth["startup_ms_from_play"]
    assert {"startup_lower_bound", "play_time_lower_bound"} <= set(row.approx)
    assert (row.player_name, row.protocol, row.outcome) == ("dashjs", "dash", Outcome.EXITED)


def test_unload_samples_are_placed_where_they_were() -> None:
    """The last playing sample carries an old clock: its interval still ends when the page was left."""
    (row,), (truth,) = recorded("normal")
    assert (
        near(row.view_end_ms, truth["left_at_ms"])
        or abs(row.view_end_ms - truth["left_at_ms"]) < TOLERANCE_MS
    )
    assert abs(row.view_end_ms - truth["left_at_ms"]) < TOLERANCE_MS
    first, last = row.spans[1], row.spans[-1]
    assert abs(first.start_ms - truth["playing_spans"][0][0]) < TOLERANCE_MS
    assert abs(last.end_ms - truth["playing_spans"][1][1]) < TOLERANCE_MS


def test_startup_failure() -> None:
    """A missing source is a failed attempt with the player's error, though no start was ever reported."""
    (row,), (truth,) = recorded("startup-failure")
    assert (row.attempted, row.started, row.outcome) == (True, False, Outcome.START_FAILED)
    assert row.fatal_error_code == str(truth["error"]["code"])
    assert row.error_message == truth["error"]["message"]
    assert row.error_class == "technical"


@pytest.mark.parametrize(
    "name", ["seek", "ended", "mid-error", "autoplay-muted", "rebuffer-hls", "quality-switch-hls"]
)
def test_times_of_a_recording(name: str) -> None:
    """Playing, stalls, seeks and pauses are within 300 ms or 5 % of what the observer saw."""
    (row,), (truth,) = recorded(name)
    assert row.started
    assert near(row.content_playing_time_ms, truth["playing_ms"])
    assert near(row.rebuffer_duration_ms, truth["stalled_ms"])
    assert near(row.seek_time_ms, truth["seeking_ms"])
    assert near(row.pause_time_ms, truth["paused_ms"])
    assert (row.rebuffer_count, row.seek_count) == (len(truth["stalls"]), truth["seeks"])
    assert near(row.video_startup_time_ms, max(0, truth["startup_ms_from_play"]))


def test_the_end_is_seen() -> None:
    """A video that ran to its end is completed, though the collector never says so."""
    (row,), _ = recorded("ended")
    assert (row.completed, row.outcome) == (True, Outcome.COMPLETED)


def test_mid_play_error() -> None:
    """A decoder error after which nothing plays is a playback failure."""
    (row,), (truth,) = recorded("mid-error")
    assert row.outcome is Outcome.PLAYBACK_FAILED
    assert row.fatal_error_code == str(truth["error"]["code"])


def test_two_videos_on_one_element() -> None:
    """Each source is a view of its own; the last sample of the first does not lend it the second's address."""
    rows, truths = recorded("two-videos")
    assert len(rows) == len(truths) == 2
    for row, truth in zip(rows, truths, strict=True):
        assert row.source_url == truth["source"]["src"]
        assert near(row.content_playing_time_ms, truth["playing_ms"])
        assert (row.pause_time_ms, row.outcome, row.end_reason) == (0, Outcome.EXITED, "ended")


def test_one_failed_manifest_is_one_failure() -> None:
    """The hls.js adapter makes two impressions of one failed manifest: one fails, the other is a flagged exit."""
    rows, truths = recorded("startup-failure-hls")
    assert (len(rows), len(truths)) == (2, 1)
    assert [row.outcome for row in rows] == [Outcome.START_FAILED, Outcome.EXITED_BEFORE_START]
    assert rows[0].error_message == "networkError: manifestLoadError"
    assert (rows[0].error_count, rows[1].error_count) == (1, 0)
    assert "attempt_uncertain" in rows[1].approx


def test_bitrate_is_weighted_by_time() -> None:
    """Each rendition counts by how long it played, and both directions of switches are counted."""
    (row,), _ = recorded("quality-switch-hls")
    played = {314_000: 1874 + 6109, 1_564_000: 2136 + 752}
    assert row.bitrate_ms == sum(played.values())
    assert row.bitrate_x_ms == sum(bitrate * ms for bitrate, ms in played.items())
    assert (row.rendition_upshifts, row.rendition_downshifts) == (2, 1)
    assert row.request_count
    assert row.request_load_ms > 0


def test_order_and_repeats_change_nothing() -> None:
    """A recording folds to the same row whatever the order of its beacons, and with each of them twice."""
    path = FOLDER / "seek.jsonl"
    beacons = support_recorded.beacons_of(BITMOVIN, support_recorded.read_recording(path))
    views, _ = support_recorded.read_events(BITMOVIN, beacons)
    (events,) = views.values()
    expected = support_cases.fold_all(events, BITMOVIN)
    for order in itertools.islice(itertools.permutations(events), 0, 5040, 97):
        assert support_cases.fold_all([*order, *order], BITMOVIN) == expected


def test_licence_requests_are_not_kept() -> None:
    """Only what collects becomes beacons: the licence question is answered and forgotten."""
    requests = support_recorded.read_recording(FOLDER / "normal.jsonl")
    routes = [
        found[0].path for request in requests if (found := support_recorded.route_of(BITMOVIN, request))
    ]
    kept = support_recorded.beacons_of(BITMOVIN, requests)
    assert routes.count("/licensing") == 1
    assert len(kept) == len(requests) - 1
    assert all(each.received_at_ms > BASE_MS for each in kept)
