"""The one order of a view's events, whatever order they came in.

Repeats go; then sequence numbers decide if every event has one, else client time. Several events of one
instant are taken in the order that makes sense in the view's present state (a pause while playing comes before
the play that ends it, and the other way round while paused), so that arrival never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import State

RANK: Mapping[Kind, int] = {
    kind: rank
    for rank, kind in enumerate(
        (
            # those that change no state
            Kind.PAGE_REQUEST,
            Kind.PLAYER_INIT,
            Kind.PLAYER_READY,
            Kind.VISIBILITY,
            Kind.RESIZE,
            Kind.RENDITION,
            Kind.RATE,
            Kind.LATENCY,
            Kind.REQUEST,
            Kind.AD_REQUEST,
            Kind.AD_RESPONSE,
            Kind.HEARTBEAT,
            # those that do, as they usually follow each other
            Kind.PAUSE,
            Kind.AD_BREAK_START,
            Kind.AD_START,
            Kind.AD_PLAYING,
            Kind.AD_ENDED,
            Kind.AD_BREAK_END,
            Kind.SEEKING,
            Kind.STALL_START,
            Kind.SEEKED,
            Kind.STALL_END,
            Kind.AUTOPLAY_BLOCKED,
            Kind.ERROR,
            Kind.ENDED,
            Kind.PLAYING,
            Kind.PLAY,
            Kind.END,
        )
    )
}
"""The order of one instant, where the state has no say."""

STATELESS = RANK[Kind.PAUSE]
"""Ranks below this change no state: they always go first."""

_BEFORE_A_FRAME = (Kind.SEEKING, Kind.STALL_START, Kind.SEEKED, Kind.STALL_END, Kind.PLAYING)

EXPECTED: Mapping[State, tuple[Kind, ...]] = {
    State.IDLE: (Kind.PLAY, Kind.PLAYING),
    State.STARTUP: (Kind.AUTOPLAY_BLOCKED, *_BEFORE_A_FRAME),
    State.PLAYING: (),
    State.AD_PLAYING: (Kind.AD_ENDED, Kind.AD_BREAK_END),
    State.REBUFFER: (Kind.STALL_END, Kind.PLAYING),
    State.SEEK: (Kind.SEEKED, Kind.STALL_END, Kind.PLAYING),
    State.RESUMING: _BEFORE_A_FRAME,
    State.AD_WAIT: (),
    State.PAUSE: (Kind.SEEKING, Kind.SEEKED, Kind.PLAY, Kind.PLAYING),
    State.FAILED: (Kind.PLAY, Kind.PLAYING),
}
"""What a state waits for: of several events of one instant these go first, in this order."""


def instants(events: Iterable[TimelineEvent]) -> Iterator[list[TimelineEvent]]:
    """The events in order, those of one instant (or one sequence number) together; repeats left out."""
    found = unique(events)
    by_seq = bool(found) and all(event.seq is not None for event in found)
    place = _by_seq if by_seq else _by_time
    for _, group in groupby(sorted(found, key=place), key=place):
        yield list(group)


def _by_seq(event: TimelineEvent) -> int:
    return event.seq or 0


def _by_time(event: TimelineEvent) -> int:
    return event.at_ms


def unique(events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """Each event once: of those with one id, or with one number, kind and time, always the same one stays."""
    ids: set[str | None] = set()
    numbers: set[tuple[int, Kind, int] | None] = set()
    kept = []
    for event in sorted(events, key=_total):
        number = None if event.seq is None else (event.seq, event.kind, event.at_ms)
        if event.id not in ids and number not in numbers:
            kept.append(event)
        if event.id is not None:
            ids.add(event.id)
        if number is not None:
            numbers.add(number)
    return kept


def _total(event: TimelineEvent) -> tuple[int, int, str]:
    return event.at_ms, RANK[event.kind], event.key


def pick(instant: Sequence[TimelineEvent], state: State) -> int:
    """Which event of an instant goes next, in this state."""
    if len(instant) == 1:
        return 0
    return min(range(len(instant)), key=lambda number: _priority(instant[number], state))


def _priority(event: TimelineEvent, state: State) -> tuple[int, int, int, str]:
    rank, expected = RANK[event.kind], EXPECTED[state]
    if rank < STATELESS:
        return 0, rank, event.at_ms, event.key
    if event.kind in expected:
        return 1, expected.index(event.kind), event.at_ms, event.key
    return 2, rank, event.at_ms, event.key
