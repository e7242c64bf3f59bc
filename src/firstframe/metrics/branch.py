"""A branch of a question's SQL: what is counted of one placement in one period, and the columns all branches share."""

from __future__ import annotations

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


def cast(sql: str, column: Column, number: int) -> str:
    """A number of the answer, of the type that it has in every branch."""
    return f"CAST({sql} AS Nullable({column.type})) AS m{number}"


def null(column: Column, number: int) -> str:
    """A number of the answer that another branch knows."""
    return f"CAST(NULL AS Nullable({column.type})) AS m{number}"
