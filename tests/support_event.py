"""A delivered event that says nothing but when."""

from __future__ import annotations

from typing import Any

from firstframe.beacon import Event


def event(key: str = "a", at_ms: int = 1000, received_at_ms: int = 1010, **values: Any) -> Event:
    """An event of the view ``n``."""
    return Event(
        native_view_id="n",
        key=key,
        at_ms=at_ms,
        received_at_ms=received_at_ms,
        name="x",
        payload={},
        **values,
    )
