"""The quotients of one view, and when there is none."""

from __future__ import annotations

import pytest

from firstframe.view.derived import derive
from firstframe.view.record import ViewRecord


def test_an_empty_view_has_no_quotient():
    """Nothing to divide by is None, never 0."""
    found = derive(ViewRecord())
    assert found.pop("playing_time_ms") == 0
    assert set(found.values()) == {None}


def test_stalls_of_a_view_that_never_started_are_no_ratio():
    """Rebuffering is only defined after a first frame."""
    found = derive(ViewRecord(watch_time_ms=5000, rebuffer_duration_ms=0, rebuffer_count=0))
    assert (found["rebuffer_percentage"], found["rebuffer_frequency_per_min"]) == (None, None)


@pytest.mark.parametrize(
    ("values", "ratio"),
    [
        ({"max_playhead_ms": 30_000.0}, 0.5),
        ({"max_playhead_ms": 90_000.0}, 1.0),
        ({"max_playhead_ms": 60_000.0, "played_range_ms": 15_000.0}, 0.25),
        ({"max_playhead_ms": 30_000.0, "live": True}, None),
        ({"max_playhead_ms": 30_000.0, "started": False}, None),
        ({"max_playhead_ms": 30_000.0, "duration_ms": None}, None),
        ({}, None),
    ],
)
def test_completion(values, ratio):
    """The ranges watched win over the furthest position; live and unknown lengths have none."""
    record = ViewRecord(**({"started": True, "duration_ms": 60_000.0} | values))
    assert derive(record)["completion_ratio"] == ratio


def test_every_quotient_is_sum_over_weight():
    """Throughput is in bits a second, frequency by the minute, the rest plain quotients."""
    record = ViewRecord(
        started=True,
        watch_time_ms=120_000,
        content_playing_time_ms=80_000,
        ad_playing_time_ms=10_000,
        rebuffer_count=3,
        rebuffer_duration_ms=10_000,
        seek_count=2,
        seek_time_ms=500,
        bitrate_x_ms=8e10,
        bitrate_ms=80_000,
        upscale_x_ms=8_000,
        downscale_x_ms=4_000,
        scale_ms=80_000,
        rendition_upshifts=2,
        rendition_downshifts=1,
        request_count=8,
        request_failed_count=2,
        request_bytes=1_000_000,
        request_load_ms=1_000,
        ttfb_sum_ms=300,
        ttfb_count=6,
        latency_sum_ms=9_000,
        latency_count=3,
    )
    assert derive(record) == {
        "playing_time_ms": 90_000,
        "rebuffer_percentage": 10 / 120,
        "rebuffering_ratio": 0.1,
        "rebuffer_frequency_per_min": 1.5,
        "seek_latency_ms": 250,
        "average_bitrate_bps": 1e6,
        "upscale_percentage": 0.1,
        "downscale_percentage": 0.05,
        "rendition_changes": 3,
        "request_failed_percentage": 0.25,
        "request_throughput_bps": 8e6,
        "request_latency_ms": 50,
        "live_latency_ms": 3_000,
        "completion_ratio": None,
    }
