"""Numbers of one metric in Mux's shapes: overall, broken down, and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firstframe.api.mux_dimension import MuxDimension, mux_dimension
from firstframe.api.mux_impact import Whole, impacts, score
from firstframe.api.mux_metric import Measured, measured, mux_metric
from firstframe.api.mux_query import STEPS, Call, Frame, Timeframe, framed, step_of
from firstframe.errors import BadRequest
from firstframe.metrics.granularity import MOST_BUCKETS

TIMES = ("watch_time", "playing_time")
MOST_FIELDS = 50_000
"""Groups of a breakdown."""
ORDERS = ("negative_impact", "value", "views", "field")


class Asked(msgspec.Struct, frozen=True):
    """What every question for one metric names."""

    measured: Measured
    when: Timeframe
    filters: Sequence[Mapping[str, Any]]

    @property
    def metrics(self) -> list[str]:
        return [*self.measured.asked, *TIMES]

    @property
    def meta(self) -> dict[str, str]:
        return {"aggregation": self.measured.of.aggregation, "granularity": self.when.usual_step}

    @property
    def quantiles(self) -> str:
        """Of the views that have a ratio only the number is wanted, not the median that it comes with."""
        return "exact" if self.measured.counted == self.measured.key else "sketched"


def asked(call: Call) -> Asked:
    """Raises `BadRequest`."""
    found = measured(mux_metric(call.name), call.params.text("measurement"))
    return Asked(found, call.params.timeframe(call.now_ms), call.params.filters())


async def overall(call: Call) -> Frame:
    """``/metrics/{id}/overall``."""
    wanted = asked(call)
    (row,) = (await call.ask(wanted.when, wanted.metrics, wanted.filters, quantiles=wanted.quantiles)).data
    data = {
        "value": wanted.measured.value(row),
        "total_views": wanted.measured.views(row),
        **times_of(row),
        "global_value": None,
    }
    return framed(data, wanted.when, meta=wanted.meta)


async def breakdown(call: Call) -> Frame:
    """``/metrics/{id}/breakdown``; only groups of which some view entered the metric."""
    wanted, paging = asked(call), call.params.paging()
    by = _group_by(call)
    order = call.params.choice("order_by", ORDERS, "negative_impact")
    descending = call.params.is_descending(usual=order != "field")
    if by.ours is None or wanted.measured.key is None:
        rows, whole, more = await one_group(call, wanted)
    else:
        rows, whole, more = await _groups(call, wanted, by, _order(wanted, by, order, descending=descending))
    if more and paging.end > MOST_FIELDS:
        raise BadRequest(
            f"a breakdown tells of {MOST_FIELDS} groups at most; use filters[] or a shorter timeframe[]",
            parameter="page",
            got=paging.page,
        )
    found = _with_impact(wanted.measured, whole, [row for row in rows if wanted.measured.views(row)])
    if order == "negative_impact":
        found.sort(key=lambda pair: pair[0], reverse=descending)
    page = [
        _field(wanted.measured, by, row, impact) for (_, impact), row in found[paging.skipped : paging.end]
    ]
    return framed(page, wanted.when, count=None if more else len(found), meta=wanted.meta)


def _group_by(call: Call) -> MuxDimension:
    name = call.params.text("group_by")
    if name is None:
        raise BadRequest("group_by is missing: the dimension to break down by", parameter="group_by")
    return mux_dimension(name, "group_by")


def _order(wanted: Asked, by: MuxDimension, order: str, *, descending: bool) -> list[str]:
    """The catalogue's order; impact is worked out afterwards, of the groups with the most views."""
    views = f"-{wanted.measured.counted}.weight"
    if order == "negative_impact":
        return [views]
    key = {"value": wanted.measured.key, "field": by.ours}.get(order, views.removeprefix("-"))
    return [f"-{key}" if descending else f"{key}", views]


async def _groups(
    call: Call, wanted: Asked, by: MuxDimension, order: Sequence[str]
) -> tuple[list[dict[str, Any]], Whole, bool]:
    found = await call.ask(
        wanted.when,
        wanted.metrics,
        wanted.filters,
        group_by=[by.ours],
        order_by=list(order),
        limit=MOST_FIELDS,
        totals=True,
        quantiles=wanted.quantiles,
    )
    totals = found.meta.totals or {}
    return (
        found.data,
        Whole(wanted.measured.value(totals), wanted.measured.views(totals)),
        found.meta.truncated,
    )


async def one_group(call: Call, wanted: Asked) -> tuple[list[dict[str, Any]], Whole, bool]:
    """Of a dimension that nobody tells of all views are in the one group whose value is not known."""
    found = await call.ask(wanted.when, wanted.metrics, wanted.filters, quantiles=wanted.quantiles)
    row = found.data[0]
    return [row], Whole(wanted.measured.value(row), wanted.measured.views(row)), False


def _with_impact(
    of: Measured, whole: Whole, rows: Sequence[dict[str, Any]]
) -> list[tuple[tuple[float, int], dict[str, Any]]]:
    """Each row with its score, to sort by, and its impact among the others."""
    scores = [score(of, whole, of.value(row), of.views(row)) for row in rows]
    return list(zip(zip(scores, impacts(scores), strict=True), rows, strict=True))


def _field(of: Measured, by: MuxDimension, row: Mapping[str, Any], impact: int) -> dict[str, Any]:
    return {
        "field": by.shown(row.get(by.ours or "")),
        "value": of.value(row),
        "views": of.views(row),
        **times_of(row),
        "negative_impact": impact,
    }


def times_of(row: Mapping[str, Any]) -> dict[str, int]:
    """The time that passed in the range."""
    return {f"total_{name}": round(row[name] or 0) for name in TIMES}


async def timeseries(call: Call) -> Frame:
    """``/metrics/{id}/timeseries``: instant, value, views that entered it, for every step of the range."""
    wanted = asked(call)
    step = step_of(call.params, wanted.when)
    descending = call.params.is_descending(usual=False)
    found = await call.ask(
        wanted.when,
        wanted.measured.asked or ["attempts"],
        wanted.filters,
        granularity=STEPS[step][0],
        limit=MOST_BUCKETS + 1,
        quantiles=wanted.quantiles,
    )
    points = [[row["time"], wanted.measured.value(row), wanted.measured.views(row)] for row in found.data]
    if descending:
        points.reverse()
    return framed(points, wanted.when, count=len(points), meta={**wanted.meta, "granularity": step})
