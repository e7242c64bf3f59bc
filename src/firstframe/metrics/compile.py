"""A plan as one SELECT.

Stages, from the inside out: one aggregation for each placement and period (a *branch*), all of the same columns;
`UNION ALL` and a second GROUP BY that lays them over each other; gaps filled; names, order and limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.metrics.aggregate import column_type, over_spans, over_views, weight, zero_when_empty
from firstframe.metrics.bind import Binder
from firstframe.metrics.granularity import Buckets, Granularity
from firstframe.metrics.metric import Placement
from firstframe.metrics.query import Measure, Order, Plan
from firstframe.metrics.source import SETTINGS, Statement, between, instant, views

STALL_LIMIT_MS = 300_000
"""A viewer stalled for longer is not counted as watching any more."""


class Column(msgspec.Struct, frozen=True):
    """One number of the answer: a measure, its previous value, or its weight."""

    key: str
    measure: Measure
    previous: bool = False
    weight: bool = False

    @property
    def placement(self) -> Placement:
        placement = self.measure.metric.placed(self.measure.measurement)
        return Placement.VIEW_START if self.weight and placement is Placement.SPANS else placement

    @property
    def type(self) -> str:
        return "Float64" if self.weight else column_type(self.measure)

    @property
    def zero(self) -> bool:
        return self.weight or zero_when_empty(self.measure)


def columns_of(plan: Plan) -> tuple[Column, ...]:
    """The numbers of each row, in the order of the answer."""
    columns: list[Column] = []
    for measure in plan.measures:
        columns.append(Column(measure.key, measure))
        if plan.compare:
            columns.append(Column(f"{measure.key}.previous", measure, previous=True))
        if plan.weights:
            columns.append(Column(f"{measure.key}.weight", measure, weight=True))
    return tuple(columns)


def keys_of(plan: Plan) -> tuple[str, ...]:
    """The names of the columns of the answer, in order."""
    time = ("time",) if plan.series else ()
    return (*time, *(group.id for group in plan.groups), *(column.key for column in columns_of(plan)))


def compile_plan(plan: Plan, *, rows: int | None = None, named: bool = False) -> Statement:
    """The SELECT that answers a plan with at most ``rows`` rows.

    Columns are as in `keys_of`: with ``named`` under those names and with ``time`` as an instant, else plain and with
    ``time`` in epoch milliseconds.
    """
    binder = Binder()
    sql = f"{_answer(plan, binder, named=named)} LIMIT {binder.bind(rows or plan.limit, 'Int64')} {SETTINGS}"
    return Statement(sql, binder.params)


def totals_of(plan: Plan) -> Plan:
    """The same question without groups and buckets."""
    return msgspec.structs.replace(
        plan,
        groups=(),
        granularity=Granularity.ALL,
        buckets=Buckets((plan.start_ms, plan.end_ms)),
        order=(),
        group_limit=None,
        weights=True,
    )


def _answer(plan: Plan, binder: Binder, *, named: bool) -> str:
    columns = columns_of(plan)
    names = keys_of(plan)
    cells = [f"k{n}" for n in range(len(plan.groups))]
    cells += [f"ifNull(v{n}, 0)" if column.zero else f"v{n}" for n, column in enumerate(columns)]
    if plan.series:
        time = plan.buckets.edge("bucket", binder)
        cells.insert(0, f"fromUnixTimestamp64Milli({time}, 'UTC')" if named else time)
    aliases = [_identifier(name) if named else f"c{n}" for n, name in enumerate(names)]
    select = ", ".join(f"{cell} AS {alias}" for cell, alias in zip(cells, aliases, strict=True))
    order = _order(plan, dict(zip(names, cells, strict=True)))
    return f"SELECT {select} FROM ({_filled(plan, columns, binder)}){order}"


def _order(plan: Plan, cells: dict[str, str]) -> str:
    wanted = plan.order or _usual_order(plan)
    rest = [Order(key, descending=False) for key in cells if key not in {order.key for order in wanted}]
    rest = [
        order for order in rest if order.key == "time" or order.key in {group.id for group in plan.groups}
    ]
    terms = [
        f"{'bucket' if one.key == 'time' else cells[one.key]} {'DESC' if one.descending else 'ASC'} NULLS LAST"
        for one in (*wanted, *rest)
    ]
    return f" ORDER BY {', '.join(terms)}" if terms else ""


def _usual_order(plan: Plan) -> tuple[Order, ...]:
    """Series by time, tables by their first metric, the largest first."""
    if plan.series:
        return (Order("time", descending=False),)
    return (Order(plan.measures[0].key, descending=True),) if plan.groups else ()


def _filled(plan: Plan, columns: Sequence[Column], binder: Binder) -> str:
    """All branches laid over each other, and a row for each bucket of each group."""
    keys = [*_key_names(plan), *(["bucket"] if plan.series else [])]
    select = [*keys, *(f"anyOrNull(m{n}) AS v{n}" for n in range(len(columns)))]
    sql = f"SELECT {', '.join(select)} FROM ({' UNION ALL '.join(_branches(plan, columns, binder))})"
    if keys:
        sql += f" GROUP BY {', '.join(keys)}"
    if plan.series and plan.fill:
        count = binder.bind(plan.buckets.count, "Int64")
        sql += f" ORDER BY {', '.join(keys)} WITH FILL FROM toInt64(0) TO {count}"
    return sql


def _branches(plan: Plan, columns: Sequence[Column], binder: Binder) -> list[str]:
    """One SELECT for each placement and period that some column needs."""
    chosen = _chosen_groups(plan, binder)
    branches = []
    for previous in (False, True):
        for placement in Placement:
            mine = [one.placement is placement and one.previous is previous for one in columns]
            if any(mine):
                make = _span_branch if placement is Placement.SPANS else _view_branch
                period = Period(plan, placement, plan.end_ms - plan.start_ms if previous else 0, chosen)
                branches.append(make(period, columns, mine, binder))
    if plan.series and plan.fill and not plan.groups:
        empty = [f"CAST(NULL AS Nullable({column.type})) AS m{n}" for n, column in enumerate(columns)]
        branches.append(f"SELECT {', '.join(['toInt64(0) AS bucket', *empty])}")
    return branches


class Period(msgspec.Struct, frozen=True):
    """One branch: its placement, and by how much its views lie before the plan's range."""

    plan: Plan
    placement: Placement
    back_ms: int
    chosen: str

    @property
    def start_ms(self) -> int:
        return self.plan.start_ms - self.back_ms

    @property
    def end_ms(self) -> int:
        return self.plan.end_ms - self.back_ms

    @property
    def buckets(self) -> Buckets:
        return Buckets(tuple(edge - self.back_ms for edge in self.plan.buckets.edges))


