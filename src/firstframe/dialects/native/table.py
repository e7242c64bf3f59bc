"""What native events and contexts may hold, in tables: the reader, the fold and the JSON Schema all walk them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from firstframe.dialects.base import flag, number, text, whole
from firstframe.view.event import Kind
from firstframe.view.record import FIELDS

CONTEXT = "$context"
"""The name of the event that carries what an object says of the whole view."""
CUSTOM = re.compile(r"custom_\d{1,3}")
LATEST_MS = 4_102_444_800_000
"""The year 2100: no clock means more."""

DAY_MS = 86_400_000
MANY = 10**12


class Shape(msgspec.Struct, frozen=True):
    """What a value must be: how it is read, how a person and how JSON Schema say it."""

    read: Callable[[Any], Any]
    wanted: str
    schema: Mapping[str, Any]


class Key(msgspec.Struct, frozen=True):
    """One key of an event or context: its shape, and what it means."""

    shape: Shape
    meaning: str
    attribute: str = ""
    """The timeline's name for it, where it is another."""


def _number(high: float) -> Shape:
    def read(value: Any) -> float | None:
        found = number(value)
        return found if found is not None and 0 <= found <= high else None

    return Shape(read, f"a number from 0 to {high:g}", {"type": "number", "minimum": 0, "maximum": high})


def _one_of(*words: str) -> Shape:
    def read(value: Any) -> str | None:
        return value if isinstance(value, str) and value in words else None

    return Shape(read, "one of " + ", ".join(words), {"enum": list(words)})


def _text(limit: int) -> Shape:
    def read(value: Any) -> str | None:
        return text(value, limit)

    return Shape(read, "text", {"type": ["string", "number", "boolean"]})


FLAG = Shape(flag, "true or false", {"type": "boolean"})
TEXT = _text(1024)
SHORT_TEXT = _text(256)
COUNT = Shape(whole, "a whole number from 0", {"type": "integer", "minimum": 0})
MILLISECONDS = _number(MANY)
PIXELS = _number(100_000)

EVENT_KEYS: Mapping[str, Key] = {
    "id": Key(SHORT_TEXT, "your own id of the event: one that comes again is a repeat"),
    "seq": Key(COUNT, "your own running number: when every event has one, it is the order"),
    "playhead_ms": Key(MILLISECONDS, "position in the content"),
    "live": Key(FLAG, "a live stream"),
    "duration_ms": Key(MILLISECONDS, "length of the content; of a request: from sending to the last byte"),
    "dropped_frames": Key(COUNT, "frames dropped so far in this view"),
    "autoplay": Key(FLAG, "play: the page asked for it, not the viewer"),
    "muted": Key(FLAG, "play: without sound"),
    "hidden": Key(FLAG, "visibility: the page is hidden"),
    "bitrate_bps": Key(_number(MANY), "rendition: bitrate of sound and picture"),
    "width": Key(PIXELS, "rendition, resize: width"),
    "height": Key(PIXELS, "rendition, resize: height"),
    "rate": Key(_number(100), "rate: speed of playback, 1 is normal"),
    "latency_ms": Key(_number(DAY_MS), "latency: how far behind the live edge"),
    "bytes": Key(_number(MANY), "request: size of the answer"),
    "ttfb_ms": Key(_number(DAY_MS), "request: from sending to the first byte"),
    "status": Key(_one_of("ok", "failed", "canceled"), "request: how it went"),
    "severity": Key(_one_of("fatal", "error", "warning"), "error: only fatal, the default, can fail a view"),
    "business": Key(FLAG, "error: a rule forbids it (place, rights); nothing is broken"),
    "scope": Key(_one_of("content", "ad"), "error: of what"),
    "code": Key(SHORT_TEXT, "error: its code"),
    "message": Key(TEXT, "error: its text"),
}
"""Every optional key of an event."""

KINDS: Mapping[str, Kind] = {str(kind): kind for kind in Kind}
"""Every type of event; others are kept and change nothing."""

_OURS = ("fatal_error_code", "error_code", "error_message", "error_class", "custom", "extra")


def _shape_of(unit: str) -> Shape:
    return COUNT if unit in ("px", "n") else _number(1) if unit == "ratio" else TEXT


CONTEXT_KEYS: Mapping[str, Key] = {
    "video_id": Key(TEXT, "what is watched, as the site names it"),
    "live": Key(FLAG, "a live stream"),
    "autoplay": Key(FLAG, "the first play came from the page, not the viewer"),
    "muted": Key(FLAG, "muted at the first play"),
    "duration_ms": Key(MILLISECONDS, "length of the content"),
    **{
        named.name: Key(_shape_of(named.field.unit), named.field.meaning)
        for named in FIELDS
        if named.field.group == "dimension" and named.name not in _OURS
    },
}
"""Every key of a context that has a field of its own; ``custom_1`` … are kept as such, all others in `extra`."""
