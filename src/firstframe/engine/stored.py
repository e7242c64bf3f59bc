"""What is already stored of some views: their events for a fold, and the rows that were written of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from firstframe.beacon import Event
from firstframe.engine.client import Engine
from firstframe.engine.rows import READ_COLUMNS, column_text, event_from, record_from
from firstframe.engine.survey import NativeView
from firstframe.errors import EngineError
from firstframe.view.record import ViewRecord

_AT_ONCE = 1000
"""Views asked for in one statement."""
_EVENTS_AT_ONCE = 500
"""Views whose events are asked for in one statement: events are many times as many."""
LOAD_BYTES = 128 * 2**20
"""Most that one statement may bring. A view with more than that is not loaded."""
_TOO_MUCH = frozenset({241, 396})
"""ClickHouse's codes for a statement that needs too much memory, or brings more than it may."""

_EVENTS = """
SELECT view_key, native_view_id, event_key, seq, at, received_at, name, context, payload
FROM events FINAL
WHERE view_key IN {keys:Array(String)}
ORDER BY view_key, at, event_key
LIMIT {most:UInt32} BY view_key
"""
_FIRST_RECEIPTS = """
SELECT view_key, toUnixTimestamp64Milli(min(received_at))
FROM events
WHERE view_key IN {keys:Array(String)}
GROUP BY view_key
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
    argMax(closed, version) AS over,
    toUnixTimestamp64Milli(argMax(received_first, version)) AS received
FROM
(
    SELECT view_id, view_key, ordinal, first_hour, version, is_deleted, closed, received_first
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
    closed: bool
    received_first_ms: int


class Portion(msgspec.Struct):
    """What is stored of some views: as many of them as are loaded at once."""

    keys: Sequence[str]
    """The views asked for, those without events too."""
    events: dict[str, list[Event]] = {}
    weights: dict[str, int] = {}
    """Bytes of the events' payloads, by view."""
    received_first_ms: dict[str, int] = {}
    """The first receipt of views that have more events than were loaded."""


def load_portions(
    engine: Engine, view_keys: Iterable[str], most_events: int, leave: Callable[[str, EngineError], None]
) -> Iterator[Portion]:
    """The stored events of these views, as much at a time as memory holds, each delivery once.

    Of a view with more than ``most_events`` come the earliest by client time and one more, which tells that there are
    more. A view that is too much even alone is left out and told to ``leave``: it must not keep all others waiting.
    """
    for keys in _parts(view_keys, _EVENTS_AT_ONCE):
        yield from _portions(engine, keys, most_events, leave)


def _portions(
    engine: Engine, keys: Sequence[str], most_events: int, leave: Callable[[str, EngineError], None]
) -> Iterator[Portion]:
    """The same, asked for at once; what is too much together is halved, down to one view."""
    found = _try(engine, keys, most_events)
    if isinstance(found, Portion):
        yield found
    elif len(keys) == 1:
        leave(keys[0], found)
    else:
        middle = len(keys) // 2
        for half in (keys[:middle], keys[middle:]):
            yield from _portions(engine, half, most_events, leave)


def _try(engine: Engine, keys: Sequence[str], most_events: int) -> Portion | EngineError:
    """The events of these views, or the error that says they are too much."""
    try:
        return _load(engine, keys, most_events)
    except EngineError as error:
        if error.code in _TOO_MUCH:
            return error
        raise


def _load(engine: Engine, keys: Sequence[str], most_events: int) -> Portion:
    found = Portion(keys)
    answer = engine.query(
        _EVENTS,
        {"keys": keys, "most": most_events + 1},
        settings={"max_result_bytes": LOAD_BYTES, "result_overflow_mode": "throw"},
    )
    for row in answer.rows:
        found.events.setdefault(row[0], []).append(event_from(dict(zip(answer.columns, row, strict=True))))
        found.weights[row[0]] = found.weights.get(row[0], 0) + len(row[-1])
    crowded = [key for key, events in found.events.items() if len(events) > most_events]
    if crowded:
        receipts = engine.query(_FIRST_RECEIPTS, {"keys": crowded}).rows
        found.received_first_ms = {key: int(received_ms) for key, received_ms in receipts}
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
        for view_id, view_key, ordinal, hour, version, is_deleted, closed, received_ms in engine.query(
            _HEADS, params
        ).rows:
            head = Head(
                view_id,
                view_key,
                ordinal,
                _seconds(hour),
                version,
                bool(is_deleted),
                bool(closed),
                received_ms,
            )
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


def _parts(view_keys: Iterable[str], most: int = _AT_ONCE) -> Iterator[list[str]]:
    unique = sorted(set(view_keys))
    for start in range(0, len(unique), most):
        yield unique[start : start + most]


def _seconds(instant: datetime) -> int:
    return int(instant.replace(tzinfo=instant.tzinfo or UTC).timestamp())
