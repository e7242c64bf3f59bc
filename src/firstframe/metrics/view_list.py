"""A list of views, filtered and ordered, page by page.

The table holds some versions of a view until the engine has merged them. To know every view's last version takes as long
as reading the whole range; so a page is first looked for among all rows, and then only its views are read as they are now.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import READ_COLUMNS, SPAN_COLUMNS, id_parts, record_from
from firstframe.errors import BadRequest
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder, Type
from firstframe.metrics.dimension import FILTERABLE, Dimension, unknown
from firstframe.metrics.filter import Filter, read_filters
from firstframe.metrics.instant import read_instant, read_range
from firstframe.metrics.source import SETTINGS, Statement, between, views
from firstframe.metrics.view import listed, view_json
from firstframe.metrics.zone import zone_of

USUAL_ORDER = "-view_start_ms"
MOST_VIEWS = 1_000
LOOKED_AT = 1_000
"""Rows of whatever version that a page is looked for among: so many the engine finds without sorting the others."""
_NOTHING: Mapping[str, str] = {"number": "0", "flag": "0", "text": "''"}
"""What stands for null in a sort key, by its kind."""
_BOUND: Mapping[type, Type] = {int: "Int64", float: "Float64", str: "String"}
"""How a sort key is bound: a number as the one it is, or the largest would be equal."""


class RowKey(msgspec.Struct, frozen=True, array_like=True):
    """What tells a row of the table from all others of its project, and orders those that are else alike.

    Not its id, which the engine would have to compute for every view that is ordered.
    """

    native_view_id: str
    dialect: str
    ordinal: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a view stands in a list: by the value it is ordered by, and among its equals by its key."""

    is_null: bool
    value: str | float | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    row: RowKey


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended, and in which order."""

    order: str
    position: Position


class ViewQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A checked question for a list of views."""

    project: str
    filter: Filter
    order: Dimension
    descending: bool
    start_ms: int | None
    end_ms: int | None
    limit: int
    after: Position | None
    bots: bool
    placed: Literal["view_start", "view_end"] = "view_start"
    """Which instant of a view lies in the range."""

    @property
    def order_name(self) -> str:
        return f"-{self.order.id}" if self.descending else self.order.id


class ViewPage(msgspec.Struct, frozen=True):
    """Some views, and the cursor of the next page."""

    views: list[dict[str, Any]]
    next: str | None


class _Row(msgspec.Struct, frozen=True):
    """One row of the table: its position, and in which hour it stands (in seconds)."""

    position: Position
    hour: int


def read_view_query(
    project: str,
    now_ms: int,
    *,
    filters: Any = (),
    order_by: str = USUAL_ORDER,
    start: str | None = None,
    end: str | None = None,
    timezone: str = "UTC",
    limit: int = 50,
    cursor: str | None = None,
    bots: bool = True,
) -> ViewQuery:
    """The question checked. Raises `BadRequest` that names the parameter."""
    zone = zone_of(timezone)
    if not 1 <= limit <= MOST_VIEWS:
        raise BadRequest(
            f"limit is {limit}, but 1 to {MOST_VIEWS} is allowed",
            parameter="limit",
            got=limit,
            allowed=f"1 to {MOST_VIEWS}",
        )
    name = order_by.removeprefix("-").removeprefix("+")
    sortable = {key: one for key, one in FILTERABLE.items() if one.kind in _NOTHING and not one.joined}
    if name not in sortable:
        raise unknown("order_by", name, sortable, "any scalar field of the record, with - for descending")
    start_ms, end_ms = _range(start, end, now_ms, zone)
    found = ViewQuery(
        project=project,
        filter=read_filters(list(filters) if isinstance(filters, tuple) else filters),
        order=sortable[name],
        descending=order_by.startswith("-"),
        start_ms=start_ms,
        end_ms=end_ms,
        limit=limit,
        after=None,
        bots=bots,
    )
    return msgspec.structs.replace(found, after=_read_cursor(cursor, found)) if cursor else found


