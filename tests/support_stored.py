"""What is stored of views, all of it at once: for tests, whose views are small."""

from __future__ import annotations

from collections.abc import Sequence

from firstframe.beacon import Event
from firstframe.engine.client import Engine
from firstframe.engine.stored import load_portions
from firstframe.errors import EngineError

ALL_EVENTS = 2**32 - 2
"""No limit to the events of one view."""


def load_events(engine: Engine, view_keys: Sequence[str]) -> dict[str, list[Event]]:
    """Every stored event of these views, each delivery once; views without events are not in it."""

    def leave(key: str, error: EngineError) -> None:
        raise error

    portions = load_portions(engine, view_keys, ALL_EVENTS, leave)
    return {key: events for portion in portions for key, events in portion.events.items()}
