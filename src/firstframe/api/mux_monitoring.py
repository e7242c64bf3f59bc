"""Who is watching now, and was in the last day, in Mux's shapes: in steps of five seconds, and by one dimension.

A time series and its points are made of the spans of the views, a breakdown of one `moment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstframe.api.mux_dimension import MuxDimension, mux_dimension
from firstframe.api.mux_impact import dragged, impacts
from firstframe.api.mux_moment import (
    METRICS,
    STARTING,
    STEP_MS,
    VIEWERS,
    Figures,
    MonitoringMetric,
    asked_of,
    figures_of,
    moment,
)
from firstframe.api.mux_query import DAY_MS, Call, Frame, Timeframe, framed
from firstframe.api.place_name import COUNTRIES
from firstframe.errors import BadRequest
from firstframe.metrics.dimension import unknown
from firstframe.metrics.granularity import MOST_BUCKETS
from firstframe.metrics.instant import iso

STEP = "5s"
KEPT_MS = DAY_MS
"""How far back is answered."""
USUAL_MS = 30 * 60_000
"""How much a time series tells of that names no beginning."""
LONGEST_MS = 10 * 60_000
"""Of a breakdown over time."""
VALUES, MOST_VALUES = 10, 100
ORDERS: Mapping[str, str] = {
    "negative_impact": "negative_impact",
    "value": "metric_value",
    "views": "concurrent_viewers",
    "field": "value",
}
"""What a breakdown is ordered by, as its rows call it."""

DIMENSIONS: Mapping[str, str] = {
    "asn": "ASN",
    "cdn": "CDN",
    "country": "Country",
    "operating_system": "Operating system",
    "player_name": "Player name",
    "region": "Region / State",
    "stream_type": "Stream type",
    "sub_property_id": "Sub-property ID",
    "video_series": "Video series",
    "video_title": "Video title",
    "view_has_ad": "View has ad",
}


async def metric_list(call: Call) -> Frame:
    """``/monitoring/metrics``."""
    rows = [{"name": one.id, "display_name": one.title} for one in METRICS.values()]
    return framed(rows, call.params.timeframe(call.now_ms), count=len(rows))


async def dimension_list(call: Call) -> Frame:
    """``/monitoring/dimensions``."""
    rows = [{"name": name, "display_name": title} for name, title in DIMENSIONS.items()]
    return framed(rows, call.params.timeframe(call.now_ms), count=len(rows))


async def timeseries(call: Call) -> Frame:
    """``/monitoring/metrics/{id}/timeseries``: from an instant until now."""
    metric = _metric(call)
    end_ms = call.now_ms // STEP_MS * STEP_MS
    start_ms = call.params.instant("timestamp", end_ms - KEPT_MS, end_ms - STEP_MS, end_ms - USUAL_MS)
    when = Timeframe(start_ms // STEP_MS * STEP_MS, end_ms)
    found = await call.ask(
        when, [VIEWERS, *asked_of(metric)], call.params.filters(), granularity=STEP, limit=MOST_BUCKETS + 1
    )
    points = [
        {"date": row["time"], "value": figures.value, "concurrent_viewers": figures.viewers}
        for row in found.data
        for figures in [figures_of(metric, row)]
    ]
    return framed(points, when, count=len(points))


async def breakdown(call: Call) -> Frame:
    """``/monitoring/metrics/{id}/breakdown``: at an instant, by default now."""
    metric, by = _metric(call), _dimension(call)
    order = call.params.choice("order_by", tuple(ORDERS), "negative_impact")
    descending = call.params.is_descending(usual=order != "field")
    now_ms = -(-call.now_ms // 1_000) * 1_000
    at_ms = call.params.instant("timestamp", now_ms - KEPT_MS, now_ms, now_ms)
    is_now = call.params.text("timestamp") is None
    groups = await moment(call, metric, by, None if is_now else at_ms)
    whole = (await moment(call, metric, None, None if is_now else at_ms)).get(None, Figures())
    rows = _rows(by, groups, whole)
    _sort(rows, ORDERS[order], descending=descending)
    return framed(rows, Timeframe(at_ms - STEP_MS, at_ms), count=len(rows))


async def breakdown_timeseries(call: Call) -> Frame:
    """``/monitoring/metrics/{id}/breakdown-timeseries``: the groups with the most viewers, step by step."""
    metric, by = _metric(call), _dimension(call)
    order = call.params.choice("order_by", tuple(ORDERS)[1:], "views")
    descending = call.params.is_descending(usual=order != "field")
    limit = call.params.whole("limit", VALUES, MOST_VALUES)
    when = _minutes(call)
    found = await call.ask(
        when,
        [VIEWERS, STARTING, *asked_of(metric)],
        call.params.filters(),
        group_by=[by.ours],
        granularity=STEP,
        group_limit=limit,
        order_by=["time", f"-{VIEWERS}"],
        limit=(LONGEST_MS // STEP_MS + 1) * MOST_VALUES,
    )
    first_ms = when.start_ms // STEP_MS * STEP_MS
    steps: dict[str, list[dict[str, Any]]] = {iso(at): [] for at in range(first_ms, when.end_ms, STEP_MS)}
    for row in found.data:
        figures = figures_of(metric, row)
        steps[row["time"]].append(
            {
                "value": by.shown(row[by.ours or ""]),
                "metric_value": figures.value,
                "concurrent_viewers": figures.viewers,
                "starting_up_viewers": figures.starting,
            }
        )
    for values in steps.values():
        _sort(values, ORDERS[order], descending=descending)
    return framed([{"date": at, "values": values} for at, values in steps.items()], when, count=len(steps))


def _metric(call: Call) -> MonitoringMetric:
    """Raises `BadRequest`."""
    if call.name not in METRICS:
        raise unknown("the monitoring metric id", call.name, METRICS, list(METRICS))
    return METRICS[call.name]


def _dimension(call: Call) -> MuxDimension:
    """Raises `BadRequest`."""
    name = call.params.text("dimension")
    if name is None:
        raise BadRequest(f"dimension is missing: one of {', '.join(DIMENSIONS)}", parameter="dimension")
    if name not in DIMENSIONS:
        raise unknown("dimension", name, DIMENSIONS, list(DIMENSIONS))
    return mux_dimension(name, "dimension")


def _minutes(call: Call) -> Timeframe:
    """The last minute, or what is asked for. Raises `BadRequest`."""
    found = call.params.timeframe(call.now_ms, 60_000)
    if found.length_ms > LONGEST_MS or found.start_ms < call.now_ms - KEPT_MS:
        raise BadRequest(
            "timeframe[] may have 10 minutes at most, and must lie within the last 24 hours",
            parameter="timeframe[]",
        )
    return found


def _rows(by: MuxDimension, groups: Mapping[Any, Figures], whole: Figures) -> list[dict[str, Any]]:
    """Those with the most viewers first."""
    ranked = sorted(groups.items(), key=lambda pair: (-pair[1].viewers, -pair[1].weight, str(pair[0])))
    harm = impacts([_score(one, whole) for _, one in ranked])
    return [
        {
            **_named(by, value),
            "metric_value": one.value,
            "concurrent_viewers": one.viewers,
            "starting_up_viewers": one.starting,
            "negative_impact": impact,
        }
        for (value, one), impact in zip(ranked, harm, strict=True)
    ]


def _score(one: Figures, whole: Figures) -> float:
    """Shares are of something bad. Of all who are watching a group is a part, so that it is never worse."""
    if one.value is None or whole.value is None or not whole.weight:
        return 0.0
    return dragged(one.value - whole.value, one.weight, whole.weight)


def _named(by: MuxDimension, value: Any) -> dict[str, Any]:
    shown = by.shown(value)
    if shown is None:
        return {"value": None}
    return {"value": shown, "display_value": COUNTRIES.get(shown, shown) if by.id == "country" else shown}


def _sort(rows: list[dict[str, Any]], key: str, *, descending: bool) -> None:
    """In place; what is not known comes last."""
    known = [row for row in rows if row[key] is not None]
    known.sort(key=lambda row: row[key], reverse=descending)
    rows[:] = [*known, *(row for row in rows if row[key] is None)]
