"""A question: what a caller asks, as it comes, and the same checked and ready to compile.

Every complaint names the parameter, what was wrong with it, and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from firstframe.errors import BadRequest
from firstframe.metrics.catalogue import METRIC_BY_ID
from firstframe.metrics.dimension import Dimension, find_groups, split_names, unknown
from firstframe.metrics.filter import Filter, read_filters, speaks_of_bots
from firstframe.metrics.granularity import Buckets, Granularity, buckets_of
from firstframe.metrics.instant import read_range
from firstframe.metrics.metric import Metric
from firstframe.metrics.zone import zone_of

DEFAULT_LIMIT = 1_000
MOST_ROWS = 100_000
MOST_METRICS = 60
MOST_GROUPS = 8

Precision = Literal["exact", "sketched"]
Format = Literal["json", "csv", "arrow", "parquet"]
Texts = str | list[str]


class Question(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What `GET` and `POST /v1/query` take. Lists may be given as one text with commas."""

    metrics: Texts
    group_by: Texts = []
    filters: Any = []
    from_: str | int | float = "-24h"
    to: str | int | float = "now"
    granularity: str = "all"
    timezone: str = "UTC"
    order_by: Texts = []
    limit: int = DEFAULT_LIMIT
    group_limit: int | None = None
    """Keep this many groups, the first by `order_by` over the whole range; each with all its buckets."""
    compare: str | None = None
    """``previous``: the period of the same length right before, as ``<metric>.previous``."""
    fill: bool = True
    """Buckets without views are answered too: counts as 0, all else as null."""
    totals: bool = False
    """Also the metrics of all views together, under ``meta.totals``."""
    weights: bool = False
    """Also what each metric weighs, as ``<metric>.weight``: its denominator, or the views it was made of."""
    uniques: str = "exact"
    quantiles: str = "exact"
    include_bots: bool = False
    include_ready_times: bool = False
    """Load-to-ready times are startup times like any other."""
    format: str = "json"


class Measure(msgspec.Struct, frozen=True):
    """One metric in one measurement, and the key it is answered under."""

    key: str
    metric: Metric
    measurement: str


