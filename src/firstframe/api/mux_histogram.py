"""How long starts took in each of the last minutes, in Mux's shape: a histogram for each.

A start counts in the minute in which its view ended, as everywhere; one of which only the time to a ready player is known is
left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from firstframe.api.mux_query import Call, Frame, Timeframe, framed
from firstframe.errors import BadRequest

MINUTE_MS = 60_000
USUAL_MS = 30 * MINUTE_MS
HISTOGRAM = "video-startup-time"
EDGES_MS = (0, 100, 500, 1_000, 2_000, 5_000, 10_000)
"""Where the buckets of a histogram begin; the last has no end."""
TRUE_STARTUPS = {"dimension": "approx", "op": "neq", "value": "startup_is_ready_time"}
"""Not those of which only the time to a ready player is known."""


async def histogram(call: Call) -> Frame:
    """``/monitoring/metrics/video-startup-time/histogram-timeseries``: of views that ended in each of the last minutes."""
    if call.name != HISTOGRAM:
        raise BadRequest(f"only {HISTOGRAM} has a histogram, not {call.name[:100]!r}", got=call.name[:100])
    end_ms = call.now_ms // MINUTE_MS * MINUTE_MS
    when = Timeframe(end_ms - USUAL_MS, end_ms)
    filters = [*call.params.filters(), TRUE_STARTUPS]
    spread = [f"video_startup_time.{one}" for one in ("mean", "median", "p95")]
    found = await call.ask(when, spread, filters, granularity="minute")
    counted = await asyncio.gather(
        *(
            call.ask(when, ["video_startup_time"], [*filters, *between], granularity="minute")
            for between in _between()
        )
    )
    points = []
    for place, row in enumerate(found.data):
        counts = [round(one.data[place]["video_startup_time.weight"]) for one in counted]
        points.append({"timestamp": row["time"], **_spread(row, spread), **_shares(counts)})
    buckets = [
        {"start": start, "end": end} for start, end in zip(EDGES_MS, (*EDGES_MS[1:], None), strict=True)
    ]
    meta = {"bucket_unit": "milliseconds", "buckets": buckets}
    return framed(points, when, count=len(points), meta=meta)


def _between() -> list[list[dict[str, Any]]]:
    """The startups of each bucket."""
    name = "video_startup_time_ms"
    low = [{"dimension": name, "op": "gte", "value": start} for start in EDGES_MS]
    high = [{"dimension": name, "op": "lt", "value": end} for end in EDGES_MS[1:]]
    return [[one, *high[place : place + 1]] for place, one in enumerate(low)]


def _spread(row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return dict(zip(("average", "median", "p95"), (row[key] for key in keys), strict=True))


def _shares(counts: Sequence[int]) -> dict[str, Any]:
    total = sum(counts)
    shares = [count / total if total else 0 for count in counts]
    values = [{"count": count, "percentage": share} for count, share in zip(counts, shares, strict=True)]
    return {"sum": total, "max_percentage": max(shares), "bucket_values": values}
