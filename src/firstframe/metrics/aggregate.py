"""One measurement of one metric as SQL: an aggregate over rows of `views`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from firstframe.metrics.metric import (
    Concurrent,
    Count,
    Distinct,
    Elapsed,
    Ratio,
    Share,
    Value,
    quantile_of,
)
from firstframe.metrics.query import Measure, Plan

ColumnType = Literal["Int64", "Float64"]


def column_type(measure: Measure) -> ColumnType:
    """Whole numbers stay whole."""
    counted = isinstance(measure.metric.shape, Count | Distinct) or measure.measurement == "peak"
    return "Int64" if counted else "Float64"


def zero_when_empty(measure: Measure) -> bool:
    """Whether no views make 0 (they can be counted) or null (there is nothing to say)."""
    shape = measure.metric.shape
    if isinstance(shape, Value):
        return shape.zero and measure.measurement == "sum"
    if isinstance(shape, Elapsed):
        return measure.measurement == "sum"
    return isinstance(shape, Count | Distinct | Concurrent)


def over_views(measure: Measure, plan: Plan) -> str:
    """The aggregate over whole views."""
    shape, measurement = measure.metric.shape, measure.measurement
    if isinstance(shape, Count):
        return f"toInt64(countIf({shape.condition}))"
    if isinstance(shape, Distinct):
        function = "uniqExactIf" if plan.uniques == "exact" else "uniqCombined64If"
        return f"toInt64({function}({shape.value}, {shape.condition}))"
    if isinstance(shape, Share):
        return f"countIf(({shape.part}) AND ({shape.whole})) / nullIf(countIf({shape.whole}), 0)"
    if isinstance(shape, Ratio):
        return _ratio(shape, measurement, plan)
    if isinstance(shape, Value):
        return _value(shape, measurement, plan)
    if isinstance(shape, Elapsed):
        return _spread(f"toFloat64({shape.total})", shape.condition, measurement, plan)
    raise TypeError(f"{measure.key} is measured over spans")


def weight(measure: Measure) -> str:
    """What the measure weighs in its group: Σ of the denominator, or the number of views that have a value."""
    shape = measure.metric.shape
    if isinstance(shape, Share):
        return f"toFloat64(countIf({shape.whole}))"
    if isinstance(shape, Ratio):
        if measure.measurement == "mean":
            return f"toFloat64(ifNull(sumIf({shape.denominator}, {shape.condition}), 0))"
        return f"toFloat64(countIf({shape.condition}))"
    if isinstance(shape, Value):
        return f"toFloat64(countIf(({shape.condition}) AND ({shape.value}) IS NOT NULL))"
    condition = shape.condition if isinstance(shape, Count | Distinct | Elapsed) else "attempted"
    return f"toFloat64(countIf({condition}))"


def _ratio(shape: Ratio, measurement: str, plan: Plan) -> str:
    if measurement == "mean":
        return (
            f"toFloat64(sumIf({shape.numerator}, {shape.condition}))"
            f" / nullIf(toFloat64(sumIf({shape.denominator}, {shape.condition})), 0)"
        )
    each = f"({shape.numerator}) / nullIf(toFloat64({shape.denominator}), 0)"
    return _spread(each, shape.condition, measurement, plan)


def _value(shape: Value, measurement: str, plan: Plan) -> str:
    each = f"toFloat64({shape.value})"
    together = _spread(each, shape.condition, measurement, plan)
    if shape.apart is None or plan.ready_times:
        return together
    true = _spread(each, f"({shape.condition}) AND NOT {shape.apart}", measurement, plan)
    return f"coalesce({true}, {together})"


_PLAIN: dict[str, Callable[[str, str], str]] = {
    "sum": lambda each, condition: f"sumOrNullIf({each}, {condition})",
    "mean": lambda each, condition: f"avgOrNullIf({each}, {condition})",
}


def _spread(each: str, condition: str, measurement: str, plan: Plan) -> str:
    if measurement in _PLAIN:
        return _PLAIN[measurement](each, condition)
    function = "quantileExactInclusive" if plan.quantiles == "exact" else "quantileTDigest"
    return f"{function}OrNullIf({quantile_of(measurement)})({each}, {condition})"
