"""How deep a body may be nested, and that text in it is no nesting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from firstframe.edge.body import check_depth
from firstframe.errors import TooLarge

LIMIT = 8


def nested(depth: int, inside: Any = 1) -> Any:
    for _ in range(depth):
        inside = [inside]
    return inside


@pytest.mark.parametrize(
    "inside",
    ["]" * 50, '"]"]"' * 20, "\\", '\\"[' * 20, "]\\", "{}" * 50],
    ids=["brackets", "quotes", "backslash", "escaped quotes", "backslash at the end", "pairs"],
)
def test_text_hides_no_nesting_and_is_none(inside: str) -> None:
    """Whatever a string holds, a body at the limit passes and one level more is refused."""
    flat = [[inside, {inside: inside}]] * LIMIT * 4
    check_depth(json.dumps([inside, flat, nested(LIMIT - 1, inside)]).encode(), LIMIT)
    with pytest.raises(TooLarge):
        check_depth(json.dumps([inside, flat, nested(LIMIT, inside), inside]).encode(), LIMIT)


def test_a_string_without_an_end_hides_nothing() -> None:
    """What stands behind a quote that is never closed is looked at too."""
    with pytest.raises(TooLarge):
        check_depth(b'["' + b"[" * (LIMIT + 30), LIMIT)
