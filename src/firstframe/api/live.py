"""What is happening now, once or as a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation
from litestar.response import ServerSentEvent, ServerSentEventMessage

from firstframe.accounts.account import Token
from firstframe.api.access import check_dimensions
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.errors import EngineError, Refusal, Unavailable
from firstframe.metrics.dimension import find_groups, split_names
from firstframe.metrics.filter import read_filters, speaks_of_bots
from firstframe.metrics.live import MOST_GROUPS, USUAL_MINUTES, LiveAnswer, LiveQuery, live

TICK_SECONDS = 0.25
"""How soon a stream notices that the server is to stop."""

RETRY_MS = 3_000
"""When a stream that broke is asked for again."""

Again = Callable[[], Awaitable[object]]
"""Asks anew who the caller is. Raises `Refusal` when it is nobody any more."""


def asked(
    caller: NamedDependency[Token],
    group_by: Annotated[
        list[str] | None, QueryParameter(description="dimensions, comma-separated or repeated")
    ] = None,
    filters: Annotated[list[str] | None, QueryParameter(description="dimension:op:value, repeatable")] = None,
    minutes: Annotated[
        int, QueryParameter(ge=1, le=60, description="what *the last minutes* are")
    ] = USUAL_MINUTES,
    include_bots: Annotated[bool, QueryParameter(description="robots too")] = False,
    limit: Annotated[
        int,
        QueryParameter(ge=1, le=MOST_GROUPS, description="at most so many groups, the most watching first"),
    ] = 100,
) -> LiveQuery:
    """What the query string asks; robots are counted too where a filter or a group speaks of them."""
    found = read_filters(filters or [])
    groups = find_groups(split_names(group_by or []))
    check_dimensions(caller, found, groups)
    return LiveQuery(
        project=caller.project,
        filter=found,
        groups=groups,
        minutes=minutes,
        bots=include_bots or speaks_of_bots(found, groups),
        limit=limit,
    )


ASKED = {"wanted": Provide(asked, sync_to_thread=False)}


@get(
    "/v1/live/now",
    tags=["live"],
    summary="Live figures, once",
    responses=answers(400),
    dependencies=ASKED,
)
async def get_now(
    services: NamedDependency[Services], wanted: NamedDependency[SkipValidation[LiveQuery]]
) -> LiveAnswer:
    """Who is watching, and how the last minutes went."""
    return await _figures(services, wanted)


@get(
    "/v1/live",
    tags=["live"],
    summary="Live figures, as a stream",
    media_type="text/event-stream",
    response_description="Events `live` with the JSON of `/v1/live/now`; `fault` when one could not be made",
    responses=answers(400),
    dependencies=ASKED,
)
async def get_live(
    request: Request[Token, Again, Any],
    services: NamedDependency[Services],
    wanted: NamedDependency[SkipValidation[LiveQuery]],
    interval: Annotated[float, QueryParameter(ge=1, le=60, description="seconds between events")] = 3,
) -> ServerSentEvent:
    """The first at once, then one each ``interval`` seconds, for as long as the token is good."""
    services.turns.check_streams(wanted.project)
    return ServerSentEvent(_stream(services, wanted, interval, request.auth))


async def _figures(services: Services, query: LiveQuery) -> LiveAnswer:
    fresh_ms = services.fresh()
    with services.seconds.labels("live").time():
        return await live(services.engine, query, services.now_ms(), fresh_ms)


async def _stream(
    services: Services, query: LiveQuery, interval: float, again: Again
) -> AsyncIterator[ServerSentEventMessage]:
    with services.turns.streaming(query.project):
        while not services.stopping():
            yield await _message(services, query)
            for _ in range(max(1, round(interval / TICK_SECONDS))):
                if services.stopping():
                    return
                await asyncio.sleep(TICK_SECONDS)
            try:
                await again()
            except Unavailable:
                continue  # nobody can say now
            except Refusal as error:
                yield _event("fault", error.body())
                return


async def _message(services: Services, query: LiveQuery) -> ServerSentEventMessage:
    """One event. An engine that is away for a while does not end the stream."""
    try:
        figures = await _figures(services, query)
    except Refusal as error:
        return _event("fault", error.body())
    except EngineError:
        away = {
            "error": {"code": "engine_unavailable", "message": "the engine does not answer", "detail": {}}
        }
        return _event("fault", away)
    return _event("live", figures)


def _event(name: str, data: object) -> ServerSentEventMessage:
    """Without an id: a client that comes back has missed nothing that it could ask for."""
    return ServerSentEventMessage(data=msgspec.json.encode(data).decode(), event=name, retry=RETRY_MS)
