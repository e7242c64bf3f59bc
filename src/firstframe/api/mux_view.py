"""Views in Mux's shapes: a list by their ends, page by page, and one with its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firstframe.api.mux_error import error_id_of, of_error
from firstframe.api.mux_metric import PERCENT
from firstframe.api.mux_query import Call, Frame, Timeframe, framed
from firstframe.api.mux_view_field import FAILED, view_fields
from firstframe.errors import BadRequest, NotFound
from firstframe.metrics.asset import Asset, one_asset
from firstframe.metrics.instant import iso
from firstframe.metrics.view import one_view
from firstframe.metrics.view_list import MOST_VIEWS, list_views, read_view_query, skip_views

DEEPEST = 1_000_000
"""Views that are skipped to reach a page."""
COUNT = "playback_failure_percentage"
"""Its denominator is the attempts that ended in the range."""
PLAYHEADS = ("player_playhead_time", "playhead_ms")
"""Where events say how far the content was, in milliseconds."""
_MACHINERY = ("view_id", "event", "type", "at", "viewer_time")
"""What of an event is told beside its details."""


async def view_list(call: Call) -> Frame:
    """``/video-views``: attempts that ended in the range, the latest first."""
    params, when = call.params, call.params.timeframe(call.now_ms)
    paging = params.paging(most=MOST_VIEWS)
    descending = params.is_descending()
    filters: list[Any] = [*params.filters(), *_viewer(params.text("viewer_id"))]
    error = await of_error(call, when, filters)
    if error is None:
        return framed([], when, count=0)
    filters += error
    count = await _count(call, when, filters)
    if paging.skipped >= count:
        return framed([], when, count=count)
    if paging.skipped > DEEPEST:
        raise BadRequest(
            f"page {paging.page} lies behind {DEEPEST} views; use filters[] or a shorter timeframe[]",
            parameter="page",
            got=paging.page,
        )
    order = "-view_end_ms" if descending else "view_end_ms"
    views = await _page(call, when, filters, order, paging.skipped, paging.limit)
    return framed([_abridged(view, count) for view in views], when, count=count)


def _viewer(viewer_id: str | None) -> list[Mapping[str, Any]]:
    """The site's own id of a viewer, or the one that the SDK made."""
    if viewer_id is None:
        return []
    names = ("viewer_id", "extra.mux_viewer_id")
    return [{"or": [{"dimension": name, "op": "eq", "value": viewer_id} for name in names]}]


async def _count(call: Call, when: Timeframe, filters: Sequence[Any]) -> int:
    (row,) = (await call.ask(when, [COUNT], filters)).data
    return int(row[f"{COUNT}.weight"])


async def _page(
    call: Call, when: Timeframe, filters: Sequence[Any], order: str, skipped: int, limit: int
) -> list[dict[str, Any]]:
    query = read_view_query(
        call.project,
        call.now_ms,
        filters=[*filters, "attempted:eq:true", "closed:eq:true"],
        order_by=order,
        limit=limit,
        bots=False,
    )
    query = msgspec.structs.replace(query, start_ms=when.start_ms, end_ms=when.end_ms, placed="view_end")
    behind = await skip_views(call.engine, query, skipped)
    return [] if behind is None else (await list_views(call.engine, behind)).views


def _abridged(view: Mapping[str, Any], count: int) -> dict[str, Any]:
    score = view["experience_score"]
    return {
        "id": view["view_id"],
        "view_start": iso(view["view_start_ms"]),
        "view_end": iso(view["view_end_ms"]),
        "video_title": view["video_title"],
        "viewer_os_family": view["os"],
        "viewer_application_name": view["browser"],
        "country_code": view["country"],
        "player_error_code": view["error_code"],
        "player_error_message": view["error_message"],
        "error_type_id": error_id_of(view),
        "playback_failure": view["outcome"] in FAILED,
        "viewer_experience_score": None if score is None else score / PERCENT,
        "watch_time": round(view["watch_time_ms"]),
        "total_row_count": count,
    }


async def single_view(call: Call) -> Frame:
    """``/video-views/{id}``. Raises `NotFound`."""
    when = call.params.timeframe(call.now_ms)
    view = await one_view(call.engine, call.project, call.name)
    data = {
        **view_fields(view, await _asset(call, view)),
        "events": [_event(view, one) for one in view["events"]],
    }
    return framed(data, when)


async def _asset(call: Call, view: Mapping[str, Any]) -> Asset | None:
    """What was told of the view's video."""
    if view["playback_id"] is None:
        return None
    try:
        return await one_asset(call.engine, call.project, view["playback_id"])
    except NotFound:
        return None


def _event(view: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    payload = event["payload"]
    playhead = next((payload[name] for name in PLAYHEADS if name in payload), None)
    return {
        "name": event["name"],
        "viewer_time": event["at_ms"],
        "event_time": event["at_ms"] + view["clock_shift_ms"],
        "playback_time": round(playhead) if isinstance(playhead, int | float) else None,
        "details": {name: value for name, value in payload.items() if name not in (*_MACHINERY, *PLAYHEADS)},
    }
