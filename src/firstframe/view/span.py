"""The states of a view laid end to end in time, with the time spent in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from firstframe.view.record import WATCH_STATES, Span, State


class Track(msgspec.Struct):
    """Spans as they grow: in order, touching, none empty, neighbours of different states."""

    spans: list[Span] = []

    def add(self, state: State, start_ms: int, end_ms: int) -> None:
        """Put ``[start_ms, end_ms)`` at the end; it must not begin before the last span's end."""
        if end_ms <= start_ms:
            return
        last = self.spans[-1] if self.spans else None
        if last and last.state is state and last.end_ms == start_ms:
            self.spans[-1] = Span(state, last.start_ms, end_ms)
        else:
            self.spans.append(Span(state, start_ms, end_ms))

    def rewrite(self, since_ms: int, state: State) -> None:
        """Say that from ``since_ms`` on the state was another all the time."""
        end_ms = self.spans[-1].end_ms if self.spans else since_ms
        while self.spans and self.spans[-1].end_ms > since_ms:
            cut = self.spans.pop()
            self.add(cut.state, cut.start_ms, min(cut.end_ms, since_ms))
            if cut.start_ms < since_ms:
                break
        self.add(state, since_ms, end_ms)

    def total(self, *states: State) -> int:
        """Time in any of the states."""
        return total(self.spans, states)

    def watched(self) -> int:
        """Watch time."""
        return total(self.spans, WATCH_STATES)


def total(spans: Sequence[Span], states: Iterable[State]) -> int:
    """Time that spans spend in any of the states."""
    wanted = frozenset(states)
    return sum(span.end_ms - span.start_ms for span in spans if span.state in wanted)


def shifted(spans: Sequence[Span], shift_ms: int) -> list[Span]:
    """The same spans, moved in time."""
    return [Span(span.state, span.start_ms + shift_ms, span.end_ms + shift_ms) for span in spans]
