"""One measurement of one metric as SQL: an aggregate over rows of `views`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from firstframe.metrics.metric import (
    Concurrent,
    Count,
    Distinct,
    Elapsed,
    Ratio,
    Shape,
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


def over_views(measure: Measure, plan: Plan, among: str | None = None) -> str:
    """The aggregate over whole views; ``among`` is a condition that tells which rows are counted at all."""
    shape, measurement = _kept(measure.metric.shape, among), measure.measurement
    if isinstance(shape, Count):
        return f"toInt64(countIf({shape.condition}))"
    if isinstance(shape, Distinct):
        return _distinct(shape, plan)
    if isinstance(shape, Share):
        return f"countIf(({shape.part}) AND ({shape.whole})) / nullIf(countIf({shape.whole}), 0)"
    if isinstance(shape, Ratio):
        return _ratio(shape, measurement, plan)
    if isinstance(shape, Value):
        return _value(shape, measurement, plan)
    if isinstance(shape, Elapsed):
        return _spread(f"toFloat64({shape.total})", shape.condition, measurement, plan)
    raise TypeError(f"{measure.key} is measured over spans")


def has_rest(measure: Measure, plan: Plan) -> bool:
    """Whether some of the views that have a value may stand apart from the others."""
    shape = measure.metric.shape
    return isinstance(shape, Value) and shape.apart is not None and not plan.ready_times


def weight(measure: Measure, plan: Plan, among: str | None = None, *, rest: bool = False) -> str:
    """What the measure weighs in its group: Σ of the denominator, or the number of views that have a value.

    Where some stand apart, only the others are counted; with ``rest`` only those that stand apart.
    """
    shape = _kept(measure.metric.shape, among)
    if isinstance(shape, Share):
        return f"toFloat64(countIf({shape.whole}))"
    if isinstance(shape, Ratio):
        if measure.measurement == "mean":
            return f"toFloat64(ifNull(sumIf({shape.denominator}, {shape.condition}), 0))"
        return f"toFloat64(countIf({shape.condition}))"
    if isinstance(shape, Value):
        known = f"({shape.condition}) AND ({shape.value}) IS NOT NULL"
        if has_rest(measure, plan):
            known += f" AND {'' if rest else 'NOT '}{shape.apart}"
        return f"toFloat64(countIf({known}))"
    condition = _and(among, "attempted") if isinstance(shape, Concurrent) else shape.condition
    return f"toFloat64(countIf({condition}))"


def _kept(shape: Shape, among: str | None) -> Shape:
    """The same shape over fewer rows."""
    if among is None or isinstance(shape, Concurrent):
        return shape
    if isinstance(shape, Share):
        return msgspec.structs.replace(shape, whole=_and(among, shape.whole))
    return msgspec.structs.replace(shape, condition=_and(among, shape.condition))


def _and(among: str | None, condition: str) -> str:
    return condition if among is None else f"{among} AND ({condition})"


def _distinct(shape: Distinct, plan: Plan) -> str:
    """Ids as 128 bits: a UUID's own, of any other text a hash (a third of the time that the engine's own takes)."""
    text = f"reinterpretAsUInt128(murmurHash3_128({shape.text}))"
    value = f"if(empty({shape.uuid}), {text}, reinterpretAsUInt128({shape.uuid}))"
    function = "uniqExactIf" if plan.uniques == "exact" else "uniqCombined64If"
    return f"toInt64({function}({value}, {shape.condition}))"


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
    if plan.ready_times:
        return _spread(each, shape.condition, measurement, plan)
    return true_or_rest(shape, lambda condition: _spread(each, condition, measurement, plan))


def true_or_rest(shape: Value, aggregate: Callable[[str], str]) -> str:
    """An aggregate, made of a condition: of views whose number means what it says; where none has one, of the rest."""
    if shape.apart is None:
        return aggregate(shape.condition)
    true, rest = f"({shape.condition}) AND NOT {shape.apart}", f"({shape.condition}) AND {shape.apart}"
    return f"coalesce({aggregate(true)}, {aggregate(rest)})"


_PLAIN: dict[str, Callable[[str, str], str]] = {
    "sum": lambda each, condition: f"sumOrNullIf({each}, {condition})",
    "mean": lambda each, condition: f"avgOrNullIf({each}, {condition})",
}


def _spread(each: str, condition: str, measurement: str, plan: Plan) -> str:
    if measurement in _PLAIN:
        return _PLAIN[measurement](each, condition)
    function = "quantileExactInclusive" if plan.quantiles == "exact" else "quantileTDigest"
    return f"{function}OrNullIf({quantile_of(measurement)})({each}, {condition})"
