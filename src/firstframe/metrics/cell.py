"""One read of the views for all placements, cell by cell: a cell is a period, in a series a bucket of one.

In a cell a view *starts*, *ends* or *passes* time, so that numbers placed by its start, by its end and by its spans are
aggregates of the same rows. In a series a view has a row for each cell that it touches, nearly always one. Elsewhere the
two periods are told apart by names, because making rows costs as much as all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from firstframe.metrics.aggregate import over_views, weight
from firstframe.metrics.amount import Part, amount, is_apart, passage
from firstframe.metrics.bind import Binder
from firstframe.metrics.branch import Aggregates, Column, key_columns, key_names
from firstframe.metrics.metric import Placement
from firstframe.metrics.query import Plan
from firstframe.metrics.source import instant, touching, views
from firstframe.metrics.span import END_MS, START_MS

_AT = {Placement.VIEW_START: START_MS, Placement.VIEW_END: END_MS}
_ROW = {Placement.VIEW_START: "starts", Placement.VIEW_END: "ends", Placement.SPANS: "passes"}
LONG_MS = 3 * 86_400_000
"""Of a shorter range, with the one before it, the spans are read sooner than the engine plans a branch without them."""
_BACK = "_back"
"""Behind the names of what is true of the period before."""


class Cells(msgspec.Struct, frozen=True):
    """The cells of a plan. In a series they are numbered from 0; those of the period before come first."""

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
    def suffixes(self) -> tuple[str, ...]:
        """What tells the names of the cells apart that a row may lie in."""
        return ("", _BACK) if self.plan.compare and not self.plan.series else ("",)

    def suffix_of(self, column: Column) -> str:
        """Of the cell that a number is about."""
        return _BACK if column.previous and not self.plan.series else ""

    def index(self, at: str) -> str:
        """In a series: the cell of an instant between the first and the last."""
        if not self.plan.compare:
            return f"toInt64({self.plan.buckets.index(at, self.binder)})"
        moved = f"({at} + ({at} < {self._start()}) * {self._length()})"
        return f"toInt64({self.plan.buckets.index(moved, self.binder)} + ({at} >= {self._start()}) * {self._count()})"

    def columns(self) -> list[str]:
        """The instants ``low`` and ``high`` between which each cell lies; in a series ``back`` and ``bucket``, by ``cell``."""
        start, end = self._start(), self.binder.bind(self.plan.end_ms, "Int64")
        if not self.plan.series:
            found = [f"{start} AS low", f"{end} AS high"]
            if self.plan.compare:
                found += [f"{start} - {self._length()} AS low{_BACK}", f"{start} AS high{_BACK}"]
            return found
        found, back_ms = [], ""
        if self.plan.compare:
            found.append(f"cell < {self._count()} AS back")
            back_ms = f" - back * {self._length()}"
        found.append(f"{f'cell % {self._count()}' if self.plan.compare else 'cell'} AS bucket")
        low = f"greatest({self.plan.buckets.edge('bucket', self.binder)}, {start})"
        high = f"least({self.plan.buckets.edge('bucket + 1', self.binder)}, {end})"
        return [*found, f"{low}{back_ms} AS low", f"{high}{back_ms} AS high"]

    def crossed(self) -> str:
        """Outside series: whether a view begins before an edge of a cell and ends behind it, by columns with an index.

        No span begins before its view or ends after it; views without spans need no cutting.
        """
        edges = sorted({self.first_ms, self.plan.start_ms, self.plan.end_ms})
        at = [instant(edge, self.binder) for edge in edges]
        return " OR ".join(f"(view_start <= {edge} AND view_end >= {edge})" for edge in at)

    def _start(self) -> str:
        return self.binder.bind(self.plan.start_ms, "Int64")

    def _length(self) -> str:
        return self.binder.bind(self.length_ms, "Int64")

    def _count(self) -> str:
        return self.binder.bind(self.plan.buckets.count, "Int64")


def cell_branches(
    plan: Plan, columns: Sequence[Column], mine: Sequence[bool], chosen: str, *, spans: bool, binder: Binder
) -> list[str]:
    """SELECTs of the columns that are mine; with ``spans``, cells in which time passed are known too."""
    cells = Cells(plan, binder)
    wanted = [one for one, here in zip(columns, mine, strict=True) if here]
    rows = {one.placement for one in wanted} | ({Placement.SPANS} if spans else set())
    passing = [one for one in wanted if one.placement is Placement.SPANS]
    is_short = plan.end_ms - cells.first_ms < LONG_MS
    # The groups that are chosen would be ranked once for each branch.
    if plan.series or chosen or is_short or not is_apart(passing):
        return [_branch(cells, columns, mine, Part.ALL, rows, chosen)]
    across = [here and one in passing for one, here in zip(columns, mine, strict=True)]
    return [
        _branch(cells, columns, mine, Part.WITHIN, rows, chosen),
        _branch(cells, columns, across, Part.ACROSS, {Placement.SPANS}, chosen),
    ]


def _branch(
    cells: Cells,
    columns: Sequence[Column],
    mine: Sequence[bool],
    part: Part,
    rows: set[Placement],
    chosen: str,
) -> str:
    plan = cells.plan
    made = cells.columns()
    if Placement.SPANS in rows:
        passing = [
            one for one, here in zip(columns, mine, strict=True) if here and one.placement is Placement.SPANS
        ]
        made += passage(passing, part, cells.suffixes)
    made += [
        f"{_inside(placement, suffix)} AS {_ROW[placement]}{suffix}"
        for placement in _AT
        if placement in rows
        for suffix in cells.suffixes
    ]
    found = Aggregates(
        columns,
        {
            n: _aggregate(one, part, cells)
            for n, (one, here) in enumerate(zip(columns, mine, strict=True))
            if here
        },
    )
    backs = plan.compare and plan.series
    names = [*key_names(plan), *(["bucket"] if plan.series else [])]
    shared = [*names, *(["back"] if backs else [])]
    keys = key_columns(plan, cells.binder)
    select = ", ".join([*keys, *shared[len(plan.groups) :], *found.made()]) or "1"
    sql = f"WITH {', '.join(made)} SELECT {select} {_rows(cells, rows)}{chosen}"
    if part is Part.ACROSS:
        sql += f" AND ({cells.crossed()})"
    if plan.groups or not plan.fill:
        # A view that touches a cell and is not counted there does not make it known.
        counted = (f"{_ROW[one]}{suffix}" for one in Placement if one in rows for suffix in cells.suffixes)
        sql += f" AND ({' OR '.join(counted)})"
    if shared:
        sql += f" GROUP BY {', '.join(shared)}"
    return f"SELECT {', '.join([*names, *found.numbers(compare=backs)])} FROM ({sql})"


def _rows(cells: Cells, rows: set[Placement]) -> str:
    """``FROM … WHERE …``: views that touch the periods, in a series a row for each cell."""
    plan, binder = cells.plan, cells.binder
    return views(
        binder,
        plan.project,
        plan.filter,
        *touching(cells.first_ms, plan.end_ms, binder),
        bots=plan.bots,
        groups=plan.groups,
        apart=f"{_touched(cells, rows)} AS cell" if plan.series else "",
    )


def _touched(cells: Cells, rows: set[Placement]) -> str:
    """The cells of a series that a view touches."""
    start, end = _AT[Placement.VIEW_START], _AT[Placement.VIEW_END]
    if Placement.SPANS in rows:
        start, end = f"least({start}, begun_ms)", f"greatest({end}, over_ms)"
    low, high = (
        cells.binder.bind(cells.first_ms, "Int64"),
        cells.binder.bind(cells.plan.end_ms - 1, "Int64"),
    )
    first, last = cells.index(f"greatest({start}, {low})"), cells.index(f"least({end}, {high})")
    return f"range({first}, {last} + 1)" if Placement.SPANS in rows else f"arrayDistinct([{first}, {last}])"


def _inside(placement: Placement, suffix: str) -> str:
    """Whether a view starts, or is over, in the cell."""
    at = _AT[placement]
    inside = f"{at} >= low{suffix} AND {at} < high{suffix}"
    return f"closed AND {inside}" if placement is Placement.VIEW_END else inside


def _aggregate(column: Column, part: Part, cells: Cells) -> str:
    suffix = cells.suffix_of(column)
    among = f"{_ROW[column.placement]}{suffix}"
    if column.weight:
        return weight(column.measure, cells.plan, among, rest=column.rest)
    if column.placement is Placement.SPANS:
        start_ms = cells.first_ms if column.previous else cells.plan.start_ms
        return amount(column, part, cells.plan.now_ms, start_ms, suffix, cells.binder)
    return over_views(column.measure, cells.plan, among)
