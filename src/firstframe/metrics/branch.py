"""A branch of a question's SQL: what is counted of one placement in one period, and the columns all branches share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from firstframe.metrics.aggregate import column_type, zero_when_empty
from firstframe.metrics.bind import Binder
from firstframe.metrics.granularity import Buckets
from firstframe.metrics.metric import Placement
from firstframe.metrics.query import Measure, Plan


class Column(msgspec.Struct, frozen=True):
    """One number of the answer: a measure, its previous value, or its weight."""

    key: str
    measure: Measure
    previous: bool = False
    weight: bool = False
    rest: bool = False
    """The weight of the views that stand apart; not answered by itself."""

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


class Period(msgspec.Struct, frozen=True):
    """The plan's range, or the one of the same length before it."""

    plan: Plan
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


def key_columns(plan: Plan, binder: Binder) -> list[str]:
    """The groups as columns ``k0``, ``k1`` …"""
    return [f"{group.expression(binder)} AS k{n}" for n, group in enumerate(plan.groups)]


def key_names(plan: Plan) -> list[str]:
    """Their names."""
    return [f"k{n}" for n in range(len(plan.groups))]


def group_by(plan: Plan) -> str:
    """By the groups and, in a series, by the bucket."""
    names = [*key_names(plan), *(["bucket"] if plan.series else [])]
    return f" GROUP BY {', '.join(names)}" if names else ""


class Aggregates:
    """The aggregates of a branch, each written once: a number and the same of the period before are one."""

    def __init__(self, columns: Sequence[Column], sql_of: Mapping[int, str]) -> None:
        self._columns, self._sql_of = columns, sql_of
        self._names = {sql: f"a{n}" for n, sql in enumerate(dict.fromkeys(sql_of.values()))}

    def made(self) -> list[str]:
        """The aggregates by name."""
        return [f"{sql} AS {name}" for sql, name in self._names.items()]

    def numbers(self, *, compare: bool) -> list[str]:
        """The numbers of the answer over them; of rows that tell in ``back`` which period they are of."""
        return [
            self._number(n, one, compare=compare) if n in self._sql_of else null(one, n)
            for n, one in enumerate(self._columns)
        ]

    def _number(self, number: int, column: Column, *, compare: bool) -> str:
        name = self._names[self._sql_of[number]]
        return cast(f"if(back = {int(column.previous)}, {name}, NULL)" if compare else name, column, number)


def cast(sql: str, column: Column, number: int) -> str:
    """A number of the answer, of the type that it has in every branch."""
    return f"CAST({sql} AS Nullable({column.type})) AS m{number}"


def null(column: Column, number: int) -> str:
    """A number of the answer that another branch knows."""
    return f"CAST(NULL AS Nullable({column.type})) AS m{number}"
