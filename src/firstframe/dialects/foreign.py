"""JSON as clients really send it: a text cut in the middle of an emoji, or a number beyond all bounds, costs itself only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape")


def decode(body: bytes | str) -> Any:
    """The value that JSON says; lone surrogates become question marks, numbers that are none become None.

    Raises `ValueError` when it is not JSON even so.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    try:
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        return _mended(json.loads(text, parse_constant=_nothing, parse_int=whole_number))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def glance(decoder: msgspec.json.Decoder[Shape], body: bytes) -> Shape | None:
    """The few fields of a body that are asked for, where it has the usual shape; None where it must be read with care.

    Reading a body whole takes three times as long. It skips nothing that `decode` refuses.
    """
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
    int: "a number",
    float: "a number",
}


def named(value: Any) -> str:
    """What a decoded value is in JSON's own words, for those who sent it."""
    return _NAMES.get(type(value), "no JSON")


def whole_number(digits: str) -> int | None:
    """None for one of thousands of digits, which Python does not read: a float of as many is infinite, and None too."""
    try:
        return int(digits)
    except ValueError:
        return None


def names_of(body: Mapping[str, Any]) -> list[str]:
    """Some of the names in an object, for those who sent another than was expected."""
    return [name[:64] for name in sorted(body)[:20]]


def _nothing(word: str) -> None:
    """NaN and Infinity are no JSON, but some clients write them."""


def _mended(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case float():
            return value if isfinite(value) else None
        case list():
            return [_mended(item) for item in value]
        case dict():
            return {_mended(key): _mended(item) for key, item in value.items()}
        case _:
            return value
