"""A native view: its events put on the timeline, its context put on the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from firstframe.beacon import Event
from firstframe.dialects.base import Folded, text
from firstframe.dialects.native.table import CONTEXT, CONTEXT_KEYS, CUSTOM, EVENT_KEYS, KINDS
from firstframe.dialects.silence import unheard
from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.record import ViewRecord
from firstframe.view.timeline import GrowingTimeline, Rules

_READERS = {name: key.shape.read for name, key in EVENT_KEYS.items()}

RULES = Rules(split=True)
"""A native id is the site's own, so an hour of silence begins another view."""


class NativeView:
    """One view as far as its events have come."""

    def __init__(self) -> None:
        self._timeline = GrowingTimeline(RULES)
        self._events: list[Event] = []
        self._contexts: list[Event] = []

    def add(self, events: Sequence[Event]) -> None:
        """Take more events; where they do not simply go on, the timeline begins anew."""
        self._events += events
        self._contexts += [event for event in events if event.name == CONTEXT]
        self._contexts.sort(key=attrgetter("at_ms", "key"))
        if not self._timeline.extend(_timeline(events)):
            self._timeline = GrowingTimeline(RULES)
            self._timeline.extend(_timeline(self._events))

    def fold(self, now_ms: int) -> Folded:
        """The rows as they stand."""
        folded, contexts = self._timeline.finish(now_ms), self._contexts
        for row, until_ms in zip(folded.rows, _ends(folded.rows), strict=True):
            told = [event for event in contexts if until_ms is None or event.at_ms < until_ms] or contexts
            _describe(row, merged([event.payload for event in told]))
            row.approx = sorted({*row.approx, *unheard(row)})
        return Folded(folded.rows, folded.due_ms)


def _ends(rows: Sequence[ViewRecord]) -> list[int | None]:
    """When each row's successor begins."""
    return [*(row.view_start_ms for row in rows[1:]), None] if rows else []


def _timeline(events: Sequence[Event]) -> list[TimelineEvent]:
    return [timeline_event(event, kind) for event in events if (kind := KINDS.get(event.name))]


def timeline_event(event: Event, kind: Kind) -> TimelineEvent:
    """An event in the timeline's terms; keys of the wrong type are left out."""
    values = _read(event.payload)
    if kind is Kind.REQUEST:
        values["request_ms"] = values.pop("duration_ms", None)
    values["ad"] = values.pop("scope", None) == "ad"
    return TimelineEvent(
        kind=kind, at_ms=event.at_ms, received_at_ms=event.received_at_ms, key=event.key, **values
    )


def _read(payload: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in payload.items():
        read = _READERS.get(name)
        if read is not None and (known := read(value)) is not None:
            found[name] = known
    return found


def merged(payloads: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the contexts say together: of each key the last that is not null; viewer and session among them."""
    found: dict[str, Any] = {}
    for payload in payloads:
        said = payload.get("context") or {}
        names = {name: payload.get(name) for name in ("viewer_id", "session_id")}
        found.update({key: value for key, value in {**said, **names}.items() if value is not None})
    return found


def _describe(row: ViewRecord, said: dict[str, Any]) -> None:
    row.viewer_id = text(said.pop("viewer_id", None), 256)
    row.session_id = text(said.pop("session_id", None), 256)
    known = {
        name: CONTEXT_KEYS[name].shape.read(said.pop(name)) for name in list(said) if name in CONTEXT_KEYS
    }
    _facts(row, known)
    for name, value in known.items():
        if value is not None and getattr(row, name) is None:
            setattr(row, name, value)
    nested = said.pop("custom", None)
    custom = nested if isinstance(nested, dict) else {}
    custom |= {name: said.pop(name) for name in list(said) if CUSTOM.fullmatch(name)}
    row.custom, row.extra = _texts(custom), _texts(said)


def _facts(row: ViewRecord, known: dict[str, Any]) -> None:
    """What the context may say, but only as far as the events do not know better."""
    row.live = row.live or bool(known.pop("live", None))
    if row.live:
        row.completed = row.duration_ms = None
        known.pop("duration_ms", None)
    if not row.attempted:
        known.pop("autoplay", None)
        known.pop("muted", None)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Metadata as text; containers as JSON."""
    spelled = {
        name: text(value)
        or (msgspec.json.encode(value, order="sorted").decode() if isinstance(value, dict | list) else None)
        for name, value in values.items()
    }
    return {name: value for name, value in spelled.items() if value}
