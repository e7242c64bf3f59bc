"""What is already stored of some views: their events for a fold, and the rows that were written of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from firstframe.beacon import Event
from firstframe.engine.client import Engine
from firstframe.engine.rows import READ_COLUMNS, column_text, event_from, record_from
from firstframe.engine.survey import NativeView
from firstframe.view.record import ViewRecord

_AT_ONCE = 1000
"""Views asked for in one statement."""

_EVENTS = """
SELECT view_key, native_view_id, event_key, seq, at, received_at, name, context, payload
FROM events FINAL
WHERE view_key IN {keys:Array(String)}
ORDER BY view_key, received_at, event_key
"""
_COUNTS = """
SELECT view_key, uniqExact(event_key)
FROM events
WHERE view_key IN {keys:Array(String)}
GROUP BY view_key
"""
# Without FINAL: a tombstone's hour is wanted too, because a view that comes back must use it again.
# The native id has the index; only what it finds is worth a hash.
_HEADS = """
SELECT
    view_id,
    argMax(view_key, version) AS key,
    argMax(ordinal, version) AS place,
    argMax(first_hour, version) AS hour,
    max(version) AS latest,
    argMax(is_deleted, version) AS gone,
    toUnixTimestamp64Milli(argMax(received_first, version)) AS received
FROM
(
    SELECT view_id, view_key, ordinal, first_hour, version, is_deleted, received_first
    FROM views
    PREWHERE native_view_id IN {natives:Array(String)}
    WHERE view_key IN {keys:Array(String)}
)
GROUP BY view_id
ORDER BY key, place
"""
_ROWS = f"""
SELECT {", ".join(f"`{column}`" for column in READ_COLUMNS)}
FROM views FINAL
WHERE native_view_id IN {{natives:Array(String)}} AND view_key IN {{keys:Array(String)}}
ORDER BY ordinal
"""


class Head(msgspec.Struct, frozen=True):
    """What the next version of a row must know of the last one."""

    view_id: str
    view_key: str
    ordinal: int
    first_hour: int
    """Epoch seconds; part of the row's identity, so every later version uses it again."""
    version: int
    is_deleted: bool
    received_first_ms: int


def load_events(engine: Engine, view_keys: Sequence[str]) -> dict[str, list[Event]]:
    """Every stored event of these views, each delivery once; views without events are not in it."""
    found: dict[str, list[Event]] = {}
    for keys in _parts(view_keys):
        answer = engine.query(_EVENTS, {"keys": keys})
        for row in answer.rows:
            found.setdefault(row[0], []).append(event_from(dict(zip(answer.columns, row, strict=True))))
    return found


def count_events(engine: Engine, view_keys: Sequence[str]) -> dict[str, int]:
    """How many events are stored of each of these views, each delivery once; views without events are not in it."""
    return {
        key: count for keys in _parts(view_keys) for key, count in engine.query(_COUNTS, {"keys": keys}).rows
    }


def load_heads(engine: Engine, names: Sequence[NativeView]) -> dict[str, list[Head]]:
    """The rows written of these native views, tombstones included, by key and ordinal."""
    found: dict[str, list[Head]] = {}
    for params in _named(names):
        for view_id, view_key, ordinal, hour, version, is_deleted, received_ms in engine.query(
            _HEADS, params
        ).rows:
            head = Head(view_id, view_key, ordinal, _seconds(hour), version, bool(is_deleted), received_ms)
            found.setdefault(view_key, []).append(head)
    return found


def load_rows(engine: Engine, names: Sequence[NativeView]) -> dict[str, list[ViewRecord]]:
    """The rows themselves, as they stand in the table, by key and ordinal."""
    found: dict[str, list[ViewRecord]] = {}
    for params in _named(names):
        answer = engine.query(_ROWS, params)
        key_at = answer.columns.index("view_key")
        for row in answer.rows:
            found.setdefault(row[key_at], []).append(record_from(answer.columns, row))
    return found


def _named(names: Iterable[NativeView]) -> Iterator[dict[str, list[str]]]:
    """The parameters that find the rows of native views, so many views at once."""
    native_of = {name.key: column_text(name.native_view_id) for name in names}
    for keys in _parts(native_of):
        yield {"keys": keys, "natives": [native_of[key] for key in keys]}


def _parts(view_keys: Iterable[str]) -> Iterator[list[str]]:
    unique = sorted(set(view_keys))
    for start in range(0, len(unique), _AT_ONCE):
        yield unique[start : start + _AT_ONCE]


def _seconds(instant: datetime) -> int:
    return int(instant.replace(tzinfo=instant.tzinfo or UTC).timestamp())
