"""Views themselves: a filtered, ordered list that is read page by page, and one view with its states and events."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from firstframe.engine.client import AsyncEngine
from firstframe.engine.rows import READ_COLUMNS, SPAN_COLUMNS, event_from, record_from
from firstframe.errors import BadRequest, NotFound
from firstframe.metrics.answer import run
from firstframe.metrics.bind import Binder, Type
from firstframe.metrics.dimension import FILTERABLE, Dimension, unknown
from firstframe.metrics.filter import Filter, read_filters
from firstframe.metrics.instant import read_instant, read_range
from firstframe.metrics.source import SETTINGS, Statement, between, views
from firstframe.metrics.zone import zone_of
from firstframe.view.derived import derive
from firstframe.view.record import ViewRecord

USUAL_ORDER = "-view_start_ms"
MOST_VIEWS = 1_000
_KEYS: Mapping[str, tuple[Type, str]] = {
    "number": ("Float64", "0"),
    "flag": ("Int64", "0"),
    "text": ("String", "''"),
}
"""How a sort key is bound, and what stands for null in it."""


class RowKey(msgspec.Struct, frozen=True, array_like=True):
    """What tells a row of the table from all others of its project, and orders those that are else alike.

    Not its id, which the engine would have to compute for every view that is ordered.
    """

    native_view_id: str
    dialect: str
    ordinal: Annotated[int, msgspec.Meta(ge=0, lt=2**32)]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the order, and the last row's place in it."""

    order: str
    is_null: bool
    value: str | float | int
    row: RowKey


class ViewQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A checked question for a list of views."""

    project: str
    filter: Filter
    order: Dimension
    descending: bool
    start_ms: int | None
    end_ms: int | None
    limit: int
    after: Cursor | None
    bots: bool

    @property
    def order_name(self) -> str:
        return f"-{self.order.id}" if self.descending else self.order.id


class ViewPage(msgspec.Struct, frozen=True):
    """Some views, and the cursor of the next page."""

    views: list[dict[str, Any]]
    next: str | None


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
    sortable = {key: one for key, one in FILTERABLE.items() if one.kind in _KEYS and not one.joined}
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
    return msgspec.structs.replace(found, after=_read_cursor(cursor, found.order_name)) if cursor else found


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
    found = await run(engine, _page(query))
    rows = found.rows[: query.limit]
    hours = {_row_key(row): row[-1] for row in rows}
    if not hours:
        return ViewPage([], None)
    records = await _load(engine, query.project, hours)
    last = _cursor(query, rows[-1]) if len(found.rows) > query.limit else None
    return ViewPage([view_json(records[key]) for key in hours if key in records], last)


async def one_view(engine: AsyncEngine, project: str, view_id: str) -> dict[str, Any]:
    """A view with its states and events. Raises `NotFound`."""
    binder = Binder()
    sql = (
        f"SELECT {_listed(READ_COLUMNS)} FROM views FINAL WHERE project = {binder.bind(project, 'String')}"
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


def _page(query: ViewQuery) -> Statement:
    """The keys of a page's rows and what they are sorted by; whole rows are read by key, which costs little."""
    binder = Binder()
    value, is_null = _sort_key(query.order, binder)
    held = []
    if query.start_ms is not None or query.end_ms is not None:
        held.append(between("view_start", query.start_ms or 0, query.end_ms or 2**43, binder))
    if query.after is not None:
        held.append(_beyond(query, value, is_null, binder))
    source = views(binder, query.project, query.filter, *held, bots=query.bots, groups=(query.order,))
    way = "DESC" if query.descending else "ASC"
    sql = (
        f"SELECT native_view_id, dialect, ordinal, {value} AS sorted, {is_null} AS missing,"
        f" toUnixTimestamp(first_hour) {source}"
        f" ORDER BY missing ASC, sorted {way}, native_view_id ASC, dialect ASC, ordinal ASC"
        f" LIMIT {binder.bind(query.limit + 1, 'Int64')} {SETTINGS}"
    )
    return Statement(sql, binder.params)


def _sort_key(order: Dimension, binder: Binder) -> tuple[str, str]:
    expression = order.expression(binder)
    cast = {"number": "toFloat64", "flag": "toInt64"}.get(order.kind, "toString")
    return f"{cast}(ifNull({expression}, {_KEYS[order.kind][1]}))", f"toUInt8(({expression}) IS NULL)"


def _beyond(query: ViewQuery, value: str, is_null: str, binder: Binder) -> str:
    after = query.after
    if after is None:
        return "1"
    null, last = (
        binder.bind(int(after.is_null), "Int64"),
        binder.bind(after.value, _KEYS[query.order.kind][0]),
    )
    seen = ", ".join(
        (
            binder.bind(after.row.native_view_id, "String"),
            binder.bind(after.row.dialect, "String"),
            binder.bind(after.row.ordinal, "Int64"),
        )
    )
    way = "<" if query.descending else ">"
    return (
        f"({is_null} > {null} OR ({is_null} = {null} AND ({value} {way} {last}"
        f" OR ({value} = {last} AND (native_view_id, toString(dialect), ordinal) > ({seen})))))"
    )


def _row_key(row: Sequence[Any]) -> RowKey:
    native_view_id, dialect, ordinal, *_ = row
    return RowKey(native_view_id, dialect, ordinal)


def _cursor(query: ViewQuery, row: Sequence[Any]) -> str:
    *_, value, missing, _ = row
    cursor = Cursor(query.order_name, bool(missing), value, _row_key(row))
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read_cursor(text: str, order: str) -> Cursor:
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        cursor = msgspec.json.decode(raw, type=Cursor)
        number = isinstance(cursor.value, str) == (FILTERABLE[order.removeprefix("-")].kind == "text")
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad_cursor(text) from error
    if cursor.order != order or not number:
        raise _bad_cursor(text)
    return cursor


def _bad_cursor(text: str) -> BadRequest:
    return BadRequest(
        "cursor is not one that this list gave out with the same order_by",
        parameter="cursor",
        got=text[:100],
        allowed="meta.next of the page before, with the same filters and order_by",
    )


async def _load(engine: AsyncEngine, project: str, hours: Mapping[RowKey, int]) -> dict[RowKey, ViewRecord]:
    """Whole records by key; ``hours`` says for each view in which hour of the table it stands."""
    binder = Binder()
    sql = (
        f"SELECT {_listed(set(READ_COLUMNS).difference(SPAN_COLUMNS))} FROM views FINAL"
        f" WHERE project = {binder.bind(project, 'String')}"
        f" AND first_hour IN {binder.bind(sorted(set(hours.values())), 'Array(DateTime)')}"
        f" AND dialect IN {binder.bind(sorted({key.dialect for key in hours}), 'Array(String)')}"
        f" AND native_view_id IN {binder.bind([key.native_view_id for key in hours], 'Array(String)')} {SETTINGS}"
    )
    found = await run(engine, Statement(sql, binder.params))
    records = (record_from(found.columns, row) for row in found.rows)
    return {RowKey(one.native_view_id, one.dialect, one.ordinal): one for one in records}


def _listed(columns: Iterable[str]) -> str:
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
