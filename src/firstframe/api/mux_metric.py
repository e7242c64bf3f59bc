"""Mux's metrics by ours: one row each, in Mux's names, units and default measurements.

A metric of which nothing tells us has no entry of the catalogue, and its value is null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from firstframe.api.mux_dimension import NOTHING
from firstframe.errors import BadRequest
from firstframe.metrics.catalogue import METRIC_BY_ID
from firstframe.metrics.dimension import OF_METRIC, unknown
from firstframe.metrics.metric import Count, Distinct, Metric, Placement, Ratio

Measurement = Literal["95th", "median", "avg", "sum", "count"]
WORDS: Mapping[str, str] = {"95th": "p95", "median": "median", "avg": "mean", "sum": "sum"}
"""Mux's measurements by ours."""
TYPES: Mapping[str, str] = {"ms": "milliseconds", "ratio": "percentage", "score": "score"}
"""Mux's word for a unit; all others are numbers."""
PERCENT = 100.0
"""Scores are 0 to 1 in Mux's API, and 0 to 100 here."""
NO_FILTERS = (
    *("exits_before_video_start", "unique_viewers", "video_startup_failure_percentage"),
    *("view_dropped_percentage", "views"),
)
"""Metrics that Mux takes no metric filter on."""


class MuxMetric(msgspec.Struct, frozen=True):
    """One metric of Mux's."""

    id: str
    title: str
    ours: str | None
    """The catalogue's id; None: nobody tells us."""
    usual: Measurement
    per: float = 1.0
    """How often Mux's unit goes into ours."""
    older: tuple[str, ...] = ()
    """Names it had before."""
    unit: str = "count"
    """Of a metric that we do not have."""

    @property
    def metric(self) -> Metric | None:
        return None if self.ours is None else METRIC_BY_ID[self.ours]

    @property
    def type(self) -> str:
        return TYPES.get(self.metric.unit if self.metric else self.unit, "number")

    @property
    def aggregation(self) -> str:
        """Which instant of a view decides where it counts: quality by the end, all else by the start."""
        if self.metric is None or self.metric.placement is Placement.VIEW_END:
            return "view_end"
        return "view_start"

    def measurements(self) -> dict[str, str]:
        """Mux's words for the measurements there are, with ours."""
        metric = self.metric
        if metric is None:
            return dict.fromkeys((*WORDS, "count"), "")
        if isinstance(metric.shape, Count | Distinct):
            return {"count": "sum", "sum": "sum"}
        return {word: ours for word, ours in WORDS.items() if metric.allows(ours)}

    def shown(self, value: float | None) -> float | None:
        """A number of ours in Mux's unit."""
        return value if value is None or self.per == 1 else value / self.per


class Measured(msgspec.Struct, frozen=True):
    """A metric in a measurement, and under which keys our answer has its value and the views that entered it."""

    of: MuxMetric
    word: str
    key: str | None
    counted: str | None

    @property
    def asked(self) -> list[str]:
        """What to ask the catalogue for."""
        return list(dict.fromkeys(one for one in (self.key, self.counted) if one is not None))

    @property
    def is_average(self) -> bool:
        """Whether a part can be compared with the whole; sums and counts of parts are always less."""
        return self.word not in ("sum", "count")

    def value(self, row: Mapping[str, Any]) -> float | None:
        return None if self.key is None else self.of.shown(row[self.key])

    def views(self, row: Mapping[str, Any]) -> int:
        """How many views entered it."""
        return 0 if self.counted is None else round(row[f"{self.counted}.weight"] or 0)


def _score(metric_id: str, title: str, ours: str, *older: str) -> MuxMetric:
    return MuxMetric(metric_id, title, ours, "avg", PERCENT, older)


def _missing(metric_id: str, title: str, usual: Measurement, unit: str = "count") -> MuxMetric:
    return MuxMetric(metric_id, title, None, usual, unit=unit)


