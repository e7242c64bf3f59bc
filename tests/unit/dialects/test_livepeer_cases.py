"""Livepeer's golden metric cases and recorded traffic."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import support_cases
import support_livepeer as lp
import support_recorded
from firstframe.dialects.livepeer import LIVEPEER
from firstframe.view.record import EndReason, Outcome

GOLDEN = Path(__file__).parents[2] / "golden" / "livepeer"


def beacons(case):
    """One report per heartbeat, as the SDK would have posted the case's events."""
    base = support_cases.base_of(case)
    batch, found = [], []
    for sent in case["events"]:
        event = {key: value for key, value in sent.items() if key not in ("t_ms", "recv_ms")}
        batch.append({**event, "timestamp": base + sent["t_ms"]})
        if sent["type"] == "heartbeat" or sent is case["events"][-1]:
            body = {"session_id": "case", "playback_id": "abc", "live": False, "events": batch}
            found.append(lp.beacon(json.dumps(body).encode(), base + sent.get("recv_ms", sent["t_ms"])))
            batch = []
    return found


@pytest.mark.parametrize("case", support_cases.load_cases("livepeer"), ids=lambda case: case["name"])
def test_metric_case(case):
    """Every number a case promises comes out."""
    support_cases.run_case(case, lp.events_of(beacons(case)), LIVEPEER)


def recorded(name):
    path = GOLDEN / f"{name}.jsonl"
    requests = [one for one in support_recorded.read_recording(path) if one["kind"] != "ws-close"]
    (row,) = support_recorded.fold_recorded(LIVEPEER, requests)
    return row, support_recorded.read_truth(path)


def test_normal_playback_as_the_observer_saw_it():
    """Played, paused, played on, left: times within a few milliseconds of what the element did."""
    row, truth = recorded("normal")
    view = truth["views"][0]
    assert row.outcome is Outcome.EXITED
    assert row.end_reason is EndReason.ENDED
    assert row.content_playing_time_ms == pytest.approx(view["playing_ms"], abs=50)
    assert row.pause_time_ms == pytest.approx(view["paused_ms"], abs=10)
    assert row.video_startup_time_ms == pytest.approx(view["play_to_first_frame_ms"], abs=100)
    assert (row.rebuffer_count, row.rebuffer_duration_ms) == (0, 0)
    assert row.native_view_id == view["session_ids"][0]
    assert row.playback_id == view["playback_id"]
    assert row.viewer_id == view["viewer_id"]
    assert row.source_url == view["source_url"]
    assert row.page_url == truth["page_url"].partition("?")[0]
    assert (row.player_width_px, row.video_height_px, row.duration_ms) == (640, 360, 40_000)
    assert (row.live, row.autoplay, row.protocol) == (False, False, "progressive")


def test_missing_source_is_a_failed_start():
    """The SDK calls a 404 a warning and lets its wait run on; the row says failed start and no rebuffering."""
    row, truth = recorded("startup-failure")
    assert truth["views"][0]["start_failed"]
    assert row.outcome is Outcome.START_FAILED
    assert (row.started, row.attempted) == (False, True)
    assert (row.rebuffer_duration_ms, row.content_playing_time_ms) == (0, 0)
    assert row.startup_wait_ms < 100
    assert (row.fatal_error_code, row.error_message, row.error_class) == (
        "offline",
        "stream is offline",
        "technical",
    )
    assert row.error_count == 1


@pytest.mark.parametrize("name", ["normal", "startup-failure"])
def test_spans_add_up_to_the_durations(name):
    """The states laid in time hold as much watch time as the row says."""
    row, _ = recorded(name)
    watched = sum(
        span.end_ms - span.start_ms for span in row.spans if span.state in support_cases.WATCH_STATES
    )
    assert watched == pytest.approx(row.watch_time_ms, abs=5)


def test_the_same_session_told_by_its_socket_alone():
    """Without the HTTP reports the totals tell nearly the same; what they cannot say is null or flagged."""
    path = GOLDEN / "normal.jsonl"
    requests = [
        one for one in support_recorded.read_recording(path) if one["kind"] in ("ws-open", "ws-message")
    ]
    (row,) = support_recorded.fold_recorded(LIVEPEER, requests)
    view = support_recorded.read_truth(path)["views"][0]
    assert row.native_view_id == view["session_ids"][0]
    assert row.content_playing_time_ms == pytest.approx(view["playing_ms"], abs=1000)
    assert (row.rebuffer_count, row.viewer_id, row.playback_id) == (0, view["viewer_id"], view["playback_id"])
    assert (row.pause_time_ms, row.outcome) == (None, Outcome.EXITED)


def test_both_channels_of_a_recording_are_one_view():
    """Every recorded session reported twice, and is one row with the numbers of its HTTP reports."""
    row, _ = recorded("normal")
    assert row.extra["reported_over"] == "http"
