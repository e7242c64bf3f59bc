"""Routes about what can be asked: metrics, dimensions, and the values that dimensions have."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from firstframe.accounts.account import Token
from firstframe.api.access import check_dimensions
from firstframe.api.fault import answers
from firstframe.api.service import Services
from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS, Dimension, find_dimension
from firstframe.metrics.filter import OPS, read_filters, speaks_of_bots
from firstframe.metrics.instant import iso, read_range
from firstframe.metrics.metric import Metric
from firstframe.metrics.value import ValueCount, values_of
from firstframe.metrics.zone import zone_of

MOST_VALUES = 10_000


class MetricEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One metric as callers see it."""

    id: str
    title: str
    unit: str
    better: str
    placement: str
    measurements: list[str]
    default_measurement: str
    formula: str
    inclusion: str
    description: str
    vendors: dict[str, str]


class DimensionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension as callers see it."""

    id: str
    title: str
    type: str
    group: str
    description: str
    values: list[str] | None
    ops: list[str]
    identifying: bool
    """For secret tokens only."""


class MetricList(msgspec.Struct, frozen=True):
    data: list[MetricEntry]


class DimensionList(msgspec.Struct, frozen=True):
    data: list[DimensionEntry]


class ValueMeta(msgspec.Struct, frozen=True, rename={"from_": "from"}, kw_only=True):
    """What is to be known about a list of values."""

    dimension: str
    from_: str
    to: str
    row_count: int
    truncated: bool


class ValueList(msgspec.Struct, frozen=True):
    data: list[ValueCount]
    meta: ValueMeta


@get("/v1/metrics", tags=["catalogue"], summary="Every metric there is", responses=answers())
async def list_metrics() -> MetricList:
    """What each metric means, in which measurements it comes, and what others call it."""
    return MetricList([metric_entry(metric) for metric in METRICS])


@get("/v1/dimensions", tags=["catalogue"], summary="Every dimension there is", responses=answers())
async def list_dimensions() -> DimensionList:
    """What questions may group by and filter on. Besides these: ``extra.<key>``."""
    return DimensionList([dimension_entry(dimension) for dimension in DIMENSIONS])


@get(
    "/v1/dimensions/{dimension_id:str}/values",
    tags=["catalogue"],
    summary="The values of a dimension",
    responses=answers(400),
)
async def list_values(
    dimension_id: FromPath[str],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    search: Annotated[
        str, QueryParameter(description="only values that contain this, whatever the case")
    ] = "",
    start: Annotated[str, QueryParameter(name="from", description="views begun from this instant")] = "-7d",
    end: Annotated[str, QueryParameter(name="to", description="views begun before this instant")] = "now",
    timezone: Annotated[str, QueryParameter(description="IANA name, for instants without an offset")] = "UTC",
    filters: Annotated[list[str] | None, QueryParameter(description="dimension:op:value, repeatable")] = None,
    include_bots: Annotated[bool, QueryParameter(description="count the views of robots too")] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_VALUES, description="at most so many values")] = 100,
) -> ValueList:
    """The commonest first, each with the number of views that had it."""
    dimension = find_dimension(dimension_id, "dimension_id", groupable=True)
    start_ms, end_ms = read_range(start, end, services.now_ms(), zone_of(timezone))
    found = read_filters(filters or [])
    check_dimensions(caller, found, [dimension])
    with services.seconds.labels("values").time():
        values, more = await values_of(
            services.engine,
            caller.project,
            dimension,
            found=found,
            start_ms=start_ms,
            end_ms=end_ms,
            search=clean(search),
            limit=limit,
            bots=include_bots or speaks_of_bots(found, [dimension]),
        )
    meta = ValueMeta(
        dimension=dimension.id, from_=iso(start_ms), to=iso(end_ms), row_count=len(values), truncated=more
    )
    return ValueList(values, meta)


def metric_entry(metric: Metric) -> MetricEntry:
    """A catalogue entry without its SQL."""
    return MetricEntry(
        id=metric.id,
        title=metric.title,
        unit=metric.unit,
        better=metric.better,
        placement=metric.placement.value,
        measurements=list(metric.measurements),
        default_measurement=metric.default,
        formula=metric.formula,
        inclusion=metric.inclusion,
        description=metric.description,
        vendors=dict(metric.vendors),
    )


def dimension_entry(dimension: Dimension) -> DimensionEntry:
    """A dimension without its SQL."""
    return DimensionEntry(
        id=dimension.id,
        title=dimension.title,
        type=dimension.kind,
        group=dimension.group,
        description=dimension.description,
        values=None if dimension.values is None else list(dimension.values),
        ops=[name for name, op in OPS.items() if dimension.kind in op.kinds],
        identifying=dimension.identifying,
    )


def clean(text: str) -> str:
    """Text that the engine can take: lone surrogates, which no query string should hold, are replaced."""
    return text.encode("utf-8", "replace").decode()
