"""Whether views arrive: for each dialect, when the first and the latest of its beacons came."""

from __future__ import annotations

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import epoch_ms
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder
from firstframe.metrics.source import SETTINGS, Statement


class Arrival(msgspec.Struct, frozen=True):
    """When beacons of one dialect were received."""

    first_ms: int
    last_ms: int


async def arrivals(engine: AsyncEngine, project: str) -> dict[str, Arrival]:
    """By dialect; one that never sent is not there. Older versions of a view tell the same, so all are read."""
    binder = Binder()
    sql = (
        "SELECT dialect, min(received_first), max(received_last) FROM views"
        f" WHERE project = {binder.bind(project, 'String')} AND is_deleted = 0 GROUP BY dialect {SETTINGS}"
    )
    rows = (await run(engine, Statement(sql, binder.params))).rows
    return {dialect: Arrival(epoch_ms(first), epoch_ms(last)) for dialect, first, last in rows}
