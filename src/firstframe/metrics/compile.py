"""A plan as one SELECT.

Stages, from the inside out: one aggregation of all that is no peak, and one for each peak and period (a *branch*), all
of the same columns; `UNION ALL` and a second GROUP BY that lays them over each other; gaps filled; names, order and limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.metrics.aggregate import has_rest, over_views, weight
from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Aggregates, Column, Period, group_by, key_columns, key_names
from firstframe.metrics.cell import cell_branches
from firstframe.metrics.granularity import Buckets, Granularity
from firstframe.metrics.metric import Placement
from firstframe.metrics.query import Order, Plan
from firstframe.metrics.source import SETTINGS, Statement, between, views
from firstframe.metrics.span import peak_branches


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
    rests = [column for column in columns if column.weight and has_rest(column.measure, plan)]
    places = {column.key: len(columns) + n for n, column in enumerate(rests)}
    names = keys_of(plan)
    cells = [f"k{n}" for n in range(len(plan.groups))]
    cells += [_cell(n, column, places.get(column.key)) for n, column in enumerate(columns)]
    columns += tuple(msgspec.structs.replace(column, rest=True) for column in rests)
    if plan.series:
        time = plan.buckets.edge("bucket", binder)
        cells.insert(0, f"fromUnixTimestamp64Milli({time}, 'UTC')" if named else time)
    aliases = [_identifier(name) if named else f"c{n}" for n, name in enumerate(names)]
    select = ", ".join(f"{cell} AS {alias}" for cell, alias in zip(cells, aliases, strict=True))
    order = _order(plan, dict(zip(names, cells, strict=True)))
    # Where there is no group, the engine fills the buckets of one that it makes up.
    found = " QUALIFY max(is_found) OVER () = 1" if _fills_groups(plan) else ""
    return f"SELECT {select} FROM ({_filled(plan, columns, binder)}){found}{order}"


def _cell(number: int, column: Column, rest: int | None) -> str:
    """A number of the answer; for a weight of views of which some stand apart, ``rest`` is where those are counted.

    They weigh nothing beside others, of whatever group, because the total is not made of them.
    """
    cell = f"ifNull(v{number}, 0)" if column.zero else f"v{number}"
    return cell if rest is None else f"if(sum(v{number}) OVER () > 0, {cell}, ifNull(v{rest}, 0))"


def _fills_groups(plan: Plan) -> bool:
    """Whether each group has a row for each bucket."""
    return bool(plan.groups) and plan.series and plan.fill


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
    """All branches laid over each other, and a row for each bucket of each group.

    A number stands in one branch, or in parts that add up in two.
    """
    keys = [*key_names(plan), *(["bucket"] if plan.series else [])]
    select = [*keys, *(f"sumOrNull(m{n}) AS v{n}" for n in range(len(columns)))]
    if _fills_groups(plan):
        select.append("1 AS is_found")
    sql = f"SELECT {', '.join(select)} FROM ({' UNION ALL '.join(_branches(plan, columns, binder))})"
    if keys:
        sql += f" GROUP BY {', '.join(keys)}"
    if plan.series and plan.fill:
        count = binder.bind(plan.buckets.count, "Int64")
        sql += f" ORDER BY {', '.join(keys)} WITH FILL FROM toInt64(0) TO {count}"
    return sql


def _branches(plan: Plan, columns: Sequence[Column], binder: Binder) -> list[str]:
    """One SELECT for all amounts, and one for each peak and period."""
    chosen = _chosen_groups(plan, binder)
    peaks = [one.placement is Placement.SPANS and one.measure.measurement == "peak" for one in columns]
    branches = _amounts(plan, columns, [not peak for peak in peaks], chosen, binder)
    for previous in (False, True):
        mine = [peak and one.previous is previous for one, peak in zip(columns, peaks, strict=True)]
        period = Period(plan, _length_ms(plan) if previous else 0, chosen)
        branches += peak_branches(period, columns, mine, binder)
    if plan.series and plan.fill and not plan.groups:
        empty = [f"CAST(NULL AS Nullable({column.type})) AS m{n}" for n, column in enumerate(columns)]
        branches.append(f"SELECT {', '.join(['toInt64(0) AS bucket', *empty])}")
    return branches


def _amounts(
    plan: Plan, columns: Sequence[Column], mine: Sequence[bool], chosen: str, binder: Binder
) -> list[str]:
    """All that is no peak: by the instant of one placement where that is enough, else cell by cell."""
    placements = {one.placement for one, here in zip(columns, mine, strict=True) if here}
    # Peaks know nothing of a bucket in which views were paused; where only known buckets are answered, it counts.
    known = not all(mine) and bool(plan.groups or not plan.fill)
    spans = Placement.SPANS in placements or known
    if spans or len(placements) > 1:
        return cell_branches(plan, columns, mine, chosen, spans=spans, binder=binder)
    return [_view_branch(plan, placement, columns, mine, chosen, binder) for placement in placements]


def _view_branch(
    plan: Plan,
    placement: Placement,
    columns: Sequence[Column],
    mine: Sequence[bool],
    chosen: str,
    binder: Binder,
) -> str:
    """Whole views, each in the bucket of its start or its end; those of the period before in rows of their own."""
    column = placement.value
    at = f"toUnixTimestamp64Milli({column})"
    keys, grouped = key_columns(plan, binder), group_by(plan)
    first_ms = plan.start_ms
    if plan.compare:
        first_ms -= _length_ms(plan)
        keys.append(f"{at} < {binder.bind(plan.start_ms, 'Int64')} AS back")
        at = f"{at} + back * {binder.bind(_length_ms(plan), 'Int64')}"
        grouped = f"{grouped}, back" if grouped else " GROUP BY back"
    if plan.series:
        keys.append(f"toInt64({plan.buckets.index(f'({at})', binder)}) AS bucket")
    names = [*key_names(plan), *(["bucket"] if plan.series else [])]
    found = Aggregates(
        columns,
        {
            n: weight(one.measure, plan, rest=one.rest) if one.weight else over_views(one.measure, plan)
            for n, (one, here) in enumerate(zip(columns, mine, strict=True))
            if here
        },
    )
    held = [between(column, first_ms, plan.end_ms, binder)]
    if placement is Placement.VIEW_END:
        held.append("closed")
    source = views(binder, plan.project, plan.filter, *held, bots=plan.bots, groups=plan.groups)
    select = ", ".join([*names, *found.numbers(compare=plan.compare)])
    return f"SELECT {select} FROM (SELECT {', '.join([*keys, *found.made()])} {source}{chosen}{grouped})"


def _length_ms(plan: Plan) -> int:
    return plan.end_ms - plan.start_ms


def _chosen_groups(plan: Plan, binder: Binder) -> str:
    """A condition that keeps the first groups by the order asked for, over the whole range."""
    if plan.group_limit is None or not plan.groups:
        return ""
    order = tuple(one for one in plan.order if one.key != "time")
    ranked = msgspec.structs.replace(
        totals_of(plan), groups=plan.groups, order=order, weights=plan.weights, compare=plan.compare
    )
    names = [f"c{n}" for n in range(len(plan.groups))]
    limit = binder.bind(plan.group_limit, "Int64")
    inner = f"SELECT {', '.join(names)} FROM ({_answer(ranked, binder, named=False)} LIMIT {limit})"
    expressions = [group.expression(binder) for group in plan.groups]
    if len(names) == 1:
        return f" AND {expressions[0]} IN ({inner})"
    return f" AND ({', '.join(expressions)}) IN ({inner})"


def _identifier(name: str) -> str:
    """A name that people chose in part, quoted."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
