"""What all dialects alike need of a view's events: when they came, how the clocks differ, what the requests say."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from operator import attrgetter

import msgspec

from firstframe.beacon import Context, Event
from firstframe.view.placement import believed_shift

_EMPTY = Context()


class Gist:
    """The gist of some events of one view."""

    def __init__(self) -> None:
        self.event_count = 0
        self.received_first_ms = self.received_last_ms = 0
        self._delay_ms = 0
        """The least time from an event, on the client's clock, to its receipt."""
        self._said: dict[str, object] = {}
        """Of each field of the requests' contexts what was said first."""
        self._last_receipt: tuple[float, str] = (-inf, "")
        self._last_context = _EMPTY

    @property
    def context(self) -> Context:
        """What the requests say together: for each field the first that says something."""
        return msgspec.structs.replace(_EMPTY, **self._said)

    @property
    def shift_ms(self) -> int:
        """What to add to the view's times."""
        return believed_shift(self._delay_ms)

    def extend(self, events: Collection[Event]) -> bool:
        """Add events, none twice, in any order; False, and none added, where one came before those already added."""
        if not events:
            return True
        ordered = sorted(events, key=attrgetter("received_at_ms", "key"))
        first, last = ordered[0], ordered[-1]
        if (first.received_at_ms, first.key) <= self._last_receipt:
            return False
        delay_ms = min(event.received_at_ms - event.at_ms for event in ordered)
        if not self.event_count:
            self.received_first_ms, self._delay_ms = first.received_at_ms, delay_ms
        self._delay_ms = min(self._delay_ms, delay_ms)
        self.event_count += len(ordered)
        self.received_last_ms = last.received_at_ms
        self._last_receipt = last.received_at_ms, last.key
        for event in ordered:
            self._hear(event.context)
        return True

    def _hear(self, context: Context) -> None:
        if context is self._last_context or context == self._last_context:
            return  # most often: a viewer's requests are alike
        self._last_context = context
        for name in Context.__struct_fields__:
            value = getattr(context, name)
            if name not in self._said and value != getattr(_EMPTY, name):
                self._said[name] = value
