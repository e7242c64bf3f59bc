"""Routes that group what was seen: errors by code and message, and the audience over a video's length."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from firstframe.accounts.account import Token
from firstframe.api.access import SECRET, check_dimensions
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.metrics.audience import Audience, audience
from firstframe.metrics.error import Errors, errors
from firstframe.metrics.filter import Filter, read_filters, speaks_of_bots
from firstframe.metrics.instant import read_range
from firstframe.metrics.zone import zone_of


class Asked(msgspec.Struct, frozen=True):
    """The views that a call is about."""

    found: Filter
    start_ms: int
    end_ms: int
    bots: bool


def asked(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    filters: Annotated[list[str] | None, QueryParameter(description="dimension:op:value, repeatable")] = None,
    start: Annotated[str, QueryParameter(name="from", description="from this instant")] = "-24h",
    end: Annotated[str, QueryParameter(name="to", description="before this instant")] = "now",
    timezone: Annotated[str, QueryParameter(description="IANA name, for instants without an offset")] = "UTC",
    include_bots: Annotated[bool, QueryParameter(description="robots too")] = False,
) -> Asked:
    """What the query string names; robots are counted too where a filter speaks of them."""
    start_ms, end_ms = read_range(start, end, services.now_ms(), zone_of(timezone))
    found = read_filters(filters or [])
    check_dimensions(caller, found)
    return Asked(found, start_ms, end_ms, include_bots or speaks_of_bots(found))


ASKED = {"views": Provide(asked, sync_to_thread=False)}


class ErrorAnswer(msgspec.Struct, frozen=True):
    data: Errors


class AudienceAnswer(msgspec.Struct, frozen=True):
    data: Audience


@get(
    "/v1/errors",
    tags=["numbers"],
    summary="Errors by code and message",
    responses=answers(400),
    dependencies=ASKED,
    opt={SECRET: True},
)
async def get_errors(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    views: NamedDependency[SkipValidation[Asked]],
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="groups")] = 100,
) -> ErrorAnswer:
    """Messages that differ only in numbers, ids and addresses are one; each group says which filters find its views."""
    with services.seconds.labels("errors").time():
        return ErrorAnswer(
            await errors(services.engine, caller.project, limit=limit, **msgspec.structs.asdict(views))
        )


@get(
    "/v1/audience",
    tags=["numbers"],
    summary="The audience over a video's length",
    responses=answers(400),
    dependencies=ASKED,
)
async def get_audience(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    views: NamedDependency[SkipValidation[Asked]],
) -> AudienceAnswer:
    """For each hundredth: plays that watched some of it, where that is told, and plays that came so far."""
    with services.seconds.labels("audience").time():
        return AudienceAnswer(
            await audience(services.engine, caller.project, **msgspec.structs.asdict(views))
        )