def _same(metric_id: str, title: str, usual: Measurement) -> MuxMetric:
    return MuxMetric(metric_id, title, metric_id, usual)


_TABLE: tuple[MuxMetric, ...] = (
    MuxMetric("views", "Views", "attempts", "count"),
    _same("unique_viewers", "Unique Viewers", "count"),
    _same("playing_time", "Playing Time", "sum"),
    _score("viewer_experience_score", "Viewer Experience Score", "experience_score"),
    _score("playback_success_score", "Playback Success Score", "playback_success_score"),
    _same("playback_failure_percentage", "Playback Failures", "avg"),
    MuxMetric(
        "video_startup_failure_percentage", "Video Startup Failures", "video_start_failure_percentage", "avg"
    ),
    MuxMetric(
        "exits_before_video_start", "Exits Before Video Start", "exit_before_video_start_percentage", "avg"
    ),
    MuxMetric(
        "playback_business_exception_percentage",
        "Playback Business Exceptions",
        "playback_blocked_percentage",
        "avg",
    ),
    MuxMetric(
        "video_startup_business_exception_percentage",
        "Video Startup Business Exceptions",
        "video_start_blocked_percentage",
        "avg",
    ),
    MuxMetric("view_dropped_percentage", "Views Dropped", "dropped_percentage", "avg"),
    _missing("ad_playback_failure_percentage", "Ad Playback Failures", "avg", "ratio"),
    _missing("content_playback_failure_percentage", "Content Playback Failures", "avg", "ratio"),
    _score("startup_time_score", "Startup Time Score", "startup_score"),
    _same("video_startup_time", "Video Startup Time", "median"),
    MuxMetric(
        "view_content_startup_time",
        "Content Startup Time",
        "content_startup_time",
        "median",
        older=("content_startup_time",),
    ),
    _same("player_startup_time", "Player Startup Time", "median"),
    _same("page_load_time", "Page Load Time", "median"),
    MuxMetric("aggregate_startup_time", "Aggregate Startup Time", "total_startup_time", "median"),
    _score("rebuffer_score", "Smoothness Score", "smoothness_score", "smoothness_score"),
    _same("rebuffer_percentage", "Rebuffer Percentage", "avg"),
    _same("rebuffer_frequency", "Rebuffer Frequency", "avg"),
    _same("rebuffer_duration", "Rebuffer Duration", "median"),
    _same("rebuffer_count", "Rebuffer Count", "median"),
    _same("seek_latency", "Seek Latency", "avg"),
    _score("video_quality_score", "Video Quality Score", "video_quality_score"),
    _same("upscale_percentage", "Upscale Percentage", "avg"),
    _same("downscale_percentage", "Downscale Percentage", "avg"),
    MuxMetric("max_upscale_percentage", "Max Upscale Percentage", "max_upscale", "median"),
    MuxMetric("max_downscale_percentage", "Max Downscale Percentage", "max_downscale", "median"),
    MuxMetric("weighted_average_bitrate", "Weighted Average Bitrate", "average_bitrate", "median"),
    MuxMetric("rendition_change_count", "Rendition Changes", "rendition_changes", "avg"),
    MuxMetric("rendition_upshift_count", "Rendition Upshifts", "rendition_upshifts", "avg"),
    MuxMetric("rendition_downshift_count", "Rendition Downshifts", "rendition_downshifts", "avg"),
    MuxMetric(
        "live_stream_latency",
        "Live Stream Latency",
        "live_latency",
        "median",
        older=("player_average_live_latency",),
    ),
    MuxMetric(
        "request_throughput",
        "Request Throughput",
        "request_throughput",
        "median",
        older=("view_average_request_throughput",),
    ),
    MuxMetric(
        "request_latency",
        "Request Latency",
        "request_latency",
        "median",
        older=("view_average_request_latency",),
    ),
    MuxMetric(
        "max_request_latency",
        "Max Request Latency",
        "max_request_latency",
        "median",
        older=("view_max_request_latency",),
    ),
    MuxMetric("ad_attempt_count", "Ad Attempts", "ad_attempts", "sum"),
    MuxMetric("ad_impression_count", "Ad Impressions", "ad_impressions", "sum"),
    MuxMetric("ad_break_count", "Ad Breaks", "ad_breaks", "sum"),
    MuxMetric("ad_break_error_count", "Ad Break Errors", "ad_break_errors", "sum"),
    _same("ad_break_error_percentage", "Ad Break Error Percentage", "avg"),
    MuxMetric("ad_error_count", "Ad Errors", "ad_errors", "sum"),
    _same("ad_error_percentage", "Ad Error Percentage", "avg"),
    _missing("ad_startup_error_count", "Ad Startup Errors", "avg"),
    _missing("ad_startup_error_percentage", "Ad Startup Error Percentage", "avg", "ratio"),
    _missing("ad_exit_before_start_count", "Ad Exits Before Start", "avg"),
    _missing("ad_exit_before_start_percentage", "Ad Exit Before Start Percentage", "avg", "ratio"),
    _missing("ad_preroll_startup_time", "Ad Preroll Startup Time", "median", "ms"),
    _missing("requests_for_first_preroll", "Requests for First Preroll", "median"),
    _missing("video_startup_preroll_request_time", "Preroll Request Time", "median", "ms"),
    _missing("video_startup_preroll_load_time", "Preroll Load Time", "median", "ms"),
)

