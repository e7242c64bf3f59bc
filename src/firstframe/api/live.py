"""What is happening now, once or as a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from firstframe.accounts.account import Token
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.errors import EngineError, Refusal, Unavailable
from firstframe.metrics.dimension import find_dimension
from firstframe.metrics.filter import conditions, read_filters
from firstframe.metrics.live import MOST_GROUPS, USUAL_MINUTES, LiveAnswer, LiveQuery, live

TICK_SECONDS = 0.25
"""How soon a stream notices that the server is to stop."""

RETRY_MS = 3_000
"""When a stream that broke is asked for again."""

Again = Callable[[], Awaitable[object]]
"""Asks anew who the caller is. Raises `Refusal` when it is nobody any more."""

Filters = Annotated[list[str] | None, QueryParameter(description="dimension:op:value, repeatable")]
Groups = Annotated[list[str] | None, QueryParameter(description="dimensions, comma-separated or repeated")]
Minutes = Annotated[int, QueryParameter(ge=1, le=60, description="what *the last minutes* are")]
Bots = Annotated[bool, QueryParameter(description="robots too")]
Limit = Annotated[
    int, QueryParameter(ge=1, le=MOST_GROUPS, description="at most so many groups, the most watching first")
]


@get("/v1/live/now", tags=["live"], summary="Live figures, once", responses=answers(400))
async def get_now(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    group_by: Groups = None,
    filters: Filters = None,
    minutes: Minutes = USUAL_MINUTES,
    include_bots: Bots = False,
    limit: Limit = 100,
) -> LiveAnswer:
    """Who is watching, and how the last minutes went."""
    return await _figures(services, _query(caller, group_by, filters, minutes, include_bots, limit))


@get(
    "/v1/live",
    tags=["live"],
    summary="Live figures, as a stream",
    media_type="text/event-stream",
    response_description="Events `live` with the JSON of `/v1/live/now`; `fault` when one could not be made",
    responses=answers(400),
)
async def get_live(
    request: Request[Token, Again, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    group_by: Groups = None,
    filters: Filters = None,
    minutes: Minutes = USUAL_MINUTES,
    include_bots: Bots = False,
    limit: Limit = 100,
    interval: Annotated[float, QueryParameter(ge=1, le=60, description="seconds between events")] = 3,
) -> ServerSentEvent:
    """The first at once, then one each ``interval`` seconds, for as long as the token is good."""
    query = _query(caller, group_by, filters, minutes, include_bots, limit)
    services.turns.check_streams(caller.project)
    return ServerSentEvent(_stream(services, query, interval, request.auth))


def _query(
    caller: Token,
    group_by: list[str] | None,
    filters: list[str] | None,
    minutes: int,
    include_bots: bool,
    limit: int,
) -> LiveQuery:
    found = read_filters(filters or [])
    names = [name.strip() for part in group_by or [] for name in part.split(",") if name.strip()]
    return LiveQuery(
        project=caller.project,
        filter=found,
        groups=tuple(find_dimension(name, "group_by", groupable=True) for name in dict.fromkeys(names)),
        minutes=minutes,
        bots=include_bots or "bot" in (*names, *(one.dimension.id for one in conditions(found))),
        limit=limit,
    )


async def _figures(services: Services, query: LiveQuery) -> LiveAnswer:
    fresh_ms = services.fresh()
    with services.seconds.labels("live").time():
        return await live(services.engine, query, services.now_ms(), fresh_ms)


async def _stream(
    services: Services, query: LiveQuery, interval: float, again: Again
) -> AsyncIterator[ServerSentEventMessage]:
    number = 0
    with services.turns.streaming(query.project):
        while not services.stopping():
            number += 1
            yield await _message(services, query, number)
            for _ in range(max(1, round(interval / TICK_SECONDS))):
                if services.stopping():
                    return
                await asyncio.sleep(TICK_SECONDS)
            try:
                await again()
            except Unavailable:
                continue  # nobody can say now
            except Refusal as error:
                yield _event("fault", error.body(), number)
                return


async def _message(services: Services, query: LiveQuery, number: int) -> ServerSentEventMessage:
    """One event. An engine that is away for a while does not end the stream."""
    try:
        figures = await _figures(services, query)
    except Refusal as error:
        return _event("fault", error.body(), number)
    except EngineError:
        away = {
            "error": {"code": "engine_unavailable", "message": "the engine does not answer", "detail": {}}
        }
        return _event("fault", away, number)
    return _event("live", figures, number)


def _event(name: str, data: object, number: int) -> ServerSentEventMessage:
    return ServerSentEventMessage(
        data=msgspec.json.encode(data).decode(), event=name, id=str(number), retry=RETRY_MS
    )
