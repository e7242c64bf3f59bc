"""What could not be used lately: beacons and events of this project, each with its reason."""

from __future__ import annotations

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.migrate import migration_count
from firstframe.engine.rows import epoch_ms
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.source import SETTINGS, Statement, instant


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was not used, with a sample of it."""

    received_at_ms: int
    dialect: str
    reason: str
    message: str
    sample: str


async def last_rejects(
    engine: AsyncEngine, project: str, *, since_ms: int, dialect: str | None = None, limit: int = 100
) -> list[Refusal]:
    """The latest first."""
    binder = Binder()
    held = [
        f"project = {binder.bind(project, 'String')}",
        f"received_at >= {instant(since_ms, binder)}",
    ]
    if dialect:
        held.append(f"dialect = {binder.bind(dialect, 'String')}")
    sql = (
        f"SELECT received_at, dialect, reason, message, sample FROM rejects WHERE {' AND '.join(held)}"
        f" ORDER BY received_at DESC LIMIT {binder.bind(limit, 'Int64')} {SETTINGS}"
    )
    rows = (await run(engine, Statement(sql, binder.params))).rows
    return [
        Refusal(received_at_ms=epoch_ms(at), dialect=dialect, reason=reason, message=message, sample=sample)
        for at, dialect, reason, message, sample in rows
    ]


async def answers_questions(engine: AsyncEngine) -> bool:
    """Whether the engine is there and has its tables, as this version wants them. Raises `EngineError`."""
    (row,) = (await engine.query("SELECT uniqExact(number) FROM migrations")).rows
    return bool(row[0] >= migration_count())
