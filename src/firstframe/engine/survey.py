"""What a fold worker asks of the engine as a whole: the refold epoch, and which native views there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from firstframe.engine.client import Engine

EPOCH_SHIFT = 48
"""A row's version is (refold epoch, journal position): the epoch is its upper 16 bits."""


class NativeView(msgspec.Struct, frozen=True):
    """A native view by all its names."""

    key: str
    project: str
    dialect: str
    native_view_id: str


_EPOCH = f"SELECT toUInt64(bitShiftRight(max(version), {EPOCH_SHIFT})) FROM views"
_OPEN = """
SELECT DISTINCT view_key, project, dialect, native_view_id
FROM views FINAL
WHERE NOT closed
"""
_DAYS = """
SELECT DISTINCT toUnixTimestamp64Milli(toStartOfDay(received_at)::DateTime64(3, 'UTC')) AS day
FROM events
WHERE received_at >= {since:DateTime64(3, 'UTC')} AND received_at < {until:DateTime64(3, 'UTC')}
ORDER BY day
"""
_STORED = """
SELECT view_key, any(project), any(dialect), any(native_view_id)
FROM events
WHERE received_at >= {since:DateTime64(3, 'UTC')}
  AND received_at < {until:DateTime64(3, 'UTC')}
  AND (dialect = {dialect:String} OR {dialect:String} = '')
  AND view_key > {after:String}
GROUP BY view_key
ORDER BY view_key
LIMIT {limit:UInt32}
"""


def epoch_of(engine: Engine) -> int:
    """The latest refold epoch among the stored rows, 0 before the first refold."""
    return int(engine.query(_EPOCH).rows[0][0])


def open_views(engine: Engine) -> Sequence[NativeView]:
    """The native views that have a row which is not closed."""
    return [NativeView(*row) for row in engine.query(_OPEN).rows]


def stored_days(engine: Engine, since_ms: int, until_ms: int) -> Sequence[int]:
    """The days (UTC, when each begins) with events received in a range, in order."""
    params = {"since": _instant(since_ms), "until": _instant(until_ms)}
    return [day for (day,) in engine.query(_DAYS, params).rows]


def stored_views(
    engine: Engine, since_ms: int, until_ms: int, *, dialect: str = "", after: str = "", limit: int = 500
) -> Sequence[NativeView]:
    """A page of the native views with events received in a range, by key; ``after`` is the last key seen."""
    params = {
        "since": _instant(since_ms),
        "until": _instant(until_ms),
        "dialect": dialect,
        "after": after,
        "limit": limit,
    }
    return [NativeView(*row) for row in engine.query(_STORED, params).rows]


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
