"""Routes about single views: a list, page by page, and one with its states and events."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from firstframe.accounts.account import Token
from firstframe.api.access import SECRET
from firstframe.api.fault import answers
from firstframe.api.metric import clean
from firstframe.api.service import Services
from firstframe.metrics.instant import iso
from firstframe.metrics.view import one_view
from firstframe.metrics.view_list import MOST_VIEWS, USUAL_ORDER, list_views, read_view_query


class ViewListMeta(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known about a page of views."""

    next: str | None
    """The ``cursor`` of the next page; null on the last."""
    row_count: int
    fresh_as_of: str | None


class ViewList(msgspec.Struct, frozen=True):
    """A page of views: each with all fields of the record and the numbers that follow from them."""

    data: list[dict[str, Any]]
    meta: ViewListMeta


class OneView(msgspec.Struct, frozen=True):
    """One view: its record, its derived numbers, ``states`` and ``events``."""

    data: dict[str, Any]


@get("/v1/views", tags=["views"], summary="List views", responses=answers(400), opt={SECRET: True})
async def get_views(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    filters: Annotated[
        list[str] | None, QueryParameter(description="dimension:op:value, on any field; repeatable")
    ] = None,
    order_by: Annotated[
        str, QueryParameter(description="any scalar field, - before it for descending")
    ] = USUAL_ORDER,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_VIEWS, description="views in a page")] = 50,
    cursor: Annotated[str | None, QueryParameter(description="meta.next of the page before")] = None,
    start: Annotated[
        str | None, QueryParameter(name="from", description="views begun from this instant")
    ] = None,
    end: Annotated[
        str | None, QueryParameter(name="to", description="views begun before this instant")
    ] = None,
    timezone: Annotated[str, QueryParameter(description="IANA name, for instants without an offset")] = "UTC",
    include_bots: Annotated[bool, QueryParameter(description="robots too")] = True,
) -> ViewList:
    """Newest first, unless ordered otherwise. Open views are there too."""
    query = read_view_query(
        caller.project,
        services.now_ms(),
        filters=filters or [],
        order_by=order_by,
        start=start,
        end=end,
        timezone=timezone,
        limit=limit,
        cursor=cursor,
        bots=include_bots,
    )
    fresh_ms = services.fresh()
    with services.seconds.labels("views").time():
        page = await list_views(services.engine, query)
    fresh = None if fresh_ms is None else iso(fresh_ms)
    return ViewList(page.views, ViewListMeta(next=page.next, row_count=len(page.views), fresh_as_of=fresh))


@get(
    "/v1/views/{view_id:str}",
    tags=["views"],
    summary="One view",
    responses=answers(400, 404),
    opt={SECRET: True},
)
async def get_view(
    view_id: FromPath[str], services: NamedDependency[Services], caller: NamedDependency[Token]
) -> OneView:
    """Its record, the numbers that follow from it, its states in time, and every event that was kept."""
    with services.seconds.labels("view").time():
        return OneView(await one_view(services.engine, caller.project, clean(view_id)))
