"""How deep a body may be nested, and that text in it is no nesting."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from firstframe.edge import body as module
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


def test_depth_is_that_of_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in its strings, and wherever a body is cut to look at it, it has the depth that its value has."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 7)
    chance = random.Random(5)

    def made(depth: int) -> Any:
        if depth == 0 or chance.random() < 0.2:
            return "".join(chance.choices('[]{}",:\\\n a', k=chance.randrange(6)))
        if chance.random() < 0.5:
            return [made(depth - 1) for _ in range(chance.randrange(3))]
        return {str(made(0)): made(depth - 1) for _ in range(chance.randrange(3))}

    def depth_of(value: Any) -> int:
        if isinstance(value, str):
            return 0
        return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)

    refused = 0
    for _ in range(2_000):
        value = [made(chance.randrange(7)) for _ in range(4)]
        body = json.dumps(value).encode()
        try:
            check_depth(body, 4)
        except TooLarge:
            refused += 1
            assert depth_of(value) > 4
        else:
            assert depth_of(value) <= 4
    assert 200 < refused < 1_800


@pytest.mark.parametrize("body", [b"[" * 4_000_000, b"[[]" * 1_300_000], ids=["openings", "with pairs"])
def test_a_bomb_of_depth_is_refused(body: bytes) -> None:
    """Millions of openings, with and without what closes some of them."""
    with pytest.raises(TooLarge):
        check_depth(body, 32)
