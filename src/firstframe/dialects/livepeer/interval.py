"""Stretches of time as sorted, disjoint ``(start, end)`` pairs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter

Stretch = tuple[float, float]

_end = itemgetter(1)


def clipped(stretches: Sequence[Stretch], low: float, high: float) -> list[Stretch]:
    """The parts of the stretches that lie in ``[low, high]``."""
    if low >= high:
        return []
    found = []
    for place in range(bisect_right(stretches, low, key=_end), len(stretches)):
        start, end = stretches[place]
        if start >= high:
            break
        if start < end:
            found.append((max(start, low), min(end, high)))
    return found


def length(stretches: Sequence[Stretch]) -> float:
    """How long they are together."""
    total = 0.0
    for start, end in stretches:
        total += end - start
    return total


def is_in(at: float, stretches: Sequence[Stretch]) -> bool:
    """Whether an instant lies in one of the stretches; their ends do not belong to them."""
    place = bisect_left(stretches, (at, float("inf")))
    return place > 0 and at < stretches[place - 1][1]


def tail(stretches: list[Stretch], amount: float) -> tuple[list[Stretch], list[Stretch]]:
    """The last ``amount`` of the stretches, and what is left of them before it."""
    taken: list[Stretch] = []
    left = list(stretches)
    while left and amount > 0:
        start, end = left.pop()
        cut = max(start, end - amount)
        if cut >= end:  # less than a float of this size can tell: it would be taken for ever
            left.append((start, end))
            break
        amount -= end - cut
        taken.insert(0, (cut, end))
        if cut > start:
            left.append((start, cut))
    return taken, left
