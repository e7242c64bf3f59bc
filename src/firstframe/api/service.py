"""What the routes work with, made once and handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import msgspec
from prometheus_client import CollectorRegistry, Histogram

from firstframe.api.turn import Turns
from firstframe.engine.client import AsyncEngine


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that an API process holds."""

    engine: AsyncEngine
    fresh: Callable[[], int | None]
    """Everything received before this instant can be seen; None while nobody knows."""
    now_ms: Callable[[], int]
    registry: CollectorRegistry
    seconds: Histogram
    """How long the engine took, by kind of question."""
    refusals: Callable[[], Sequence[Any]]
    """The collector's latest refusals, newest first; structs or mappings with a ``project``."""
    stopping: Callable[[], bool]
    """Whether the process was told to stop: streams end."""
    turns: Turns
    """Who waits for whom."""

    def of(self, project: str) -> Self:
        """The same for the questions of one project."""
        return msgspec.structs.replace(self, engine=self.engine.in_turn(partial(self.turns.take, project)))