def _view_branch(period: Period, columns: Sequence[Column], mine: Sequence[bool], binder: Binder) -> str:
    """Whole views, each in the bucket of its start or its end."""
    plan, column = period.plan, period.placement.value
    at = f"toUnixTimestamp64Milli({column})"
    keys = _keys(plan, binder)
    if plan.series:
        keys.append(f"toInt64({period.buckets.index(at, binder)}) AS bucket")
    numbers = [
        _cast(weight(one.measure) if one.weight else over_views(one.measure, plan), one, n)
        if here
        else _null(one, n)
        for n, (one, here) in enumerate(zip(columns, mine, strict=True))
    ]
    held = [between(column, period.start_ms, period.end_ms, binder)]
    if period.placement is Placement.VIEW_END:
        held.append("closed")
    source = views(binder, plan.project, plan.filter, *held, bots=plan.bots, groups=plan.groups)
    return f"SELECT {', '.join([*keys, *numbers])} {source}{period.chosen}{_group_by(plan)}"


def _span_branch(period: Period, columns: Sequence[Column], mine: Sequence[bool], binder: Binder) -> str:
    """Spans cut at the edges of the range and of the buckets, each piece in its bucket."""
    plan, buckets = period.plan, period.buckets
    low, high = buckets.edge("bucket", binder), buckets.edge("bucket + 1", binder)
    start, end = binder.bind(period.start_ms, "Int64"), binder.bind(period.end_ms, "Int64")
    now = binder.bind(max(plan.now_ms, period.start_ms + 1), "Int64")
    length = f"greatest(1, any(least({high}, {end}, {now}) - greatest({low}, {start})))"
    numbers = [
        _cast(over_spans(one.measure, plan, length), one, n) if here else _null(one, n)
        for n, (one, here) in enumerate(zip(columns, mine, strict=True))
    ]
    keys = [*_key_names(plan), *(["bucket"] if plan.series else [])]
    return (
        f"SELECT {', '.join([*keys, *numbers])} FROM ({_pieces(period, start, end, binder)}){_group_by(plan)}"
    )


