"""How far the fold workers are, told where everybody can read it: next to what they have made visible."""

from __future__ import annotations

from datetime import UTC, datetime

from firstframe.engine.client import Engine

_COLUMNS = ("partitions", "partition", "fresh_as_of")
_FRESH = """
SELECT count(), toUnixTimestamp64Milli(min(fresh_as_of))
FROM (SELECT argMax(fresh_as_of, told_at) AS fresh_as_of FROM progress WHERE partitions = {of:UInt16} GROUP BY partition)
"""


def put_fresh_as_of(engine: Engine, partition: int, partitions: int, fresh_as_of_ms: int) -> None:
    """Everything of this partition that was accepted before that instant can be seen. Raises `EngineError`."""
    at = datetime.fromtimestamp(fresh_as_of_ms / 1000, UTC)
    engine.insert("progress", _COLUMNS, [(partitions, partition, at)])


def fresh_as_of_ms(engine: Engine, partitions: int) -> int | None:
    """What all workers of so many partitions have reached; None before each has told. Raises `EngineError`."""
    told, fresh_ms = engine.query(_FRESH, {"of": partitions}).rows[0]
    return int(fresh_ms) if told == partitions else None
