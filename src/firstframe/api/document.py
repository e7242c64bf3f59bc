"""The OpenAPI document: what the framework knows, and what only the question knows."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar

from firstframe.alerts.alert import MOST_CHANNELS, MOST_GROUP_BY, MOST_WINDOW_MINUTES, Rule
from firstframe.api.query import MEDIA_TYPES
from firstframe.metrics.asset import Asset
from firstframe.metrics.catalogue import METRIC_BY_ID
from firstframe.metrics.dimension import DIMENSION_BY_ID
from firstframe.metrics.query import Question

_LISTS = ("metrics", "group_by", "order_by")
_CHOICES = {
    "granularity": ["5s", "minute", "5m", "10m", "hour", "day", "week", "month", "year", "all"],
    "compare": ["previous", "none"],
    "uniques": ["exact", "sketched"],
    "quantiles": ["exact", "sketched"],
    "format": ["json", "csv", "arrow", "parquet"],
}
_INSTANTS: list[dict[str, Any]] = [
    {"enum": ["now"]},
    {"type": "string", "pattern": r"^-\d{1,4}[smhdw]$"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "number", "minimum": 100_000_000},
]
_WORDS = {
    "metrics": "ids of `GET /v1/metrics`, each with or without a measurement: `video_startup_time.p95`",
    "group_by": "ids of `GET /v1/dimensions`, or `extra.<key>`",
    "filters": "`dimension:op:value`; several must all hold. Or a JSON tree of `and`, `or`, `not`",
    "from": "ISO 8601, epoch seconds or milliseconds, or relative such as `-24h`",
    "to": "the same; not included",
    "granularity": "width of the time buckets",
    "timezone": "IANA name: where days begin, and what instants without an offset mean",
    "order_by": "keys of the answer, those of `compare` and `weights` included; `-` before one for descending",
    "limit": "rows",
    "group_limit": "groups, the first by `order_by` over the whole range, each with all its buckets",
    "compare": "the period of the same length right before, as `<metric>.previous`",
    "fill": "answer buckets without views too",
    "totals": "the metrics of all views together, in `meta.totals`",
    "weights": "what each number weighs, as `<metric>.weight`",
    "uniques": "count unique viewers exactly, or with a sketch (faster on many views; up to 1 % off)",
    "quantiles": "percentiles exactly, or with a sketch (faster; up to 1 % off on thousands of views, several on hundreds)",
    "include_bots": "robots too",
    "include_ready_times": "count load-to-ready times of SDKs as startup times even beside true ones",
    "format": "how the answer is written",
}


def document(app: Litestar) -> dict[str, Any]:
    """The framework's document with the parameters and bodies that it does not see."""
    found: dict[str, Any] = app.openapi_schema.to_schema()
    query = found["paths"]["/v1/query"]
    query["get"]["parameters"] = [
        _parameter(name, schema) for name, schema in question_schema()["properties"].items()
    ]
    query["post"]["requestBody"] = _body(question_schema())
    for verb in ("get", "post"):
        content = query[verb]["responses"]["200"]["content"]
        for kind in ("csv", "arrow", "parquet"):
            content[MEDIA_TYPES[kind].partition(";")[0]] = {"schema": {"type": "string", "format": "binary"}}
    _empty_nothing(found)
    values = found["paths"]["/v1/dimensions/{dimension_id}/values"]["get"]["parameters"]
    next(one for one in values if one["name"] == "dimension_id")["schema"] = _dimension_id()
    asset = _asset_schema()
    one = {**asset, "required": []}
    found["paths"]["/v1/assets/{playback_id}"]["put"]["requestBody"] = _body(one)
    found["paths"]["/v1/assets"]["put"]["requestBody"] = _body(
        {"type": "array", "items": asset, "maxItems": 5000}
    )
    for path, verb in _RULES:
        if path in found["paths"]:  # alerts are not in every application
            found["paths"][path][verb]["requestBody"] = _body(_rule_schema())
    return found


_RULES = (("/v1/alerts", "post"), ("/v1/alerts/{alert_id}", "put"), ("/v1/alerts/preview", "post"))
"""Routes whose body is a rule."""


def _empty_nothing(found: dict[str, Any]) -> None:
    """Answers without a body have no media type; the framework gives them one."""
    for verbs in found["paths"].values():
        for operation in verbs.values():
            operation["responses"].get("204", {}).pop("content", None)


def question_schema() -> dict[str, Any]:
    """JSON Schema of a question, every property described."""
    defined = msgspec.json.schema(Question)["$defs"]["Question"]
    properties = {
        name: {**_typed(name, schema), "description": _WORDS[name]}
        for name, schema in defined["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["metrics"],
        "additionalProperties": False,
    }


def _typed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name in _CHOICES:
        return {
            "type": "string",
            "enum": _CHOICES[name],
            **({"default": schema["default"]} if schema.get("default") else {}),
        }
    if name == "filters":
        return {"type": "array", "items": {}, "default": []}
    if name in _LISTS:
        return {"type": "array", "items": _items(name)}
    if name in ("from", "to"):
        return {"anyOf": _INSTANTS, "default": schema["default"]}
    if name == "timezone":
        return {"type": "string", "default": "UTC", "examples": ["UTC", "Europe/Berlin"]}
    if name == "limit":
        return {"type": "integer", "minimum": 1, "maximum": 100_000, "default": schema["default"]}
    if name == "group_limit":
        return {"type": "integer", "minimum": 1, "maximum": 1_000}
    return schema


def _items(name: str) -> dict[str, Any]:
    if name == "metrics":
        measured = "|".join(METRIC_BY_ID)
        pattern = rf"^({measured})\.(sum|mean|median|peak|p\d{{1,2}}(\.\d{{1,2}})?)$"
        return {"anyOf": [{"enum": list(METRIC_BY_ID)}, {"type": "string", "pattern": pattern}]}
    return _dimension_id() if name == "group_by" else {"type": "string"}


def _dimension_id() -> dict[str, Any]:
    return {"anyOf": [{"enum": list(DIMENSION_BY_ID)}, {"type": "string", "pattern": r"^extra\.\w{1,100}$"}]}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in schema.items() if key != "description"}
    if name == "filters":
        plain["items"] = {"type": "string"}
    return {
        "name": name,
        "in": "query",
        "required": name == "metrics",
        "description": schema["description"],
        "schema": plain,
    }


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _asset_schema() -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema(Asset)["$defs"]["Asset"]
    schema["properties"]["playback_id"] = {"type": "string", "minLength": 1, "maxLength": 256}
    return schema


def _rule_schema() -> dict[str, Any]:
    defined = msgspec.json.schema(Rule)["$defs"]
    schema: dict[str, Any] = defined["Rule"]
    properties = schema["properties"]
    properties["metric"] = _items("metrics")
    properties["filters"]["description"] = _WORDS["filters"]
    properties["group_by"] |= {"items": _dimension_id(), "maxItems": MOST_GROUP_BY}
    properties["window_minutes"] |= {"minimum": 1, "maximum": MOST_WINDOW_MINUTES}
    properties["notify"] |= {"items": defined["Channel"], "maxItems": MOST_CHANNELS}
    return schema
