"""The route that answers questions, as JSON, CSV, Arrow or Parquet."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency

from firstframe.accounts.account import Token
from firstframe.api.access import check_dimensions
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.errors import BadRequest, TooLarge
from firstframe.metrics.answer import Answer, answer, raw_answer
from firstframe.metrics.compile import keys_of
from firstframe.metrics.instant import iso
from firstframe.metrics.query import Question, plan_of, question_of, read_question
from firstframe.metrics.table import to_csv

MOST_BODY_BYTES = 1_000_000
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
ANSWERED = "The answer; as JSON `{data, meta}`, else a table, with what matters of `meta` in `X-Firstframe-*` headers"


@get(
    "/v1/query",
    tags=["numbers"],
    summary="Ask a question",
    response_description=ANSWERED,
    responses=answers(400),
)
async def ask(
    request: Request[Any, Any, Any], services: NamedDependency[Services], caller: NamedDependency[Token]
) -> Response[Answer]:
    """Metrics by dimensions over time. Lists are comma-separated or repeated; ``filters`` is repeated."""
    params = request.query_params
    return await _answer(question_of({name: params.getall(name) for name in params}), services, caller)


@post(
    "/v1/query",
    tags=["numbers"],
    summary="Ask a question with a body",
    status_code=200,
    response_description=ANSWERED,
    responses=answers(400, 413),
)
async def ask_with_body(
    request: Request[Any, Any, Any], services: NamedDependency[Services], caller: NamedDependency[Token]
) -> Response[Answer]:
    """The same question as JSON, where filters may be a tree of and, or, not."""
    return await _answer(read_question(await read_json(request)), services, caller)


async def read_json(request: Request[Any, Any, Any]) -> Any:
    """The decoded body. Raises `BadRequest`, `TooLarge`."""
    body = await request.body()
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge(
            f"the body has {len(body)} bytes, {MOST_BODY_BYTES} are allowed",
            got=len(body),
            allowed=MOST_BODY_BYTES,
        )
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(
            f"the body is no JSON: {error}", parameter="the body", got=str(error), allowed="a JSON object"
        ) from error


async def _answer(question: Question, services: Services, caller: Token) -> Response[Any]:
    plan = plan_of(question, caller.project, services.now_ms())
    check_dimensions(caller, plan.filter, plan.groups)
    fresh_ms = services.fresh()
    with services.seconds.labels("query").time():
        if plan.format in ("arrow", "parquet"):
            body, cut = await raw_answer(services.engine, plan)
            return _table(plan.format, body, truncated=cut, fresh_ms=fresh_ms)
        found = await answer(services.engine, plan, fresh_ms)
    if plan.format == "csv":
        body = to_csv(keys_of(plan), found.data)
        return _table("csv", body, truncated=found.meta.truncated, fresh_ms=fresh_ms)
    return Response(found, media_type=MediaType.JSON)


def _table(kind: str, body: bytes, *, truncated: bool, fresh_ms: int | None) -> Response[bytes]:
    extension = {"arrow": "arrows"}.get(kind, kind)
    headers = {
        "Content-Disposition": f'attachment; filename="firstframe.{extension}"',
        "X-Firstframe-Truncated": "true" if truncated else "false",
        "X-Content-Type-Options": "nosniff",
    }
    if fresh_ms is not None:
        headers["X-Firstframe-Fresh-As-Of"] = iso(fresh_ms)
    return Response(body, media_type=MEDIA_TYPES[kind], headers=headers)
