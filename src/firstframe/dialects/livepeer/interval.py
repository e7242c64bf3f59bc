"""Stretches of time as sorted, disjoint ``(start, end)`` pairs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Stretch = tuple[float, float]


def clipped(stretches: Iterable[Stretch], low: float, high: float) -> list[Stretch]:
    """The parts of the stretches that lie in ``[low, high]``."""
    if low >= high:
        return []
    return [
        (max(start, low), min(end, high))
        for start, end in stretches
        if start < high and end > low and start < end
    ]


def length(stretches: Iterable[Stretch]) -> float:
    """How long they are together."""
    return sum(end - start for start, end in stretches)


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