def _pieces(period: Period, start: str, end: str, binder: Binder) -> str:
    """Rows of (keys, bucket, state, low, high, stall_end, attempted, scales): no piece crosses an edge."""
    buckets, keys = period.buckets, _key_names(period.plan)
    first, last = buckets.index("from_ms", binder), buckets.index("to_ms - 1", binder)
    low, high = buckets.edge("bucket", binder), buckets.edge("bucket + 1", binder)
    kept = ", ".join([*keys, "state", "stall_end", "attempted", "playing_scale", "watch_scale"])
    return (
        f"SELECT {kept}, bucket, greatest(from_ms, {low}) AS low, least(to_ms, {high}) AS high FROM ("
        f"SELECT {kept}, from_ms, to_ms, arrayJoin(range(toInt64({first}), toInt64({last}) + 1)) AS bucket FROM ("
        f"SELECT {kept}, greatest(start_ms, {start}) AS from_ms, least(end_ms, {end}) AS to_ms"
        f" FROM ({_spans(period, binder)}) WHERE from_ms < to_ms))"
    )


def _spans(period: Period, binder: Binder) -> str:
    """One row for each span; its scale makes the spans of a view add up to what its record says."""
    plan = period.plan
    held = (
        f"view_start < {instant(period.end_ms, binder)}",
        f"view_end >= {instant(period.start_ms, binder)}",
    )
    source = views(binder, plan.project, plan.filter, *held, bots=plan.bots, groups=plan.groups)
    keys = ", ".join([*_keys(plan, binder), ""])
    names = ", ".join([*_key_names(plan), ""])
    playing, watching = (
        _scale("content_playing_time_ms + ad_playing_time_ms", "span.1 IN ('playing', 'ad_playing')"),
        _scale("watch_time_ms", "span.1 NOT IN ('idle', 'pause', 'failed')"),
    )
    return (
        f"SELECT {names}attempted, playing_scale, watch_scale, span.1 AS state, span.2 AS start_ms, span.3 AS end_ms,"
        f" if(state = 'rebuffer', start_ms + {STALL_LIMIT_MS}, end_ms) AS stall_end FROM ("
        f"SELECT {keys}attempted, {_SPANS} AS pieces, {playing} AS playing_scale, {watching} AS watch_scale"
        f" {source}{period.chosen}) ARRAY JOIN pieces AS span"
    )


_SPANS = (
    "if(empty(`spans.state`) AND watch_time_ms > 0,"
    # A record without spans keeps its time: waiting first, then playing, from the start of the view.
    " [('startup', toUnixTimestamp64Milli(view_start),"
    " toUnixTimestamp64Milli(view_start) + toInt64(watch_time_ms - content_playing_time_ms - ad_playing_time_ms)),"
    " ('playing', toUnixTimestamp64Milli(view_start)"
    " + toInt64(watch_time_ms - content_playing_time_ms - ad_playing_time_ms),"
    " toUnixTimestamp64Milli(view_start) + toInt64(watch_time_ms))],"
    " arrayMap((state, low, high) -> (toString(state), low, high),"
    " `spans.state`, `spans.start_ms`, `spans.end_ms`))"
)


def _scale(total: str, among: str) -> str:
    length = f"arraySum(span -> if({among}, span.3 - span.2, 0), pieces)"
    return f"if({length} = 0, 1, ({total}) / {length})"


def _chosen_groups(plan: Plan, binder: Binder) -> str:
    """A condition that keeps the first groups by the order asked for, over the whole range."""
    if plan.group_limit is None or not plan.groups:
        return ""
    order = tuple(one for one in plan.order if one.key != "time")
    ranked = msgspec.structs.replace(
        totals_of(plan), groups=plan.groups, order=order, weights=False, compare=plan.compare
    )
    names = [f"c{n}" for n in range(len(plan.groups))]
    limit = binder.bind(plan.group_limit, "Int64")
    inner = f"SELECT {', '.join(names)} FROM ({_answer(ranked, binder, named=False)} LIMIT {limit})"
    expressions = [group.expression(binder) for group in plan.groups]
    if len(names) == 1:
        return f" AND {expressions[0]} IN ({inner})"
    return f" AND ({', '.join(expressions)}) IN ({inner})"


def _keys(plan: Plan, binder: Binder) -> list[str]:
    return [f"{group.expression(binder)} AS k{n}" for n, group in enumerate(plan.groups)]


def _key_names(plan: Plan) -> list[str]:
    return [f"k{n}" for n in range(len(plan.groups))]


def _group_by(plan: Plan) -> str:
    keys = [*_key_names(plan), *(["bucket"] if plan.series else [])]
    return f" GROUP BY {', '.join(keys)}" if keys else ""


def _cast(sql: str, column: Column, number: int) -> str:
    return f"CAST({sql} AS Nullable({column.type})) AS m{number}"


def _null(column: Column, number: int) -> str:
    return f"CAST(NULL AS Nullable({column.type})) AS m{number}"


def _identifier(name: str) -> str:
    """A name that people chose in part, quoted."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
