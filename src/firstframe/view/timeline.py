"""A view from its events: the public way into the state machine.

`fold_timeline` is a pure function of a set of events and the time; `Timeline` is the same in steps. Reads
`TimelineEvent`, gives `ViewRecord` with everything that follows from the events alone: identity, placement,
scores and dimensions come later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

import msgspec

from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.machine import SPLIT_MS, Machine
from firstframe.view.order import instants, pick
from firstframe.view.record import WATCH_STATES, EndReason, State, ViewRecord
from firstframe.view.row import row_of
from firstframe.view.transition import apply


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the dialects that speak in events."""

    split: bool = False
    """An hour of silence, or a play after the end, begins another view (ids that no SDK assigned)."""
    silence_watch_ms: int = 300_000
    """Server time without an event after which a view that was being watched is closed."""
    silence_idle_ms: int = 3_600_000
    """The same for one that was paused or idle."""


class Folded(msgspec.Struct):
    """The rows of a timeline, and when silence alone would change them."""

    rows: list[ViewRecord]
    due_ms: int | None = None


def fold_timeline(events: Iterable[TimelineEvent], *, now_ms: int, rules: Rules | None = None) -> Folded:
    """The rows of one native view's events, in any order, with repeats, at one instant of the server's clock."""
    timeline = GrowingTimeline(rules or Rules())
    timeline.extend(list(events))
    return timeline.finish(now_ms)


class Timeline:
    """A fold in steps: `feed` instants in the order of `instants`, ask `finish` at any time.

    A dialect that has put its events in order itself, without repeats, may `take` them one by one.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.views: list[Machine] = []
        self.clock_ms = 0

    def feed(self, instant: list[TimelineEvent]) -> None:
        """Take the events of one instant, in the order that the view's state asks for."""
        if len(instant) == 1:
            self.take(instant[0])
            return
        rest = list(instant)
        while rest:
            state = self.views[-1].state if self.views else State.IDLE
            self.take(rest.pop(pick(rest, state)))

    def copy(self) -> Timeline:
        """The same, to go on without changing this one."""
        other = Timeline(self.rules)
        other.views = [*self.views[:-1], *(view.copy() for view in self.views[-1:])]
        other.clock_ms = self.clock_ms
        return other

    def finish(self, now_ms: int) -> Folded:
        """The rows as they stand now; changes nothing."""
        if not self.views:
            return Folded([])
        last = self.views[-1]
        due_ms = None if last.end_reason else last.received_last_ms + self._limit(last)
        silent = due_ms is not None and now_ms >= due_ms
        reasons = [view.end_reason for view in self.views[:-1]]
        reasons.append(_silence(last) if silent else last.end_reason)
        rows = [
            row_of(view, number, reason)
            for number, (view, reason) in enumerate(zip(self.views, reasons, strict=True))
        ]
        return Folded(rows, None if silent else due_ms)

    def take(self, event: TimelineEvent) -> None:
        """Take the next event."""
        if event.at_ms >= self.clock_ms or not self.views:
            self.clock_ms = event.at_ms
        else:
            event = msgspec.structs.replace(event, at_ms=self.clock_ms)
        view = self._view_at(event)
        view.advance(event)
        if view.end_reason and event.kind is Kind.PLAY:
            view = self._after_end(view, event.at_ms)
        view.count(event)
        if view.end_reason is None:
            apply(view, event)

    def _view_at(self, event: TimelineEvent) -> Machine:
        """The view that the event falls in; an hour of silence may begin another."""
        if not self.views:
            self.views.append(Machine(first_ms=event.at_ms, at_ms=event.at_ms))
        view = self.views[-1]
        if self.rules.split and view.end_reason is None and event.at_ms - view.at_ms > SPLIT_MS:
            view.close(_silence(view))
            view = self._successor(view, event.at_ms)
        return view

    def _after_end(self, view: Machine, at_ms: int) -> Machine:
        """A play after the end: another view, or the same one again where an SDK named it."""
        if self.rules.split:
            return self._successor(view, at_ms)
        view.reopen(at_ms)
        return view

    def _successor(self, view: Machine, at_ms: int) -> Machine:
        self.views.append(view.successor(at_ms))
        return self.views[-1]

    def _limit(self, view: Machine) -> int:
        rules = self.rules
        return rules.silence_watch_ms if _expects_more(view) else rules.silence_idle_ms


class GrowingTimeline(Timeline):
    """A timeline to which events are added in parts: its rows are those of `fold_timeline` of all of them."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._ids: set[str] = set()
        self._is_numbered = True
        """Every event has a sequence number."""
        self._last_place = -inf

    def extend(self, events: Sequence[TimelineEvent]) -> bool:
        """Take events, in any order; False, and nothing taken, where they do not all come after those before."""
        if not events:
            return True
        ids = {event.id for event in events if event.id is not None}
        is_numbered = all(event.seq is not None for event in events) and (self._is_numbered or not self.views)
        if self.views and (is_numbered is not self._is_numbered or not ids.isdisjoint(self._ids)):
            return False
        places = [event.seq or 0 if is_numbered else event.at_ms for event in events]
        if min(places) <= self._last_place:
            return False
        self._ids |= ids
        self._is_numbered, self._last_place = is_numbered, max(places)
        for instant in instants(events):
            self.feed(instant)
        return True


def _expects_more(view: Machine) -> bool:
    return view.state in WATCH_STATES or view.state is State.FAILED


def _silence(view: Machine) -> EndReason:
    return EndReason.DROPPED if _expects_more(view) else EndReason.IDLE_TIMEOUT
