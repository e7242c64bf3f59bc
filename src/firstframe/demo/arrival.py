"""When viewers come: so many at once at the busiest hour, fewer at night."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random

from firstframe.demo.script import Script
from firstframe.demo.story import tell
from firstframe.demo.world import HOUR_MS, World

SAMPLE = 250
"""Stories that say how long a view is."""


def mean_length_ms(world: World, chance: Random, at_ms: int) -> float:
    """How long a view lasts, by telling some."""
    told = [tell(world, chance, at_ms) for _ in range(SAMPLE)]
    return sum(script.end_ms - script.start_ms for script in told) / SAMPLE


def past(
    world: World,
    chance: Random,
    span: tuple[int, int],
    *,
    viewers: int,
    dialects: Collection[str],
    with_address: bool,
) -> Iterator[Script]:
    """The views that began between two times, in order, with so many viewers at once at the busiest hour."""
    at_ms, end_ms = float(span[0]), span[1]
    gap_ms = mean_length_ms(world, Random(chance.random()), span[0]) / viewers  # noqa: S311 - a play, not a secret
    busiest = max(world.busy(span[0] + hour * HOUR_MS) for hour in range(24))
    while True:
        at_ms += chance.expovariate(1 / gap_ms)
        if at_ms >= end_ms:
            return
        if chance.random() * busiest > world.busy(round(at_ms)):
            continue
        script = tell(world, chance, round(at_ms), dialects=dialects, is_past=True, with_address=with_address)
        yield script
