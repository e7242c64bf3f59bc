"""The catalogue itself: complete, consistent, and the same numbers as a view's own."""

import pytest

from firstframe.metrics.catalogue import METRIC_BY_ID, METRICS
from firstframe.metrics.metric import Elapsed, Placement, quantile_of
from firstframe.metrics.query import measure_of
from firstframe.view.derived import derive
from firstframe.view.record import State, ViewRecord
from support_question import NEW_YEAR_MS, make_view, spans, store, value, values

START = NEW_YEAR_MS + 1000

FULL = make_view(
    "full",
    START,
    length_ms=100_000,
    watch_time_ms=100_000.0,
    content_playing_time_ms=80_000.0,
    ad_playing_time_ms=8_000.0,
    rebuffer_duration_ms=5_000.0,
    rebuffer_count=2,
    seek_time_ms=4_000.0,
    seek_count=2,
    page_load_time_ms=700.0,
    player_startup_time_ms=300.0,
    video_startup_time_ms=3_000.0,
    content_startup_time_ms=2_500.0,
    bitrate_x_ms=80_000.0 * 2_000_000,
    bitrate_ms=80_000.0,
    upscale_x_ms=20_000.0,
    downscale_x_ms=8_000.0,
    scale_ms=80_000.0,
    max_upscale=1.5,
    max_downscale=0.25,
    rendition_upshifts=3,
    rendition_downshifts=1,
    dropped_frames=44,
    request_bytes=9_000_000.0,
    request_load_ms=9_000.0,
    ttfb_sum_ms=300.0,
    ttfb_count=3,
    max_request_latency_ms=150.0,
    request_count=4,
    request_failed_count=1,
    request_canceled_count=0,
    duration_ms=200_000.0,
    max_playhead_ms=80_000.0,
    has_ad=True,
    ad_breaks=2,
    ad_attempts=4,
    ad_impressions=3,
    ad_errors=1,
    ad_break_errors=1,
    completed=False,
    viewer_id="somebody",
    error_count=1,
    playback_success_score=100.0,
    startup_score=70.0,
    smoothness_score=60.0,
    video_quality_score=80.0,
    experience_score=75.0,
    spans=spans(
        START,
        (State.STARTUP, 3_000),
        (State.AD_PLAYING, 8_000),
        (State.PLAYING, 50_000),
        (State.REBUFFER, 5_000),
        (State.SEEK, 4_000),
        (State.PLAYING, 30_000),
    ),
)
LIVE = make_view("live", START, live=True, latency_sum_ms=12_000.0, latency_count=2)

FROM_RECORD = {
    "watch_time": "watch_time_ms",
    "video_startup_time": "video_startup_time_ms",
    "content_startup_time": "content_startup_time_ms",
    "player_startup_time": "player_startup_time_ms",
    "page_load_time": "page_load_time_ms",
    "rebuffer_count": "rebuffer_count",
    "rebuffer_duration": "rebuffer_duration_ms",
    "max_upscale": "max_upscale",
    "max_downscale": "max_downscale",
    "rendition_upshifts": "rendition_upshifts",
    "rendition_downshifts": "rendition_downshifts",
    "dropped_frames": "dropped_frames",
    "max_request_latency": "max_request_latency_ms",
    "ad_breaks": "ad_breaks",
    "ad_attempts": "ad_attempts",
    "ad_impressions": "ad_impressions",
    "ad_errors": "ad_errors",
    "ad_break_errors": "ad_break_errors",
    "ad_playing_time": "ad_playing_time_ms",
    "playback_success_score": "playback_success_score",
    "startup_score": "startup_score",
    "smoothness_score": "smoothness_score",
    "video_quality_score": "video_quality_score",
    "experience_score": "experience_score",
}
DERIVED = {
    "playing_time": "playing_time_ms",
    "average_playing_time": "playing_time_ms",
    "rebuffer_percentage": "rebuffer_percentage",
    "rebuffering_ratio": "rebuffering_ratio",
    "rebuffer_frequency": "rebuffer_frequency_per_min",
    "seek_latency": "seek_latency_ms",
    "average_bitrate": "average_bitrate_bps",
    "upscale_percentage": "upscale_percentage",
    "downscale_percentage": "downscale_percentage",
    "rendition_changes": "rendition_changes",
    "request_failed_percentage": "request_failed_percentage",
    "request_throughput": "request_throughput_bps",
    "request_latency": "request_latency_ms",
    "completion_ratio": "completion_ratio",
}
WORKED_OUT = {
    "impressions": 1,
    "attempts": 1,
    "plays": 1,
    "unique_viewers": 1,
    "bounce_rate": 0,
    "concurrent_viewers": 1,
    "concurrent_plays": 1,
    "concurrent_starting": 1,
    "concurrent_stalled": 1,
    "total_startup_time": 4_000,
    "exit_before_video_start_percentage": 0,
    "video_start_failure_percentage": 0,
    "video_start_blocked_percentage": 0,
    "playback_blocked_percentage": 0,
    "playback_failure_percentage": 0,
    "video_playback_failure_percentage": 0,
    "error_percentage": 1,
    "dropped_percentage": 0,
    "stalled_plays_percentage": 1,
    "dropped_frames_per_minute": 30,
    "live_latency": None,
    "completed_percentage": 0,
    "ad_error_percentage": 0.25,
    "ad_break_error_percentage": 0.5,
}


