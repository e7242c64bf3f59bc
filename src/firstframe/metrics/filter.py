"""Filters: ``dimension:op:value`` texts or a JSON tree of and, or, not; read, checked, and turned into SQL.

Every condition is true or false, never null: a view whose country is unknown is *not* in Germany.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firstframe.errors import BadRequest
from firstframe.metrics.bind import Binder, Type
from firstframe.metrics.dimension import Dimension, find_dimension, unknown

PARAMETER = "filters"
MOST_CONDITIONS = 200
MOST_VALUES = 5_000
DEEPEST = 20
_COMMA = re.compile(r"(?<!\\),")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

Scalar = str | float | bool


class Condition(msgspec.Struct, frozen=True):
    """One dimension, one operator, its values (as the dimension's type)."""

    dimension: Dimension
    op: str
    values: tuple[Scalar, ...]


class Every(msgspec.Struct, frozen=True):
    """All of them."""

    of: tuple[Filter, ...]


class Either(msgspec.Struct, frozen=True):
    """At least one of them."""

    of: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True):
    """The contrary."""

    of: Filter


Filter = Condition | Every | Either | Not
EVERYTHING = Every(())


class Op(msgspec.Struct, frozen=True):
    """What an operator takes and how SQL says it; ``{x}`` is the dimension, ``{v}`` the bound value."""

    sql: str
    kinds: tuple[str, ...]
    many: bool = False
    negated: bool = False


_SCALARS = ("text", "number", "flag")
_IN_LIST = {"eq": "has({x}, {v})", "in": "hasAny({x}, {v})"}
"""How a list dimension says it: one of its elements is meant."""

OPS: Mapping[str, Op] = {
    "eq": Op("{x} = {v}", (*_SCALARS, "list")),
    "neq": Op("{x} = {v}", (*_SCALARS, "list"), negated=True),
    "in": Op("{x} IN {v}", (*_SCALARS, "list"), many=True),
    "not_in": Op("{x} IN {v}", (*_SCALARS, "list"), many=True, negated=True),
    "contains": Op("position({x}, {v}) > 0", ("text", "list")),
    "starts_with": Op("startsWith({x}, {v})", ("text",)),
    "matches": Op("match({x}, {v})", ("text",)),
    "exists": Op("{x} IS NOT NULL", (*_SCALARS, "list")),
    "gt": Op("{x} > {v}", ("number",)),
    "gte": Op("{x} >= {v}", ("number",)),
    "lt": Op("{x} < {v}", ("number",)),
    "lte": Op("{x} <= {v}", ("number",)),
}
"""Every operator. ``contains`` and ``starts_with`` mind the case; ``matches`` is RE2, so ``(?i)`` does not."""


def read_filters(value: Any) -> Filter:
    """A filter from a text, a tree, or a list of both (all of which must hold). Raises `BadRequest`."""
    found = _read(value, DEEPEST)
    count = sum(1 for _ in conditions(found))
    if count > MOST_CONDITIONS:
        raise _wrong(f"holds {count} conditions", f"at most {MOST_CONDITIONS}", count)
    return found


def conditions(found: Filter) -> Sequence[Condition]:
    """Every condition in a filter, wherever it stands."""
    if isinstance(found, Condition):
        return (found,)
    parts = (found.of,) if isinstance(found, Not) else found.of
    return [condition for part in parts for condition in conditions(part)]


def speaks_of_bots(found: Filter, groups: Iterable[Dimension] = ()) -> bool:
    """Whether a question tells robots apart by its filter or its groups: whoever does that wants them."""
    told = (*groups, *(condition.dimension for condition in conditions(found)))
    return any(dimension.id == "bot" for dimension in told)


def where(found: Filter, binder: Binder) -> str:
    """SQL that is 1 or 0 for each view."""
    if isinstance(found, Condition):
        return _condition(found, binder)
    if isinstance(found, Not):
        return f"NOT ({where(found.of, binder)})"
    if not found.of:
        return "1" if isinstance(found, Every) else "0"
    word = " AND " if isinstance(found, Every) else " OR "
    return "(" + word.join(where(part, binder) for part in found.of) + ")"


def _condition(condition: Condition, binder: Binder) -> str:
    op, dimension = OPS[condition.op], condition.dimension
    x = dimension.expression(binder)
    if condition.op == "exists":
        sql = f"notEmpty({x})" if dimension.kind == "list" else f"{x} IS NOT NULL"
        return sql if condition.values[0] else f"NOT ({sql})"
    x = f"{_COMPARED_AS[dimension.kind]}({x})" if dimension.kind in _COMPARED_AS else x
    value = _bound(condition, op, binder)
    text = _in_list(condition.op) if dimension.kind == "list" else op.sql
    sql = f"ifNull({text.format(x=x, v=value)}, 0)"
    return f"NOT ({sql})" if op.negated else f"({sql})"


_BOUND_AS: Mapping[str, tuple[Type, Type]] = {
    "number": ("Float64", "Array(Float64)"),
    "flag": ("Int64", "Array(Int64)"),
}
_COMPARED_AS = {"number": "toFloat64", "flag": "toInt64"}


def _in_list(op: str) -> str:
    return _IN_LIST["in" if OPS[op].many else "eq"]


def _bound(condition: Condition, op: Op, binder: Binder) -> str:
    kind = condition.dimension.kind
    values = [int(value) for value in condition.values] if kind == "flag" else list(condition.values)
    one, many = _BOUND_AS.get(kind, ("String", "Array(String)"))
    return binder.bind(values, many) if op.many else binder.bind(values[0], one)


