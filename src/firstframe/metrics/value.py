"""The values that a dimension has had, with how many views had them."""

from __future__ import annotations

from typing import Any

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.dimension import Dimension
from firstframe.metrics.filter import Filter
from firstframe.metrics.source import SETTINGS, Statement, between, views


class ValueCount(msgspec.Struct, frozen=True):
    """One value and the number of views that had it; null is *not known*."""

    value: Any
    views: int


async def values_of(
    engine: AsyncEngine,
    project: str,
    dimension: Dimension,
    *,
    found: Filter,
    start_ms: int,
    end_ms: int,
    search: str,
    limit: int,
    bots: bool,
) -> tuple[list[ValueCount], bool]:
    """The commonest values of views begun in the range, and whether there are more. ``search`` ignores case."""
    binder = Binder()
    expression = dimension.expression(binder)
    held = [between("view_start", start_ms, end_ms, binder)]
    if search:
        text = f"toString({expression})"
        held.append(f"ifNull(positionCaseInsensitiveUTF8({text}, {binder.bind(search, 'String')}) > 0, 0)")
    source = views(binder, project, found, *held, bots=bots, groups=(dimension,))
    sql = (
        f"SELECT {expression} AS found, toInt64(count()) AS number {source} GROUP BY found"
        f" ORDER BY number DESC, found ASC LIMIT {binder.bind(limit + 1, 'Int64')} {SETTINGS}"
    )
    rows = (await run(engine, Statement(sql, binder.params))).rows
    return [ValueCount(value, count) for value, count in rows[:limit]], len(rows) > limit