class Order(msgspec.Struct, frozen=True):
    """One key to sort by."""

    key: str
    descending: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A question of which everything is known to exist and to fit together."""

    project: str
    measures: tuple[Measure, ...]
    groups: tuple[Dimension, ...]
    filter: Filter
    start_ms: int
    end_ms: int
    now_ms: int
    granularity: Granularity
    zone: str
    buckets: Buckets
    order: tuple[Order, ...]
    limit: int
    group_limit: int | None
    compare: bool
    fill: bool
    totals: bool
    weights: bool
    uniques: Precision
    quantiles: Precision
    bots: bool
    ready_times: bool
    format: Format

    @property
    def series(self) -> bool:
        """Whether rows have a time."""
        return self.granularity is not Granularity.ALL


_NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(Question)}
PARAMETERS = tuple(_NAMES.values())
_BY_NAME = {field.encode_name: field for field in msgspec.structs.fields(Question)}


def question_of(params: Mapping[str, Sequence[str]]) -> Question:
    """A question from the parameters of a query string, each with all its values. Raises `BadRequest`."""
    body: dict[str, Any] = {}
    for name, values in params.items():
        if name not in _BY_NAME:
            raise unknown("the query string", name, PARAMETERS, list(PARAMETERS))
        body[name] = list(values) if name in ("metrics", "group_by", "order_by", "filters") else values[-1]
    return read_question(body, strict=False)


def read_question(body: Any, *, strict: bool = True) -> Question:
    """A question from decoded JSON. Raises `BadRequest` that names the parameter."""
    if isinstance(body, dict):
        for name in body:
            if name not in _BY_NAME:
                raise unknown("the question", str(name), PARAMETERS, list(PARAMETERS))
    try:
        return msgspec.convert(body, Question, strict=strict)
    except msgspec.ValidationError as error:
        raise _badly_typed(str(error)) from error


def plan_of(question: Question, project: str, now_ms: int) -> Plan:
    """The question checked. Raises `BadRequest`."""
    zone = zone_of(question.timezone)
    start_ms, end_ms = read_range(question.from_, question.to, now_ms, zone)
    granularity = _choice("granularity", question.granularity, Granularity)
    measures = _measures(_list("metrics", question.metrics, MOST_METRICS))
    groups = find_groups(_list("group_by", question.group_by, MOST_GROUPS))
    found = read_filters(question.filters)
    return Plan(
        project=project,
        measures=measures,
        groups=groups,
        filter=found,
        start_ms=start_ms,
        end_ms=end_ms,
        now_ms=now_ms,
        granularity=granularity,
        zone=zone.key,
        buckets=buckets_of(granularity, start_ms, end_ms, zone),
        order=_order(question, measures, groups, granularity),
        limit=_between("limit", question.limit, 1, MOST_ROWS),
        group_limit=_group_limit(question, groups),
        compare=_compare(question, start_ms, end_ms),
        fill=question.fill,
        totals=question.totals,
        weights=question.weights,
        uniques=_literal("uniques", question.uniques, ("exact", "sketched")),
        quantiles=_literal("quantiles", question.quantiles, ("exact", "sketched")),
        bots=question.include_bots or speaks_of_bots(found, groups),
        ready_times=question.include_ready_times,
        format=_literal("format", question.format, ("json", "csv", "arrow", "parquet")),
    )


def measure_of(name: str, parameter: str = "metrics") -> Measure:
    """``video_startup_time.p95`` as a metric and its measurement. Raises `BadRequest`."""
    metric_id, _, measurement = name.partition(".")
    metric = METRIC_BY_ID.get(metric_id)
    if metric is None:
        raise unknown(parameter, metric_id, METRIC_BY_ID, "any id of GET /v1/metrics")
    if measurement and not metric.allows(measurement):
        allowed = [f"{metric.id}.{one}" for one in metric.measurements]
        raise BadRequest(
            f"{parameter} asks for {name[:100]!r}, but {metric.id} has {', '.join(metric.measurements)}",
            parameter=parameter,
            got=name[:100],
            allowed=allowed,
        )
    if "." in name and not measurement:
        raise unknown(parameter, name, METRIC_BY_ID, "any id of GET /v1/metrics")
    return Measure(name, metric, measurement or metric.default)


def _measures(names: Sequence[str]) -> tuple[Measure, ...]:
    if not names:
        raise BadRequest(
            "metrics is empty", parameter="metrics", got="", allowed="one or more ids of GET /v1/metrics"
        )
    return tuple(measure_of(name) for name in dict.fromkeys(names))


def _order(
    question: Question, measures: Sequence[Measure], groups: Sequence[Dimension], granularity: Granularity
) -> tuple[Order, ...]:
    known = [key for measure in measures for key in _keys(measure, question)]
    known += [dimension.id for dimension in groups]
    if granularity is not Granularity.ALL:
        known.append("time")
    order = []
    for name in _list("order_by", question.order_by, MOST_METRICS):
        key = name.removeprefix("-").removeprefix("+")
        if key not in known:
            raise unknown("order_by", key, known, [*known, *(f"-{one}" for one in known)])
        order.append(Order(key, name.startswith("-")))
    return tuple(order)


def _keys(measure: Measure, question: Question) -> list[str]:
    """What a measure is answered under: its own key, and those of what else is asked of it."""
    asked = {"": True, ".previous": question.compare == "previous", ".weight": question.weights}
    return [measure.key + ending for ending, is_asked in asked.items() if is_asked]


def _group_limit(question: Question, groups: Sequence[Dimension]) -> int | None:
    if question.group_limit is None:
        return None
    if not groups:
        raise BadRequest(
            "group_limit needs group_by",
            parameter="group_limit",
            got=question.group_limit,
            allowed="with group_by",
        )
    return _between("group_limit", question.group_limit, 1, 1_000)


def _compare(question: Question, start_ms: int, end_ms: int) -> bool:
    if question.compare in (None, "", "none"):
        return False
    _literal("compare", str(question.compare), ("previous",))
    if start_ms - (end_ms - start_ms) < 0:
        raise BadRequest(
            "compare has no previous period before 1970",
            parameter="compare",
            got=question.compare,
            allowed="a later from",
        )
    return True


def _list(parameter: str, value: Texts, most: int) -> list[str]:
    found = split_names([value] if isinstance(value, str) else value)
    if len(found) > most:
        raise BadRequest(
            f"{parameter} names {len(found)} things, {most} are allowed",
            parameter=parameter,
            got=len(found),
            allowed=most,
        )
    return found


def _choice(parameter: str, value: str, choices: type[Granularity]) -> Granularity:
    allowed = [choice.value for choice in choices]
    if value not in allowed:
        raise unknown(parameter, value, allowed, allowed)
    return choices(value)


def _literal(parameter: str, value: str, allowed: Sequence[str]) -> Any:
    if value not in allowed:
        raise unknown(parameter, value, allowed, list(allowed))
    return value


def _between(parameter: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise BadRequest(
            f"{parameter} is {value}, but {low} to {high} is allowed",
            parameter=parameter,
            got=value,
            allowed=f"{low} to {high}",
        )
    return value


def _badly_typed(text: str) -> BadRequest:
    """A complaint of msgspec with the parameter taken out of its path."""
    message, _, path = text.partition(" - at `$.")
    parameter = path.rstrip("`").split("[")[0].split(".")[0]
    if not parameter:
        is_missing = "missing required field" in text
        parameter, message = ("metrics", "it is missing") if is_missing else ("the question", message)
    kinds = {"metrics": "a list of metric ids", "limit": "an integer"}
    if "Expected `bool`" in message:
        kinds[parameter] = "true or false"
    return BadRequest(
        f"{parameter}: {message[0].lower()}{message[1:]}",
        parameter=parameter,
        got=message,
        allowed=kinds.get(parameter, "see GET /schema/openapi.json"),
    )