def test_ids_are_unique() -> None:
    """No two metrics have the same id."""
    assert len(METRIC_BY_ID) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_every_entry_says_what_it_is(metric) -> None:
    """Each metric has words for people, and its default is a measurement that it allows."""
    assert all((metric.title, metric.formula, metric.inclusion, metric.description))
    assert metric.allows(metric.default)
    assert not metric.allows("pNN")


def test_expectations_cover_the_catalogue() -> None:
    """A metric that is added must be given an expectation here."""
    assert {*FROM_RECORD, *DERIVED, *WORKED_OUT} == set(METRIC_BY_ID)


@pytest.fixture
def one_view(engine):
    """An engine that holds one view of which everything is known."""
    store(engine, [FULL])
    return engine


@pytest.mark.engine
def test_one_view_has_its_own_numbers(one_view) -> None:
    """Over a single view each metric is that view's own number."""
    for metric_id, field in FROM_RECORD.items():
        assert value(one_view, metric_id) == pytest.approx(getattr(FULL, field)), metric_id
    derived = derive(FULL)
    for metric_id, name in DERIVED.items():
        assert value(one_view, metric_id) == pytest.approx(derived[name]), metric_id
    for metric_id, wanted in WORKED_OUT.items():
        assert value(one_view, metric_id) == pytest.approx(wanted), metric_id


@pytest.mark.engine
def test_live_latency_of_one_view(engine) -> None:
    """Live latency is the mean of the samples, and a live view has no completion."""
    store(engine, [LIVE])
    assert value(engine, "live_latency") == derive(LIVE)["live_latency_ms"] == 6_000
    assert value(engine, "completion_ratio") is None
    assert value(engine, "completed_percentage") is None


@pytest.mark.engine
def test_an_empty_view_says_nothing(engine) -> None:
    """What no view knows is null, what can be counted is 0."""
    store(
        engine,
        [ViewRecord(project="default", view_id="e", view_start_ms=START, view_end_ms=START, closed=True)],
    )
    counted = {"attempts", "plays", "unique_viewers", "watch_time", "playing_time", "ad_playing_time"}
    for name, found in values(engine, [metric.id for metric in METRICS]).items():
        if name in ("impressions", "bounce_rate"):
            assert found == 1
        elif name in counted or name.startswith("concurrent_"):
            assert found == 0, name
        else:
            assert found is None, name


def test_measurements_are_read() -> None:
    """A measurement is what stands after the dot; without one it is the metric's own."""
    assert measure_of("video_startup_time").measurement == "median"
    assert measure_of("video_startup_time.p99.9").measurement == "p99.9"
    assert [quantile_of(name) for name in ("median", "p95", "p99.9", "mean")] == [0.5, 0.95, 0.999, None]


def test_spread_of_split_time_is_placed_by_start() -> None:
    """Time is split as a sum; its median over views has the view's own place."""
    metric = METRIC_BY_ID["playing_time"]
    assert isinstance(metric.shape, Elapsed)
    assert (metric.placed("sum"), metric.placed("median")) == (Placement.SPANS, Placement.VIEW_START)
