"""Which parts of a video were watched, in Mux's shape: for each hundredth of it, by how many plays."""

from __future__ import annotations

from collections.abc import Mapping

from firstframe.api.mux_query import Call, Frame, framed
from firstframe.metrics.audience import audience
from firstframe.metrics.filter import read_filters

KINDS: Mapping[str, str] = {"assets": "asset_id", "playback-ids": "playback_id", "videos": "video_id"}
"""What a path may name a video by."""


async def heatmap(call: Call) -> Frame:
    """``/engagement/{kind}/{id}/heatmap``: of plays on demand that tell which parts they watched."""
    when = call.params.timeframe(call.now_ms)
    found = await audience(
        call.engine,
        call.project,
        found=read_filters({"dimension": KINDS[call.kind], "op": "eq", "value": call.name}),
        start_ms=when.start_ms,
        end_ms=when.end_ms,
        bots=False,
    )
    value = found.watched if found.plays_with_ranges else []
    return framed({"total_views": found.plays_with_ranges, "value": value}, when)