METRICS: Mapping[str, MuxMetric] = {
    **{one.id: one for one in _TABLE},
    **{name: one for one in _TABLE for name in one.older},
}
"""By every name that they have or had."""

_FILTER = re.compile(r"\s*([a-z0-9_]+)\s*(>=|<=|>|<)\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*", re.ASCII)
_OPS = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


def mux_metric(name: str) -> MuxMetric:
    """The metric of this id. Raises `BadRequest` with the nearest ids."""
    found = METRICS.get(name)
    if found is None:
        raise unknown("the metric id", name, METRICS, "any metric id of Mux Data")
    return found


def measured(metric: MuxMetric, measurement: str | None = None) -> Measured:
    """A metric in this measurement, or in its usual one. Raises `BadRequest`."""
    word = measurement or metric.usual
    allowed = metric.measurements()
    if word not in allowed:
        raise BadRequest(
            f"measurement is {word[:40]!r}, but {metric.id} has {', '.join(allowed)}",
            parameter="measurement",
            got=word[:40],
            allowed=list(allowed),
        )
    if metric.metric is None:
        return Measured(metric, word, None, None)
    key = f"{metric.ours}.{allowed[word]}"
    # A ratio of sums weighs its denominator; of its views' own ratios it is told how many there are.
    is_ratio = isinstance(metric.metric.shape, Ratio) and allowed[word] == "mean"
    return Measured(metric, word, key, f"{metric.ours}.median" if is_ratio else key)


def read_metric_filter(text: str) -> Mapping[str, Any]:
    """``metric>=n`` as a filter on each view's own number. Raises `BadRequest`."""
    found = _FILTER.fullmatch(text)
    if found is None:
        raise BadRequest(
            f"metric_filters[] is {text[:100]!r}, but wanted is metric>=number, or <=, <, >",
            parameter="metric_filters[]",
            got=text[:100],
        )
    name, op, number = found.groups()
    if name not in METRICS:
        raise unknown("metric_filters[]", name, METRICS, "any metric id of Mux Data")
    metric = METRICS[name]
    if metric.id in NO_FILTERS:
        raise BadRequest(
            f"metric_filters[] names {name}, which cannot be filtered on; nor can {', '.join(NO_FILTERS)}",
            parameter="metric_filters[]",
            got=text[:100],
        )
    if metric.ours is None:
        return NOTHING
    return {"dimension": OF_METRIC + metric.ours, "op": _OPS[op], "value": float(number) * metric.per}
