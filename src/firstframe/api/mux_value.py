"""What views can be told apart by, and the values that occurred, in Mux's shapes."""

from __future__ import annotations

from firstframe.api.mux_dimension import listed, mux_dimension
from firstframe.api.mux_query import Call, Frame, framed
from firstframe.errors import BadRequest
from firstframe.metrics.filter import read_filters, speaks_of_bots
from firstframe.metrics.value import values_of

MOST_VALUES = 50_000
"""Of one dimension."""


async def dimension_list(call: Call) -> Frame:
    """``/dimensions``, and ``/filters`` as it was called: those that firstframe knows something of."""
    return framed(listed(), call.params.timeframe(call.now_ms))


async def dimension_values(call: Call) -> Frame:
    """``/dimensions/{id}``: the values of attempts that were begun in the range, the commonest first."""
    when, paging = call.params.timeframe(call.now_ms), call.params.paging()
    by = mux_dimension(call.name, "the dimension id")
    if by.dimension is None:
        return framed([], when, count=0)
    if paging.end > MOST_VALUES:
        raise BadRequest(
            f"{MOST_VALUES} values of a dimension are told at most; use filters[] or a shorter timeframe[]",
            parameter="page",
            got=paging.page,
        )
    held = read_filters([*call.params.filters(), "attempted:eq:true"])
    found, more = await values_of(
        call.engine,
        call.project,
        by.dimension,
        found=held,
        start_ms=when.start_ms,
        end_ms=when.end_ms,
        search="",
        limit=MOST_VALUES,
        bots=speaks_of_bots(held),
    )
    page = [
        {"value": by.shown(one.value), "total_count": one.views} for one in found[paging.skipped : paging.end]
    ]
    return framed(page, when, count=None if more else len(found))
