"""Routes for who keeps it running: is it well, what does it count, what was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from firstframe import __version__
from firstframe.accounts.account import DEFAULT_PROJECT, Token
from firstframe.api.access import PUBLIC, SECRET
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.errors import EngineError, TooMany
from firstframe.metrics.instant import iso, read_instant
from firstframe.metrics.refusal import Refusal, answers_questions, last_rejects
from firstframe.metrics.zone import zone_of

ENGINE_SECONDS = 2
NOBODYS: Mapping[str, Any] = {
    "message": "",
    "detail": {},
    "path": "",
    "origin": None,
    "user_agent": None,
    "sample": "",
}
"""What of a refusal may name a key, a page or a viewer of whoever it was."""


class Health(msgspec.Struct, frozen=True):
    """Whether questions can be answered."""

    status: str
    """``ok``, or ``engine_unavailable``."""
    version: str
    fresh_as_of: str | None


class RefusalLists(msgspec.Struct, frozen=True):
    """What was not used after it was accepted, and what was not accepted."""

    rejects: list[Refusal]
    refused: list[dict[str, Any]]


class RefusalAnswer(msgspec.Struct, frozen=True):
    data: RefusalLists


@get(
    "/v1/health",
    tags=["operation"],
    summary="Is it well?",
    opt={PUBLIC: True},
    security=[],
    response_description="Questions can be answered",
    responses={
        503: ResponseSpec(
            data_container=Health, description="The engine does not answer", generate_examples=False
        )
    },
)
async def get_health(services: NamedDependency[Services]) -> Response[Health]:
    """200 when questions can be answered, else 503. Needs no token and says little."""
    fresh_ms = services.fresh()
    try:
        well = await asyncio.wait_for(answers_questions(services.engine), ENGINE_SECONDS)
    except (EngineError, TimeoutError, TooMany):
        well = False
    fresh = None if fresh_ms is None else iso(fresh_ms)
    health = Health("ok" if well else "engine_unavailable", __version__, fresh)
    return Response(health, status_code=200 if well else 503, media_type=MediaType.JSON)


@get(
    "/metrics",
    tags=["operation"],
    summary="What the server counts of itself, for Prometheus",
    opt={PUBLIC: True},
    security=[],
    media_type=MediaType.TEXT,
    response_description="Prometheus' text format",
)
async def get_prometheus(services: NamedDependency[Services]) -> Response[bytes]:
    """Counters of all roles on this machine; no numbers about views."""
    text = await asyncio.to_thread(generate_latest, services.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8"))


@get(
    "/v1/refusals", tags=["operation"], summary="What was refused", responses=answers(400), opt={SECRET: True}
)
async def get_refusals(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    dialect: Annotated[str | None, QueryParameter(description="only of this dialect")] = None,
    start: Annotated[str, QueryParameter(name="from", description="received from this instant")] = "-24h",
    limit: Annotated[int, QueryParameter(ge=1, le=1_000, description="of each kind at most")] = 50,
) -> RefusalAnswer:
    """Beacons and events that could not be used, and requests that the collector refused, the latest first."""
    since_ms = read_instant(start, "from", services.now_ms(), zone_of("UTC"))
    rejects = await last_rejects(
        services.engine, caller.project, since_ms=since_ms, dialect=dialect, limit=limit
    )
    refused = [_shown(msgspec.to_builtins(one), caller.project) for one in services.refusals()]
    wanted = [
        one
        for one in refused
        if one is not None and one["at_ms"] >= since_ms and dialect in (None, one.get("dialect"))
    ]
    return RefusalAnswer(RefusalLists(rejects, wanted[:limit]))


def _shown(refused: dict[str, Any], project: str) -> dict[str, Any] | None:
    """A refusal of this project; one that belongs to none may be another's, so of it only the kind is told."""
    if refused.get("project") == project or (refused.get("project") is None and project == DEFAULT_PROJECT):
        return refused
    if refused.get("project") is not None:
        return None
    return {**refused, **{name: value for name, value in NOBODYS.items() if name in refused}}
