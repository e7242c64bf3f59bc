"""Views themselves: what is told of any, and one view with its states and events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import READ_COLUMNS, event_from, record_from
from firstframe.errors import NotFound
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.source import SETTINGS, Statement
from firstframe.view.derived import derive
from firstframe.view.record import ViewRecord


async def one_view(engine: AsyncEngine, project: str, view_id: str) -> dict[str, Any]:
    """A view with its states and events. Raises `NotFound`."""
    binder = Binder()
    sql = (
        f"SELECT {listed(READ_COLUMNS)} FROM views FINAL WHERE project = {binder.bind(project, 'String')}"
        f" AND view_id = {binder.bind(view_id, 'String')} LIMIT 1 {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    if not found.rows:
        raise NotFound(
            f"there is no view {view_id[:64]!r} in this project", parameter="view_id", got=view_id[:64]
        )
    record = record_from(found.columns, found.rows[0])
    key = dict(zip(found.columns, found.rows[0], strict=True))["view_key"]
    shown = view_json(record)
    shown["states"] = [
        {"state": span.state.value, "start_ms": span.start_ms, "end_ms": span.end_ms} for span in record.spans
    ]
    shown["events"] = await _events(engine, project, key)
    return shown


def view_json(record: ViewRecord) -> dict[str, Any]:
    """A record as callers read it: its fields, and the numbers that follow from them."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    del fields["spans"]
    return {**derive(record), **fields}


def listed(columns: Iterable[str]) -> str:
    """Columns as they stand in a SELECT, in an order that is always the same."""
    return ", ".join(f"`{column}`" for column in sorted(columns))


async def _events(engine: AsyncEngine, project: str, view_key: str) -> list[dict[str, Any]]:
    binder = Binder()
    sql = (
        "SELECT native_view_id, event_key, seq, at, received_at, name, context, payload FROM events FINAL"
        f" WHERE project = {binder.bind(project, 'String')} AND view_key = {binder.bind(view_key, 'String')}"
        f" ORDER BY at, seq, event_key {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    events = (event_from(dict(zip(found.columns, row, strict=True))) for row in found.rows)
    return [msgspec.to_builtins(event) for event in events]
