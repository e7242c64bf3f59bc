"""Routes that group what was seen: errors by code and message, and the audience over a video's length."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from firstframe.accounts.account import Token
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.errors import BadRequest
from firstframe.metrics.audience import Audience, audience
from firstframe.metrics.error import Errors, errors
from firstframe.metrics.filter import Filter, conditions, read_filters
from firstframe.metrics.instant import read_instant
from firstframe.metrics.zone import zone_of

Filters = Annotated[list[str] | None, QueryParameter(description="dimension:op:value, repeatable")]
Start = Annotated[str, QueryParameter(name="from", description="from this instant")]
End = Annotated[str, QueryParameter(name="to", description="before this instant")]
Zone = Annotated[str, QueryParameter(description="IANA name, for instants without an offset")]
Bots = Annotated[bool, QueryParameter(description="robots too")]


class ErrorAnswer(msgspec.Struct, frozen=True):
    data: Errors


class AudienceAnswer(msgspec.Struct, frozen=True):
    data: Audience


@get("/v1/errors", tags=["numbers"], summary="Errors by code and message", responses=answers(400))
async def get_errors(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    filters: Filters = None,
    start: Start = "-24h",
    end: End = "now",
    timezone: Zone = "UTC",
    include_bots: Bots = False,
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="groups")] = 100,
) -> ErrorAnswer:
    """Messages that differ only in numbers, ids and addresses are one; each group says which filters find its views."""
    start_ms, end_ms, found = _range(services, start, end, timezone, filters)
    with services.seconds.labels("errors").time():
        return ErrorAnswer(
            await errors(
                services.engine,
                caller.project,
                found=found,
                start_ms=start_ms,
                end_ms=end_ms,
                limit=limit,
                bots=include_bots or _speaks_of_bots(found),
            )
        )


@get("/v1/audience", tags=["numbers"], summary="The audience over a video's length", responses=answers(400))
async def get_audience(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    filters: Filters = None,
    start: Start = "-24h",
    end: End = "now",
    timezone: Zone = "UTC",
    include_bots: Bots = False,
) -> AudienceAnswer:
    """For each hundredth: plays that watched some of it, where that is told, and plays that came so far."""
    start_ms, end_ms, found = _range(services, start, end, timezone, filters)
    with services.seconds.labels("audience").time():
        return AudienceAnswer(
            await audience(
                services.engine,
                caller.project,
                found=found,
                start_ms=start_ms,
                end_ms=end_ms,
                bots=include_bots or _speaks_of_bots(found),
            )
        )


def _range(
    services: Services, start: str, end: str, timezone: str, filters: list[str] | None
) -> tuple[int, int, Filter]:
    zone, now_ms = zone_of(timezone), services.now_ms()
    start_ms, end_ms = read_instant(start, "from", now_ms, zone), read_instant(end, "to", now_ms, zone)
    if start_ms >= end_ms:
        raise BadRequest("from must be before to", parameter="from", got=[start, end], allowed="from < to")
    return start_ms, end_ms, read_filters(filters or [])


def _speaks_of_bots(found: Filter) -> bool:
    return any(one.dimension.id == "bot" for one in conditions(found))
