"""What a metric is: its words, and its SQL as data over the columns of `views`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec

Unit = Literal["count", "ms", "ratio", "bps", "per_minute", "score"]
Better = Literal["higher", "lower", "neutral"]

PERCENTILE = re.compile(r"p(?!0+(?:\.0+)?$)(\d{1,2}(?:\.\d{1,2})?)", re.ASCII)
"""``p1`` … ``p99.99``; p0 and p100 are not percentiles but the extremes of outliers."""


class Placement(StrEnum):
    """Which instant of a view decides the bucket it is counted in."""

    VIEW_START = "view_start"
    """Engagement: every view, open ones too."""
    VIEW_END = "view_end"
    """Quality: views that are over."""
    SPANS = "spans"
    """Split over the buckets by the intervals of the view's states."""


class Count(msgspec.Struct, frozen=True, tag=True):
    """How many views fulfil a condition."""

    condition: str


class Distinct(msgspec.Struct, frozen=True, tag=True):
    """How many different ids there are; none is not one."""

    uuid: str
    """Where ids are kept that have the form of a UUID."""
    text: str
    """Where all others are; null where there is no id."""
    condition: str


class Share(msgspec.Struct, frozen=True, tag=True):
    """Views that fulfil `part` among those that fulfil `whole`."""

    part: str
    whole: str


class Ratio(msgspec.Struct, frozen=True, tag=True):
    """Σ numerator ÷ Σ denominator over views that fulfil the condition; per view, the quotient of its own pair."""

    numerator: str
    denominator: str
    condition: str


class Value(msgspec.Struct, frozen=True, tag=True):
    """One number for each view that fulfils the condition and knows it."""

    value: str
    condition: str
    apart: str | None = None
    """Views whose number means something else: used only where no other view of the group has one."""
    default: Literal["sum", "mean", "median"] = "median"
    zero: bool = False
    """The sum of no views is 0, because the column is never null."""


class Elapsed(msgspec.Struct, frozen=True, tag=True):
    """Time in some states, split over buckets. `total` is the record's own sum, which wins over that of the spans."""

    states: tuple[str, ...]
    total: str
    condition: str


class Concurrent(msgspec.Struct, frozen=True, tag=True):
    """How many views are in some states at once."""

    states: tuple[str, ...]


Shape = Count | Distinct | Share | Ratio | Value | Elapsed | Concurrent

SPREAD = ("mean", "median", "pNN")
MEASUREMENTS: Mapping[type[Shape], tuple[str, ...]] = {
    Count: ("sum",),
    Distinct: ("sum",),
    Share: ("mean",),
    Ratio: SPREAD,
    Value: ("sum", *SPREAD),
    Elapsed: ("sum", *SPREAD),
    Concurrent: ("peak", "mean"),
}
"""What may follow the dot. The first is the default; a `Value` names its own."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One number with one meaning."""

    id: str
    title: str
    unit: Unit
    better: Better
    placement: Placement
    formula: str
    """In words; what the SQL does."""
    inclusion: str
    """Which views enter it."""
    description: str
    vendors: Mapping[str, str] = {}
    """What others call it; where theirs is not quite the same, how."""
    shape: Shape

    @property
    def measurements(self) -> tuple[str, ...]:
        return MEASUREMENTS[type(self.shape)]

    @property
    def default(self) -> str:
        return self.shape.default if isinstance(self.shape, Value) else self.measurements[0]

    def allows(self, measurement: str) -> bool:
        if measurement in self.measurements:
            return measurement != "pNN"
        return "pNN" in self.measurements and PERCENTILE.fullmatch(measurement) is not None

    def placed(self, measurement: str) -> Placement:
        """Time is split by spans as a sum; its spread over views has no place but the view's."""
        if isinstance(self.shape, Elapsed) and measurement != "sum":
            return Placement.VIEW_START
        return self.placement


def quantile_of(measurement: str) -> float | None:
    """0.95 for ``p95``, 0.5 for ``median``, None for what is no quantile."""
    if measurement == "median":
        return 0.5
    found = PERCENTILE.fullmatch(measurement)
    return round(float(found.group(1)) / 100, 6) if found else None


def each_view(shape: Shape) -> str | None:
    """SQL for the number that one view has, null where it has none; None for what only many views have together."""
    match shape:
        case Value(value=value, condition=condition):
            return f"if({condition}, toFloat64({value}), NULL)"
        case Ratio(numerator=numerator, denominator=denominator, condition=condition):
            return f"if({condition}, ({numerator}) / nullIf(toFloat64({denominator}), 0), NULL)"
        case Share(part=part, whole=whole):
            return f"if({whole}, toFloat64({part}), NULL)"
        case Elapsed(total=total, condition=condition):
            return f"if({condition}, toFloat64({total}), NULL)"
    return None
