"""Spans that come to the sums the SDK states, where events are missing that would have said when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from firstframe.view.record import Span, State

_GIVES = (
    State.PAUSE,
    State.IDLE,
    State.RESUMING,
    State.PLAYING,
    State.AD_PLAYING,
    State.REBUFFER,
    State.SEEK,
)
"""States that may have lasted less than the events say, the least certain first."""


def rebalance(spans: Sequence[Span], wanted: Mapping[State, float]) -> list[Span]:
    """The same stretch of time, with the wanted total of each state as far as there is time for it.

    What one state has too much of goes to those that have too little, from the end of the view backwards; time
    that nobody claims becomes a pause. Startup stays as it is.
    """
    have = _totals(spans)
    need = {state: round(total) - have.get(state, 0) for state, total in wanted.items()}
    spare = {state: have.get(state, 0) - round(wanted.get(state, 0)) for state in _GIVES}
    begun = next((index for index, span in enumerate(spans) if span.state in wanted), len(spans))
    found: list[Span] = []
    for index in range(len(spans) - 1, -1, -1):
        if index < begun:  # before the start nothing can have played
            found.append(spans[index])
        else:
            found.extend(_shared(spans[index], spare, need))
    return _joined(reversed(found))


def _shared(span: Span, spare: dict[State, int], need: dict[State, int]) -> Iterable[Span]:
    """One span, its end given to the states in need; the last piece first."""
    end = span.end_ms
    for state in sorted(need, key=lambda state: -need[state]):
        taken = min(need[state], spare.get(span.state, 0), end - span.start_ms)
        if taken > 0 and state is not span.state:
            yield Span(state, end - taken, end)
            need[state] -= taken
            spare[span.state] -= taken
            end -= taken
    surplus = min(spare.get(span.state, 0), end - span.start_ms)
    if surplus > 0 and span.state in need:
        yield Span(State.PAUSE, end - surplus, end)
        spare[span.state] -= surplus
        end -= surplus
    if end > span.start_ms:
        yield Span(span.state, span.start_ms, end)


def _totals(spans: Iterable[Span]) -> dict[State, int]:
    found: dict[State, int] = {}
    for span in spans:
        found[span.state] = found.get(span.state, 0) + span.end_ms - span.start_ms
    return found


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Neighbours of one state as one."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].state is span.state and found[-1].end_ms == span.start_ms:
            found[-1] = Span(span.state, found[-1].start_ms, span.end_ms)
        else:
            found.append(span)
    return found
