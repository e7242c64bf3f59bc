"""Timelines written as text: ``0 play | 500 playing playhead_ms=0 | 9000 end``."""

from __future__ import annotations

import json

import pytest

from firstframe.view.event import Kind, TimelineEvent
from firstframe.view.timeline import Rules, fold_timeline

BASE_MS = 1_780_000_000_000
TWO_DAYS_MS = 172_800_000


def _event(number, text):
    at, kind, *more = text.split()
    values = dict(pair.split("=") for pair in more)
    return TimelineEvent(
        kind=Kind(kind),
        at_ms=BASE_MS + int(at),
        received_at_ms=BASE_MS + int(at),
        key=f"{number:03}",
        **{name: _value(value) for name, value in values.items()},
    )


def _value(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def events_of(text):
    """The events of a timeline in text."""
    return [_event(number, part) for number, part in enumerate(text.split("|"))]


@pytest.fixture
def timeline():
    """Fold a timeline in text; by default two days after its last event."""

    def fold(text, *, split=False, after_ms=TWO_DAYS_MS):
        events = events_of(text)
        last = max(event.received_at_ms for event in events)
        return fold_timeline(events, now_ms=last + after_ms, rules=Rules(split=split))

    return fold


@pytest.fixture
def row(timeline):
    """The one row of a timeline in text."""

    def fold(text, **options):
        (found,) = timeline(text, **options).rows
        return found

    return fold
