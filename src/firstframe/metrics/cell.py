"""One read of the views for all placements: a view is a row for each cell that it touches, a bucket of one period.

In its row a view *starts*, *ends* or passes time, so that numbers placed by its start, by its end and by its spans are
aggregates of the same rows. Nearly every view lies in one cell, and has one row.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.metrics.aggregate import over_views, weight
from firstframe.metrics.amount import amount, passage
from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Aggregates, Column, key_columns, key_names
from firstframe.metrics.metric import Placement
from firstframe.metrics.query import Plan
from firstframe.metrics.source import touching, views

_AT = {
    Placement.VIEW_START: "toUnixTimestamp64Milli(view_start)",
    Placement.VIEW_END: "toUnixTimestamp64Milli(view_end)",
}
_ROW = {Placement.VIEW_START: "starts", Placement.VIEW_END: "ends", Placement.SPANS: "passes"}


class Cells(msgspec.Struct, frozen=True):
    """The cells of a plan, numbered from 0; those of the period before come first."""

    plan: Plan
    binder: Binder

    @property
    def length_ms(self) -> int:
        return self.plan.end_ms - self.plan.start_ms

    @property
    def first_ms(self) -> int:
        """Where the first cell begins."""
        return self.plan.start_ms - (self.length_ms if self.plan.compare else 0)

    @property
    def one(self) -> bool:
        """Whether there is no other than the first."""
        return not (self.plan.compare or self.plan.series)

    def index(self, at: str) -> str:
        """The cell of an instant between the first and the last."""
        if not self.plan.series:
            return f"toInt64({at} >= {self._start()})" if self.plan.compare else "toInt64(0)"
        if not self.plan.compare:
            return f"toInt64({self.plan.buckets.index(at, self.binder)})"
        moved = f"({at} + ({at} < {self._start()}) * {self._length()})"
        return f"toInt64({self.plan.buckets.index(moved, self.binder)} + ({at} >= {self._start()}) * {self._count()})"

    def columns(self) -> list[str]:
        """``back``, ``bucket``, and the instants ``low`` and ``high`` between which the cell lies, by ``cell``."""
        plan, back_ms = self.plan, ""
        found = ["toInt64(0) AS cell"] if self.one else []
        if plan.compare:
            found.append(f"cell < {self._count()} AS back")
            back_ms = f" - back * {self._length()}"
        low, high = self._start(), self.binder.bind(plan.end_ms, "Int64")
        if plan.series:
            found.append(f"{f'cell % {self._count()}' if plan.compare else 'cell'} AS bucket")
            low = f"greatest({plan.buckets.edge('bucket', self.binder)}, {low})"
            high = f"least({plan.buckets.edge('bucket + 1', self.binder)}, {high})"
        return [*found, f"{low}{back_ms} AS low", f"{high}{back_ms} AS high"]

    def _start(self) -> str:
        return self.binder.bind(self.plan.start_ms, "Int64")

    def _length(self) -> str:
        return self.binder.bind(self.length_ms, "Int64")

    def _count(self) -> str:
        return self.binder.bind(self.plan.buckets.count if self.plan.series else 1, "Int64")


def cell_branch(
    plan: Plan, columns: Sequence[Column], mine: Sequence[bool], chosen: str, *, spans: bool, binder: Binder
) -> str:
    """One SELECT of the columns that are mine; with ``spans``, cells in which time passed are known too."""
    cells = Cells(plan, binder)
    wanted = [one for one, here in zip(columns, mine, strict=True) if here]
    passing = [one for one in wanted if one.placement is Placement.SPANS]
    rows = {one.placement for one in wanted} | ({Placement.SPANS} if spans else set())
    made = [
        *cells.columns(),
        *(passage(passing) if spans else ()),
        *(f"{_inside(placement)} AS {_ROW[placement]}" for placement in _AT if placement in rows),
    ]
    found = Aggregates(
        columns,
        {n: _aggregate(one, cells) for n, (one, here) in enumerate(zip(columns, mine, strict=True)) if here},
    )
    names = [*key_names(plan), *(["bucket"] if plan.series else [])]
    shared = [*names, *(["back"] if plan.compare else [])]
    select = ", ".join([*key_columns(plan, binder), *shared[len(plan.groups) :], *found.made()]) or "1"
    sql = f"WITH {', '.join(made)} SELECT {select} {_rows(cells, rows)}{chosen}"
    if plan.groups or not plan.fill:
        # A view that touches a cell and is not counted there does not make it known.
        sql += f" AND ({' OR '.join(_ROW[placement] for placement in Placement if placement in rows)})"
    if shared:
        sql += f" GROUP BY {', '.join(shared)}"
    return f"SELECT {', '.join([*names, *found.numbers(compare=plan.compare)])} FROM ({sql})"


def _rows(cells: Cells, rows: set[Placement]) -> str:
    """``FROM … WHERE …``: views that touch the periods, a row for each cell."""
    plan, binder = cells.plan, cells.binder
    start, end = _AT[Placement.VIEW_START], _AT[Placement.VIEW_END]
    if Placement.SPANS in rows:
        start, end = f"least({start}, begun_ms)", f"greatest({end}, over_ms)"
    low, high = binder.bind(cells.first_ms, "Int64"), binder.bind(plan.end_ms - 1, "Int64")
    first, last = cells.index(f"greatest({start}, {low})"), cells.index(f"least({end}, {high})")
    each = f"range({first}, {last} + 1)"
    if Placement.SPANS not in rows:
        each = f"arrayDistinct([{first}, {last}])"
    return views(
        binder,
        plan.project,
        plan.filter,
        *touching(cells.first_ms, plan.end_ms, binder),
        bots=plan.bots,
        groups=plan.groups,
        apart="" if cells.one else f"{each} AS cell",
    )


def _inside(placement: Placement) -> str:
    """Whether a view starts, or is over, in the cell."""
    at = _AT[placement]
    inside = f"{at} >= low AND {at} < high"
    return f"closed AND {inside}" if placement is Placement.VIEW_END else inside


def _aggregate(column: Column, cells: Cells) -> str:
    among = _ROW[column.placement]
    if column.weight:
        return weight(column.measure, cells.plan, among, rest=column.rest)
    if column.placement is Placement.SPANS:
        start_ms = cells.first_ms if column.previous else cells.plan.start_ms
        return amount(column, cells.plan.now_ms, start_ms, cells.binder)
    return over_views(column.measure, cells.plan, among)
