"""Random questions to the API: most within the catalogue's grammar, with values and names made to break out of SQL."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from firstframe.metrics.catalogue import METRICS
from firstframe.metrics.dimension import DIMENSIONS, FILTERABLE, OF_METRIC
from firstframe.metrics.filter import OPS

MARK = "zq9"
"""Stands in every text that a person chooses, so that it can be found in SQL where it must not be."""
HOSTILE: Sequence[str] = (
    "",
    "'",
    "''",
    '"',
    "`",
    "\\",
    "\\'",
    "' OR 1=1 --",
    "'; DROP TABLE views; --",
    "{x:String}",
    "{project:String}",
    "{{",
    "}}",
    "%(x)s",
    "%s",
    "%00",
    "\x00",
    "\t\n\r",
    "/*",
    "--",
    ";",
    "日本語",
    "e\u0301",
    "\U0001f3ac",
    "\u202e",
    "x" * 2_000,
    "NULL",
    "1e999",
    "$1",
    "?",
    ":p",
    "@v",
    "#",
    "\ufeff",
)
NUMBERS: Sequence[Any] = (0, 1, -1, 0.5, 2**31, 2**53, -(2**53), 1e18, 1e308, -1e308, 1e-300, 2**63, 10**30)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Chatham")
GRAINS = ("10m", "hour", "day", "week", "month", "year", "all", "all")
TIMES = ("-1h", "-24h", "-7d", "-2w", "2026-03-12", "2026-03-12T20:00", "1790000000", "1790000000000")
STRANGE = ("now", "-0h", "x", "", "1e999", "-99999999999w", "fortnight", "minute", None, [], {}, 2**70, True)
FLAGS = ("fill", "totals", "weights", "include_bots", "include_ready_times")
DEPTH = 3


def question(chance: Random) -> dict[str, Any]:
    """One question, as ``POST /v1/query`` takes it."""
    asked: dict[str, Any] = {
        "metrics": [_metric(chance) for _ in range(chance.randint(1, 4))],
        "group_by": [_group(chance) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))],
        "filters": [_filter(chance, DEPTH) for _ in range(chance.choice((0, 1, 1, 2)))],
        "from": chance.choice(TIMES),
        "to": "now",
        "granularity": chance.choice(GRAINS),
        "timezone": chance.choice(ZONES),
        "limit": chance.choice((1, 10, 500, 100_000)),
        "uniques": chance.choice(("exact", "sketched")),
        "quantiles": chance.choice(("exact", "sketched")),
    }
    asked |= {name: chance.random() < 0.5 for name in FLAGS}
    if chance.random() < 0.3:
        asked["compare"] = "previous"
    if asked["group_by"] and chance.random() < 0.3:
        asked["group_limit"] = chance.randint(1, 5)
    keys = [*asked["metrics"], *asked["group_by"], "time"]
    asked["order_by"] = [
        chance.choice(("", "-")) + chance.choice(keys) for _ in range(chance.choice((0, 1, 2)))
    ]
    if chance.random() < 0.1:
        asked[chance.choice([*asked, _text(chance)])] = chance.choice((*STRANGE, _text(chance)))
    return asked


def _metric(chance: Random) -> str:
    metric = chance.choice(METRICS)
    choices = [one for one in metric.measurements if one != "pNN"]
    if "pNN" in metric.measurements:
        choices += ["p1", "p95", "p99.9"]
    if chance.random() < 0.02:
        return f"{metric.id}.{_text(chance)}"
    return metric.id + chance.choice(["", *(f".{one}" for one in choices)])


def _group(chance: Random) -> str:
    return f"extra.{_text(chance)}" if chance.random() < 0.15 else chance.choice(DIMENSIONS).id


def _filter(chance: Random, depth: int) -> Any:
    if depth and chance.random() < 0.3:
        parts = [_filter(chance, depth - 1) for _ in range(chance.randint(1, 3))]
        return chance.choice(({"and": parts}, {"or": parts}, {"not": parts[0]}))
    return _condition(chance)


def _condition(chance: Random) -> dict[str, Any]:
    name, kind = _filterable(chance)
    fitting = [word for word, one in OPS.items() if kind in one.kinds]
    op = chance.choice(fitting if chance.random() < 0.95 else sorted(OPS))
    if op == "exists":
        return {"dimension": name, "op": op, "value": chance.random() < 0.5}
    values = [_value(chance, kind) for _ in range(chance.randint(1, 3))]
    return {"dimension": name, "op": op, "value": values if OPS[op].many else values[0]}


def _filterable(chance: Random) -> tuple[str, str]:
    """A name to filter on, and what its values are."""
    dice = chance.random()
    if dice < 0.15:
        return f"extra.{_text(chance)}", "text"
    if dice < 0.3:
        return OF_METRIC + chance.choice(METRICS).id, "number"
    name = chance.choice(sorted(FILTERABLE))
    return name, FILTERABLE[name].kind


def _value(chance: Random, kind: str) -> Any:
    if kind == "number" and chance.random() < 0.9:
        return chance.choice(NUMBERS)
    if kind == "flag" and chance.random() < 0.9:
        return chance.random() < 0.5
    return _text(chance)


def _text(chance: Random) -> str:
    return chance.choice(HOSTILE) + MARK + chance.choice(HOSTILE)
