"""Views made by hand, stored, and asked about: what the tests of metrics, API and questions share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from firstframe.beacon import view_id_of
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.engine.rows import VIEW_COLUMNS, view_row
from firstframe.metrics.answer import Answer, answer
from firstframe.metrics.query import plan_of, read_question
from firstframe.view.record import Outcome, Span, State, ViewRecord

T = TypeVar("T")

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
NEW_YEAR_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, a Thursday."""
NOW_MS = NEW_YEAR_MS + 30 * DAY_MS
PROJECT = "default"
AT_ONCE = 20
"""Metrics of one question: a long statement takes the engine longer than two short ones."""


def make_view(name: str, start_ms: int = NEW_YEAR_MS, **fields: Any) -> ViewRecord:
    """A closed view of one minute that began then and played, unless the fields say otherwise."""
    project = fields.pop("project", PROJECT)
    usual: dict[str, Any] = {
        "view_start_ms": start_ms,
        "view_end_ms": start_ms + fields.pop("length_ms", MINUTE_MS),
        "closed": True,
        "attempted": True,
        "started": True,
        "outcome": Outcome.EXITED,
    }
    usual.update(fields)
    usual.setdefault("received_first_ms", usual["view_start_ms"])
    usual.setdefault("received_last_ms", usual["view_end_ms"])
    return ViewRecord(
        project=project,
        dialect=usual.pop("dialect", "native"),
        view_id=view_id_of(project, "native", name),
        native_view_id=name,
        **usual,
    )


def spans(start_ms: int, *pieces: tuple[State, int]) -> list[Span]:
    """Spans one after the other, each given by its state and its length."""
    made = []
    for state, length in pieces:
        made.append(Span(state, start_ms, start_ms + length))
        start_ms += length
    return made


def store(engine: Engine, records: Sequence[ViewRecord], version: int = 1) -> None:
    """Write the rows of some views."""
    rows = [view_row(record, version, record.received_first_ms // HOUR_MS * 3600) for record in records]
    engine.insert("views", VIEW_COLUMNS, rows)


def wait(engine: Engine, call: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Run something that wants an asynchronous engine on this one."""
    wrapped = AsyncEngine(engine, threads=2)

    async def run() -> T:
        return await call(wrapped)

    try:
        return asyncio.run(run())
    finally:
        wrapped._threads.shutdown()


def ask(engine: Engine, *, project: str = PROJECT, now_ms: int = NOW_MS, **question: Any) -> Answer:
    """The answer to a question; by default about all of the month before `NOW_MS`."""
    question.setdefault("from", NEW_YEAR_MS - 2 * DAY_MS)
    question.setdefault("to", NOW_MS)
    plan = plan_of(read_question(question), project, now_ms)
    return wait(engine, lambda wrapped: answer(wrapped, plan, None))


def values(engine: Engine, metrics: Sequence[str], **question: Any) -> dict[str, Any]:
    """The same for many metrics, in few questions."""
    found: dict[str, Any] = {}
    for start in range(0, len(metrics), AT_ONCE):
        (row,) = ask(engine, metrics=metrics[start : start + AT_ONCE], **question).data
        found |= {name: row[name] for name in metrics[start : start + AT_ONCE]}
    return found


def value(engine: Engine, metric: str, **question: Any) -> Any:
    """The one number that answers a question for one metric."""
    (row,) = ask(engine, metrics=[metric], **question).data
    return row[metric]
