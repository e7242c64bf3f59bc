"""Where a metric is worst, in Mux's shape: the groups of any dimension that drag the whole down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from firstframe.api.mux_dimension import DIMENSIONS, INSIGHTS, MuxDimension
from firstframe.api.mux_impact import Whole, score
from firstframe.api.mux_number import Asked, asked, one_group, times_of
from firstframe.api.mux_query import Call, Frame, framed

MOST_VALUES = 1_000
"""Values of a dimension that are looked at, those with the most views."""
MOST_INSIGHTS = 100


async def insights(call: Call) -> Frame:
    """``/metrics/{id}/insights``: the groups that drag a metric down, of all dimensions, the worst first."""
    wanted = asked(call)
    descending = call.params.is_descending()
    found = [] if wanted.measured.key is None else await _insights(call, wanted)
    worst = sorted(found, key=_severity, reverse=True)[:MOST_INSIGHTS]
    if not descending:
        worst.reverse()
    return framed(worst, wanted.when, count=len(worst), meta=wanted.meta)


def _severity(insight: Mapping[str, Any]) -> tuple[float, int, str]:
    return insight["negative_impact_score"], insight["total_views"], insight["filter_column"]


async def _insights(call: Call, wanted: Asked) -> list[dict[str, Any]]:
    _, whole, _ = await one_group(call, wanted)
    every = await asyncio.gather(*(_insights_by(call, wanted, whole, DIMENSIONS[name]) for name in INSIGHTS))
    return [one for some in every for one in some]


async def _insights_by(call: Call, wanted: Asked, whole: Whole, by: MuxDimension) -> list[dict[str, Any]]:
    of = wanted.measured
    found = await call.ask(
        wanted.when,
        wanted.metrics,
        wanted.filters,
        group_by=[by.ours],
        order_by=[f"-{of.counted}.weight"],
        limit=MOST_VALUES,
        quantiles=wanted.quantiles,
    )
    return [
        {
            "filter_column": by.id,
            "filter_value": by.shown(row.get(by.ours or "")),
            "metric": of.value(row),
            "negative_impact_score": dragged,
            "total_views": of.views(row),
            **times_of(row),
        }
        for row in found.data
        if (dragged := score(of, whole, of.value(row), of.views(row)))
    ]