def _read(value: Any, depth: int) -> Filter:
    if depth == 0:
        raise _wrong("is nested too deeply", f"at most {DEEPEST} levels", None)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return Every(tuple(_read(part, depth - 1) for part in value))
    if isinstance(value, dict):
        return _tree(value, depth)
    raise _wrong(f"holds {value!r}", '"dimension:op:value", a list, or a tree of and, or, not', value)


_BRANCHES: Mapping[str, Callable[[tuple[Filter, ...]], Filter]] = {"and": Every, "or": Either}


def _tree(value: dict[str, Any], depth: int) -> Filter:
    keys = set(value)
    if len(keys) == 1 and (word := next(iter(keys))) in _BRANCHES:
        if not isinstance(value[word], list):
            raise _wrong(f"has {word!r} with {value[word]!r}", "a list of filters", value[word])
        return _BRANCHES[word](tuple(_read(part, depth - 1) for part in value[word]))
    if keys == {"not"}:
        return Not(_read(value["not"], depth - 1))
    if {"dimension", "op"} <= keys <= {"dimension", "op", "value"}:
        if "value" not in value and value["op"] != "exists":
            raise _wrong(
                f"has no value for {value['dimension']}:{value['op']}", '{"dimension", "op", "value"}', None
            )
        return _leaf(str(value["dimension"]), str(value["op"]), value.get("value", True))
    raise _wrong(
        f"holds an object with {sorted(keys)}",
        '{"and": […]}, {"or": […]}, {"not": …} or {"dimension", "op", "value"}',
        sorted(keys),
    )


def _text(value: str) -> Filter:
    if value[:1] in "[{" and value:
        try:
            return _read(msgspec.json.decode(value), DEEPEST - 1)
        except msgspec.DecodeError as error:
            raise _wrong(f"is no JSON: {error}", "dimension:op:value, or a JSON tree", value) from error
        except RecursionError as error:
            raise _wrong("is nested too deeply", f"at most {DEEPEST} levels", None) from error
    name, op, rest = _split(value)
    if op == "exists":
        return _leaf(name, op, rest or "true")
    if rest is None:
        raise _wrong(f"is {value!r}", "dimension:op:value, such as country:eq:DE", value)
    many = op in OPS and OPS[op].many
    return _leaf(name, op, [part.replace("\\,", ",") for part in _COMMA.split(rest)] if many else rest)


def _split(value: str) -> tuple[str, str, str | None]:
    """Dimension, operator and the rest; an ``extra.<key>`` may hold colons, so the first operator word decides."""
    parts = value.split(":")
    for at in range(1, len(parts)):
        if parts[at] in OPS:
            rest = ":".join(parts[at + 1 :]) if len(parts) > at + 1 else None
            return ":".join(parts[:at]), parts[at], rest
    name, op, rest = (*value.split(":", 2), None, None)[:3]
    return str(name), op or "", rest


def _leaf(name: str, op: str, value: Any) -> Condition:
    dimension = find_dimension(name, PARAMETER, groupable=False)
    if op not in OPS:
        raise unknown(PARAMETER, op, OPS, list(OPS), of=dimension.id)
    if dimension.kind not in OPS[op].kinds:
        fitting = [word for word, other in OPS.items() if dimension.kind in other.kinds]
        raise _wrong(f"uses {op} on {name}, which is a {dimension.kind}", fitting, op)
    return Condition(dimension, op, _values(dimension, op, value))


def _values(dimension: Dimension, op: str, value: Any) -> tuple[Scalar, ...]:
    if op == "exists":
        return (_flag(dimension, value),)
    if not OPS[op].many:
        return (_scalar(dimension, op, value),)
    found = value if isinstance(value, list) else [value]
    if not 1 <= len(found) <= MOST_VALUES:
        raise _wrong(f"has {len(found)} values for {dimension.id}", f"1 to {MOST_VALUES}", len(found))
    return tuple(_scalar(dimension, op, one) for one in found)


def _scalar(dimension: Dimension, op: str, value: Any) -> Scalar:
    if isinstance(value, list | dict) or value is None:
        raise _wrong(f"has {value!r} for {dimension.id}:{op}", "one value", value)
    if dimension.kind == "number":
        return _number(dimension, value)
    if dimension.kind == "flag":
        return _flag(dimension, value)
    text = _spelled(value)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if dimension.values is not None and op in ("eq", "neq", "in", "not_in") and text not in dimension.values:
        raise unknown(PARAMETER, text, dimension.values, list(dimension.values), of=dimension.id)
    return text


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(dimension: Dimension, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")) or isinstance(value, bool):  # noqa: PLR0124
        raise _wrong(f"has {value!r} for {dimension.id}", "a number", value)
    return number


def _flag(dimension: Dimension, value: Any) -> bool:
    found = value if isinstance(value, bool) else _FLAGS.get(str(value).lower())
    if found is None:
        raise _wrong(f"has {value!r} for {dimension.id}", "true or false", value)
    return found


def _wrong(what: str, allowed: Any, got: Any) -> BadRequest:
    shown = got if isinstance(got, int | float | bool | None) else str(got)[:200]
    wanted = f"one of {', '.join(allowed)}" if isinstance(allowed, list) else allowed
    return BadRequest(
        f"{PARAMETER} {what[:300]}, but wanted is {wanted}", parameter=PARAMETER, got=shown, allowed=allowed
    )
