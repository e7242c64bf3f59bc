"""All metrics of a group of views in Mux's shape: its totals, each score with what explains it, and the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from firstframe.api.mux_dimension import mux_dimension, read_filter
from firstframe.api.mux_metric import METRICS, Measured, measured
from firstframe.api.mux_query import Call, Frame, Timeframe, framed
from firstframe.errors import BadRequest

ENDED = "playback_failure_percentage"
"""Its denominator is the attempts that are over."""
AT_ONCE = 20
"""Metrics of one question: a long statement takes the engine longer than two short ones."""

PARTS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    ("viewer_experience_score", ()),
    (
        "playback_success_score",
        (
            ("playback_failure_percentage", "avg"),
            ("video_startup_failure_percentage", "avg"),
            ("exits_before_video_start", "avg"),
            ("playback_business_exception_percentage", "avg"),
            ("video_startup_business_exception_percentage", "avg"),
            ("view_dropped_percentage", "avg"),
        ),
    ),
    (
        "startup_time_score",
        (
            ("video_startup_time", "median"),
            ("video_startup_time", "95th"),
            ("view_content_startup_time", "median"),
            ("player_startup_time", "median"),
            ("page_load_time", "median"),
            ("aggregate_startup_time", "median"),
        ),
    ),
    (
        "rebuffer_score",
        (
            ("rebuffer_percentage", "avg"),
            ("rebuffer_frequency", "avg"),
            ("rebuffer_duration", "median"),
            ("rebuffer_count", "median"),
            ("seek_latency", "avg"),
        ),
    ),
    (
        "video_quality_score",
        (
            ("upscale_percentage", "avg"),
            ("downscale_percentage", "avg"),
            ("max_upscale_percentage", "median"),
            ("max_downscale_percentage", "median"),
            ("weighted_average_bitrate", "median"),
            ("rendition_change_count", "avg"),
            ("rendition_upshift_count", "avg"),
            ("rendition_downshift_count", "avg"),
        ),
    ),
)
"""Each score with the metrics that explain it, in their measurements."""
IN_TOTALS = ("views", "unique_viewers", "playing_time")


async def comparison(call: Call) -> Frame:
    """``/metrics/comparison``: every metric of one group, or of all views."""
    when = call.params.timeframe(call.now_ms)
    filters = [*call.params.filters(), *_group(call)]
    usual = [measured(one) for one in dict.fromkeys(METRICS.values())]
    parts = {(name, word): measured(METRICS[name], word) for _, items in PARTS for name, word in items}
    names = dict.fromkeys(
        one.key for one in [*usual, *parts.values()] if one.key is not None
    )  # each once, in order
    row = await _numbers(call, when, [*names, ENDED, "watch_time"], filters)
    shown = {*(name for name, _ in PARTS), *(name for name, _ in parts), *IN_TOTALS}
    data = [
        _totals(row),
        *(
            {
                **_metric(measured(METRICS[name]), row),
                "items": [_metric(parts[part], row) for part in items],
            }
            for name, items in PARTS
        ),
        *({**_metric(one, row), "items": []} for one in usual if one.of.id not in shown),
    ]
    return framed(data, when)


def _group(call: Call) -> list[Mapping[str, Any]]:
    name, value = call.params.text("dimension"), call.params.values.get("value")
    if (name is None) != (value is None):
        missing = "dimension" if name is None else "value"
        raise BadRequest(
            f"{missing} is missing: dimension and value name a group together", parameter=missing
        )
    if name is None:
        return []
    mux_dimension(name, "dimension")
    return [read_filter(f"{name}:{value}")]


async def _numbers(
    call: Call, when: Timeframe, names: Sequence[str], filters: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Many metrics of the same views."""
    chunks = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    found = await asyncio.gather(*(call.ask(when, chunk, filters) for chunk in chunks))
    return {key: value for one in found for key, value in one.data[0].items()}


def _totals(row: Mapping[str, Any]) -> dict[str, Any]:
    begun = round(row["attempts.sum"])
    return {
        "name": "totals",
        "view_count": begun,
        "started_views": begun,
        "ended_views": round(row[f"{ENDED}.weight"]),
        "unique_viewers": round(row["unique_viewers.sum"]),
        "watch_time": round(row["watch_time"]),
        "total_playing_time": round(row["playing_time.sum"]),
    }


def _metric(one: Measured, row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.of.title,
        "metric": one.of.id,
        "type": one.of.type,
        "value": one.value(row),
    }
    if len(one.of.measurements()) > 1:
        found["measurement"] = one.word
    return found