def _range(start: str | None, end: str | None, now_ms: int, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """Each of the two may be left out; where both are given the first must be before the second."""
    if start is not None and end is not None:
        return read_range(start, end, now_ms, zone)
    return (
        None if start is None else read_instant(start, "from", now_ms, zone),
        None if end is None else read_instant(end, "to", now_ms, zone),
    )


async def list_views(engine: AsyncEngine, query: ViewQuery) -> ViewPage:
    """One page of views, each as `view_json` without its states."""
    rows, is_end = _of_enough_views(await _rows(engine, query, versions=True), query)
    # Whatever versions a view has, its last is one of the rows: up to the last row here no view is missed.
    found = await _as_they_are(engine, query, rows, until=None if is_end else rows[-1].position)
    if is_end or len(found) > query.limit:
        ends = [position for position, _ in found[query.limit - 1 :]]
    else:  # most rows were versions that no longer stand
        rows = await _rows(engine, query)
        ends = [row.position for row in rows[query.limit - 1 :]]
        found = await _as_they_are(engine, query, rows[: query.limit], until=ends[0] if ends else None)
    last = _cursor(query, ends[0]) if len(ends) > 1 else None
    return ViewPage([view for _, view in found[: query.limit]], last)


async def skip_views(engine: AsyncEngine, query: ViewQuery, count: int) -> ViewQuery | None:
    """The same question for what stands behind its first ``count`` views; None where there are not so many."""
    if count == 0:
        return query
    binder = Binder()
    sql = (
        f"SELECT {_positioned(query, binder)} {_source(query, binder)}{_ordered(query, binder)}"
        f" LIMIT 1 OFFSET {binder.bind(count - 1, 'Int64')} {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    return msgspec.structs.replace(query, after=_position(found.rows[0])) if found.rows else None


async def _rows(engine: AsyncEngine, query: ViewQuery, *, versions: bool = False) -> list[_Row]:
    """The first rows of the list and one more than asked for; with ``versions`` many more, and of all versions."""
    binder = Binder()
    limit = _looked_at(query) if versions else query.limit + 1
    sql = (
        f"SELECT {_positioned(query, binder)}, toUnixTimestamp(first_hour)"
        f" {_source(query, binder, versions=versions)}{_ordered(query, binder)}"
        f" LIMIT {binder.bind(limit, 'Int64')} {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    return [_Row(_position(row), row[-1]) for row in found.rows]


def _of_enough_views(rows: list[_Row], query: ViewQuery) -> tuple[list[_Row], bool]:
    """The rows of rather more views than asked for, up to the first row of the next; and whether the list ends there."""
    enough = 2 * query.limit + 1
    keys: set[RowKey] = set()
    for at, row in enumerate(rows):
        if row.position.row not in keys and len(keys) == enough:
            return rows[:at], False
        keys.add(row.position.row)
    return rows, len(rows) < _looked_at(query)


def _looked_at(query: ViewQuery) -> int:
    return max(LOOKED_AT, 4 * query.limit)


async def _as_they_are(
    engine: AsyncEngine, query: ViewQuery, rows: Sequence[_Row], *, until: Position | None
) -> list[tuple[Position, dict[str, Any]]]:
    """The list again, of these rows' views only: they are read whole and by key, as they are now."""
    if not rows:
        return []
    keys = dict.fromkeys(row.position.row for row in rows)
    binder = Binder()
    columns = set(READ_COLUMNS).difference(SPAN_COLUMNS)
    sql = (
        f"SELECT {_positioned(query, binder)}, {listed(columns)} {_source(query, binder)}"
        f" AND first_hour IN {binder.bind(sorted({row.hour for row in rows}), 'Array(DateTime)')}"
        f" AND dialect IN {binder.bind(sorted({key.dialect for key in keys}), 'Array(String)')}"
        f" AND native_view_id IN {binder.bind([key.native_view_id for key in keys], 'Array(String)')}"
    )
    if until is not None:
        sql += f" AND NOT {_beyond(query, until, binder)}"
    sql += f"{_ordered(query, binder)} LIMIT {binder.bind(query.limit + 1, 'Int64')} {SETTINGS}"
    found = await run(engine, Statement(sql, binder.params))
    return [(_position(row), view_json(record_from(found.columns, row))) for row in found.rows]


def _positioned(query: ViewQuery, binder: Binder) -> str:
    """What a row's position is made of: columns for `_position`."""
    expression = query.order.expression(binder)
    return (
        f"{_value(query, expression)} AS position_value, ({expression}) IS NULL AS position_is_null,"
        " native_view_id, dialect, ordinal"
    )


def _source(query: ViewQuery, binder: Binder, *, versions: bool = False) -> str:
    held = []
    if query.start_ms is not None or query.end_ms is not None:
        held.append(between(query.placed, query.start_ms or 0, query.end_ms or 2**43, binder))
    if query.after is not None:
        held.append(_beyond(query, query.after, binder))
    return views(
        binder,
        query.project,
        query.filter,
        *held,
        bots=query.bots,
        groups=(query.order,),
        versions=versions,
    )


def _ordered(query: ViewQuery, binder: Binder) -> str:
    """By columns as they are stored: the engine passes over rows that cannot be among the first."""
    way = "DESC" if query.descending else "ASC"
    return (
        f" ORDER BY {query.order.expression(binder)} {way} NULLS LAST,"
        " native_view_uuid ASC, native_view_text ASC, dialect ASC, ordinal ASC"
    )


def _value(query: ViewQuery, expression: str) -> str:
    value = f"ifNull({expression}, {_NOTHING[query.order.kind]})"
    return {"flag": f"toInt64({value})", "text": f"toString({value})"}.get(query.order.kind, value)


def _beyond(query: ViewQuery, position: Position, binder: Binder) -> str:
    """Whether a row stands behind a position."""
    expression = query.order.expression(binder)
    value, is_null = _value(query, expression), f"toUInt8(({expression}) IS NULL)"
    null = binder.bind(int(position.is_null), "Int64")
    last = binder.bind(position.value, _BOUND[type(position.value)])
    uuid, text = id_parts(position.row.native_view_id)
    row = (
        f"toUUIDOrZero({binder.bind(uuid, 'String')}), {binder.bind(text, 'String')},"
        f" {binder.bind(position.row.dialect, 'String')}, {binder.bind(position.row.ordinal, 'Int64')}"
    )
    way = "<" if query.descending else ">"
    return (
        f"({is_null} > {null} OR ({is_null} = {null} AND ({value} {way} {last} OR ({value} = {last}"
        f" AND (native_view_uuid, native_view_text, toString(dialect), ordinal) > ({row})))))"
    )


def _position(row: Sequence[Any]) -> Position:
    value, is_null, native_view_id, dialect, ordinal, *_ = row
    return Position(bool(is_null), value, RowKey(native_view_id, dialect, ordinal))


def _cursor(query: ViewQuery, position: Position) -> str:
    cursor = Cursor(query.order_name, position)
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_cursor(text: str, query: ViewQuery) -> Position:
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor(text) from error
    kinds = {"text": str, "flag": int}.get(query.order.kind, int | float)
    if cursor.order != query.order_name or not isinstance(cursor.position.value, kinds):
        raise _bad_cursor(text)
    return cursor.position


def _bad_cursor(text: str) -> BadRequest:
    return BadRequest(
        "cursor is not one that this list gave out with the same order_by",
        parameter="cursor",
        got=text[:100],
        allowed="meta.next of the page before, with the same filters and order_by",
    )
