"""Questions asked of the engine, and its rows as the answer that callers read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firstframe.engine.client import AsyncEngine, Rows
from firstframe.errors import BadRequest, EngineError
from firstframe.metrics.branch import Column
from firstframe.metrics.compile import compile_plan, keys_of, totals_of
from firstframe.metrics.instant import iso
from firstframe.metrics.query import Plan
from firstframe.metrics.source import SETTINGS, Statement

BAD_PATTERN = 427
"""ClickHouse's code for a regular expression that RE2 does not take."""
TIMEOUTS = (159, 160)
TOO_MUCH = (241, 307, 396)


class Meta(msgspec.Struct, frozen=True, rename={"from_": "from"}, kw_only=True):
    """What is to be known about an answer."""

    from_: str
    to: str
    granularity: str
    timezone: str
    row_count: int
    truncated: bool
    """There were more rows, or more groups, than asked for."""
    fresh_as_of: str | None
    """Everything received up to this instant is in the answer; null when not known."""
    units: dict[str, str]
    compared_from: str | None = None
    compared_to: str | None = None
    totals: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """Rows keyed by what was asked for, and what is to be known about them."""

    data: list[dict[str, Any]]
    meta: Meta


async def run(engine: AsyncEngine, statement: Statement) -> Rows:
    """The engine's rows. A pattern that cannot be compiled, or a question that is too big, is the caller's to mend."""
    try:
        return await engine.query(statement.sql, statement.params)
    except EngineError as error:
        raise told(error) from error


def told(error: EngineError) -> EngineError | BadRequest:
    """The engine's complaint as the caller's, where it is theirs."""
    if error.code == BAD_PATTERN:
        return BadRequest(
            "filters has a pattern for matches that is no RE2 regular expression",
            parameter="filters",
            got=str(error)[:300],
            allowed="RE2 syntax",
        )
    if error.code in (*TIMEOUTS, *TOO_MUCH):
        return BadRequest(
            "the question is too big to be answered within the limits of time and memory",
            code="too_big",
            parameter="from",
            got=str(error)[:300],
            allowed="a shorter range, a coarser granularity, fewer groups, or quantiles and uniques=sketched",
        )
    return error


async def answer(engine: AsyncEngine, plan: Plan, fresh_ms: int | None) -> Answer:
    """The answer to a question, with its totals where they are asked for."""
    wanted = [run(engine, compile_plan(plan, rows=plan.limit + 1))]
    if plan.totals:
        wanted.append(run(engine, compile_plan(totals_of(plan), rows=1)))
    found = await asyncio.gather(*wanted)
    more = len(found[0].rows) > plan.limit
    data = shaped(keys_of(plan), found[0].rows[: plan.limit])
    totals = shaped(keys_of(totals_of(plan)), found[1].rows)[0] if plan.totals else None
    truncated = more or await _groups_left_out(engine, plan)
    return Answer(data, meta_of(plan, len(data), fresh_ms, truncated=truncated, totals=totals))


async def raw_answer(engine: AsyncEngine, plan: Plan) -> tuple[bytes, bool]:
    """The answer as Arrow or Parquet, made by the engine, and whether it was cut."""
    statement = compile_plan(plan, named=True)
    more = compile_plan(plan, rows=plan.limit + 1)
    counted = Statement(f"SELECT count() FROM ({more.sql.removesuffix(SETTINGS)}) {SETTINGS}", more.params)
    try:
        body, count = await asyncio.gather(
            engine.raw(statement.sql, statement.params, _FORMATS[plan.format]),
            engine.query(counted.sql, counted.params),
        )
    except EngineError as error:
        raise told(error) from error
    return body, count.rows[0][0] > plan.limit or await _groups_left_out(engine, plan)


_FORMATS: Mapping[str, str] = {"arrow": "ArrowStream", "parquet": "Parquet"}


def meta_of(
    plan: Plan, row_count: int, fresh_ms: int | None, *, truncated: bool, totals: dict[str, Any] | None = None
) -> Meta:
    """What is to be known about the answer to a plan."""
    length = plan.end_ms - plan.start_ms
    return Meta(
        from_=iso(plan.start_ms),
        to=iso(plan.end_ms),
        granularity=plan.granularity.value,
        timezone=plan.zone,
        row_count=row_count,
        truncated=truncated,
        fresh_as_of=None if fresh_ms is None else iso(fresh_ms),
        units={measure.key: measure.metric.unit for measure in plan.measures},
        compared_from=iso(plan.start_ms - length) if plan.compare else None,
        compared_to=iso(plan.start_ms) if plan.compare else None,
        totals=totals,
    )


def shaped(keys: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as objects; ``time`` as text."""
    data = [dict(zip(keys, row, strict=True)) for row in rows]
    if keys and keys[0] == "time":
        for row in data:
            row["time"] = iso(row["time"])
    return data


async def _groups_left_out(engine: AsyncEngine, plan: Plan) -> bool:
    """Whether `group_limit` kept some groups out."""
    if plan.group_limit is None:
        return False
    # Which groups there are depends on where views are placed, not on what is measured of them.
    placed = {Column(one.key, one).placement: one for one in reversed(plan.measures)}
    every = msgspec.structs.replace(
        totals_of(plan), groups=plan.groups, measures=tuple(placed.values()), weights=False, totals=False
    )
    found = await run(engine, compile_plan(every, rows=plan.group_limit + 1))
    return len(found.rows) > plan.group_limit
