"""CMCD's keys as a table (CTA-5004, -A, -B): what each value must be. Values of the wrong type cost themselves only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from firstframe.dialects.base import number

NEWEST = 2
"""A record of a later version is not read at all: the standard says so."""
LONGEST = 1024
"""Of texts that the standard gives no limit."""
LONGEST_ID = 256
"""Of ids: the standard allows 64 for sessions and 128 for contents; longer ones are cut by nobody."""


class Shape(msgspec.Struct, frozen=True):
    """What a value must be: how it is read (None is the wrong type), and how a person says it."""

    read: Callable[[Any], Any]
    wanted: str


def _number(value: Any) -> float | None:
    """The syntax knows no number that is not finite, nor one beyond a column's."""
    return value if type(value) is int or type(value) is float else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(limit: int) -> Shape:
    def read(value: Any) -> str | None:
        return value.strip()[:limit] or None if isinstance(value, str) else None

    return Shape(read, "text")


def read_id(value: Any) -> str | None:
    """An id, else None: one that is too long is not cut, or it would be another's."""
    found = value.strip() if isinstance(value, str) else ""
    return found if 0 < len(found) <= LONGEST_ID else None


def _numbers(value: Any) -> list[dict[str, Any]] | None:
    """Each item as ``{"value": …}`` with its parameters; what stands alone is a list of one, as in version 1."""
    listed = value if isinstance(value, list) else [value]
    kept: list[dict[str, Any]] = []
    for item in listed:
        told = item if isinstance(item, dict) else {"value": item}
        if _number(told["value"]) is not None:
            kept.append(told)
    return kept if kept or not listed else None


def _texts(value: Any) -> list[str | float] | None:
    """Texts without their parameters, and numbers: dash.js 5.2 tells those of its errors [seen]."""
    listed = value if isinstance(value, list) else [value]
    bare = [item["value"] if isinstance(item, dict) else item for item in listed]
    kept = [known for item in bare if (known := TEXT.read(item) or _number(item)) is not None]
    return kept if kept or not listed else None


NUMBER = Shape(_number, "a number")
FLAG = Shape(_flag, "a boolean")
TEXT = _text(LONGEST)
_ID = Shape(read_id, f"text of at most {LONGEST_ID} characters")
NUMBERS = Shape(_numbers, "a list of numbers")
TEXTS = Shape(_texts, "a list of texts")

KEYS: Mapping[str, Shape] = {
    **dict.fromkeys(
        ("ab", "lab", "tab", "bl", "br", "bsa", "bsd", "bsda", "lb", "tb", "tpb", "mtp", "pb", "tbl"), NUMBERS
    ),
    **dict.fromkeys(
        ("d", "dfa", "dl", "ltc", "msd", "pr", "pt", "rc", "rtp", "sn", "ts", "ttfb", "ttfbb", "ttlb", "v"),
        NUMBER,
    ),
    **dict.fromkeys(("bg", "bs", "nr", "su"), FLAG),
    **dict.fromkeys(
        ("cen", "cmsdd", "cmsds", "cs", "e", "h", "nrr", "ot", "sf", "smrt", "st", "sta", "url"), TEXT
    ),
    **dict.fromkeys(("ec", "nor"), TEXTS),
    **dict.fromkeys(("cid", "sid"), _ID),
}
"""Every key of both versions. Others are kept as they are: an application's own have a hyphen in their name."""


def is_custom(key: str) -> bool:
    """An application's own key: a reverse-DNS prefix, and a hyphen before the name."""
    return "-" in key


def typed(found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What has the type that its key asks for, and what each other key wants."""
    kept: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key, value in found.items():
        shape = KEYS.get(key)
        known = value if shape is None else shape.read(value)
        if known is None:
            wrong[key] = shape.wanted if shape else "a value"
        else:
            kept[key] = known
    return kept, wrong


def most_of(said: Mapping[str, Any], key: str) -> float | None:
    """Of picture and sound the larger number."""
    return max(values_of(said.get(key)), default=None)


def values_of(items: Any) -> Iterator[float]:
    """The numbers of a list that `typed` let pass, whatever part of the media each is of."""
    for item in items or ():
        value = number(item["value"])
        if value is not None and value >= 0:
            yield value
