"""What a dialect is: its routes, what a body must be to be accepted, what it means, and what a view of it is.

A dialect is one value in `firstframe.dialects.DIALECTS`, made in one file. The edge calls `envelope`, the fold
worker calls `parse`, `grow` and `fold`; nothing else of a dialect is ever called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from sys import float_info
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from firstframe.beacon import Beacon, Event
from firstframe.dialects.trace import Trace
from firstframe.view.record import ViewRecord
from firstframe.view.word import Word

R = TypeVar("R")


class Reason(Word):
    """Why a beacon or an event was not used. A closed list: each is a counter and a row in `rejects`."""

    UNREADABLE = "unreadable", "Not the JSON (or text) this route takes."
    NO_VIEW_ID = "no_view_id", "It does not say which view it is about."
    BAD_EVENT = "bad_event", "One event of a readable body lacks what makes it usable (type, time)."
    BAD_FIELD = "bad_field", "An optional field had the wrong type and was left out; the event was used."
    UNKNOWN_EVENT = "unknown_event", "Kept with the view, but it changes no number."
    BAD_CLOCK = "bad_clock", "A time that no clock can have meant (negative, beyond the year 2100)."
    TOO_MANY_EVENTS = "too_many_events", "One body holds more events than `max_events` allows."
    TOO_LARGE = (
        "too_large",
        "The body is larger than `max_body_bytes` allows, or one event larger than 64 KiB.",
    )
    UNKNOWN_KEY = "unknown_key", "The write key does not exist or was revoked."
    FORBIDDEN_ORIGIN = "forbidden_origin", "The page is not among the origins of its write key."
    RATE_LIMITED = "rate_limited", "The project's beacons come faster than its rate."
    UNSUPPORTED_MEDIA = "unsupported_media", "A content encoding that is not understood."
    OVERLOADED = "overloaded", "The journal could not take it; the client was asked to come back."


class Reject(msgspec.Struct, frozen=True):
    """One thing that could not be used, with a sample for the operator."""

    reason: Reason
    message: str
    sample: str = ""


class Request(msgspec.Struct, frozen=True):
    """What a dialect sees of an HTTP request (or of one WebSocket message)."""

    method: str
    route: str
    """The route's `path` as declared."""
    params: Mapping[str, str]
    """Named segments of the path, such as ``playback_id``."""
    query: str
    headers: dict[str, str]
    body: bytes


class Envelope(msgspec.Struct, frozen=True):
    """What the edge needs to know of a body before it is durable."""

    native_view_ids: Sequence[str]
    """Each view the body speaks of, once. May be empty: then the beacon only has a reason to exist in `rejects`."""
    event_count: int
    write_key: str | None = None
    """The key that the body itself names, where the dialect has such a field."""


class Reading(msgspec.Struct, frozen=True):
    """What one beacon says."""

    events: Sequence[Event]
    rejects: Sequence[Reject] = ()


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer that a dialect's SDK needs to see."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Grant(msgspec.Struct, frozen=True):
    """What the edge says about the key of a request to an ``answer`` route."""

    granted: bool
    message: str = ""


class Route(msgspec.Struct, frozen=True):
    """One address of a dialect on the collector.

    ``collect``: the body is journalled, then ``reply`` is sent. ``answer``: nothing is kept, ``answer`` makes the
    reply. ``socket``: a WebSocket, each text message is journalled as a beacon of its own.
    """

    path: str
    """As the SDK appends it, ``/api/events``; may hold ``{name}`` segments (one path segment or part of one)."""
    kind: Literal["collect", "answer", "socket"] = "collect"
    methods: tuple[str, ...] = ("POST",)
    mounted: bool = True
    """Served below ``/<dialect>`` and ``/<dialect>/{write_key}``."""
    at_root: bool = False
    """Also served at the collector's root, for SDKs that allow no path."""
    reply: Reply = Reply()
    answer: Callable[[Request, Grant], Reply] | None = None
    key_of: Callable[[Request], str | None] | None = None
    """For ``answer`` routes: the write key that the request names, where it does."""


class Folded(msgspec.Struct):
    """The rows that a native view's events make at one instant."""

    rows: Sequence[ViewRecord]
    """In time order; more than one only where the dialect's view can be split (ordinal 0, 1 …)."""
    due_ms: int | None = None
    """Server time at which the same events would fold differently because of silence; None when never."""


class Growing(Protocol):
    """One native view whose events come in parts. Its rows are a pure function of the *set* of them and the time.

    Times in the rows are on the client's clock; `firstframe.fold.finish` places them, adds what the context knows and
    the scores. Only what `firstframe.view.record` marks as the dialect's business need be filled in.
    """

    def add(self, events: Sequence[Event], /) -> None:
        """Take more events, none twice, in no promised order."""

    def fold(self, now_ms: int, /) -> Folded:
        """The rows as they stand."""


class _Anew(Generic[R]):
    """A view whose every fold begins anew with what was read of its events."""

    def __init__(self, read: Callable[[Event], R], fold: Callable[[Sequence[R], int], Folded]) -> None:
        self._read = read
        self._fold = fold
        self._known: list[R] = []

    def add(self, events: Sequence[Event]) -> None:
        self._known += map(self._read, events)

    def fold(self, now_ms: int) -> Folded:
        return self._fold(self._known, now_ms)


def fold_anew(
    read: Callable[[Event], R], fold: Callable[[Sequence[R], int], Folded]
) -> Callable[[], Growing]:
    """The `Dialect.grow` of rules that look back over the whole view: each event is read once, and folded many times."""
    return lambda: _Anew(read, fold)


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor's language, from its bytes to a view. Its functions are pure."""

    name: str
    """One lower-case word: the route prefix, the column value, the file name."""
    title: str
    """For people: ``Pillarbox``."""
    routes: tuple[Route, ...]
    envelope: Callable[[Request], Envelope]
    """Read just enough of a body to accept it.

    Raises `firstframe.errors.BadRequest` when the body cannot be read at all. Must not refuse a body because some of
    its events are unusable: SDKs resend what is refused, for ever.
    """
    parse: Callable[[Beacon], Reading]
    """All events of an accepted beacon, with the reason for each that cannot be used. Never raises."""
    grow: Callable[[], Growing]
    """A view without events."""
    splits: bool = False
    """Whether one native id may hold several views, one after the other: an hour of silence begins another."""
    snippet: Callable[[str, str], str]
    """(collector URL, write key) → the few lines that point this SDK at a collector, ready to paste."""
    trace: Trace = Trace()
    """What of its raw events can be drawn over time."""

    def fold(self, events: Sequence[Event], now_ms: int) -> Folded:
        """The rows of all events of one native view; they hold each key once (earliest receipt), in any order."""
        view = self.grow()
        view.add(events)
        return view.fold(now_ms)


def text(value: Any, limit: int = 1024) -> str | None:
    """A foreign value as a text dimension: numbers and booleans are spelled, blanks and containers are None."""
    if isinstance(value, str):
        return value.strip()[:limit] or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:limit]
    return None


_WHOLE = 2**63
_LARGEST = float_info.max
"""JSON's integers have no end, columns and divisions do."""


def number(value: Any) -> float | None:
    """A foreign value as a finite number, else None. Numeric text counts, booleans do not."""
    kind = type(value)  # what JSON makes is of these very types
    if kind is int and -_WHOLE < value < _WHOLE:
        found: float = value
        return found
    if kind is str:
        try:
            value = float(value)
        except ValueError:
            return None
    elif kind is not float and kind is not int:
        return None
    return float(value) if -_LARGEST <= value <= _LARGEST else None  # NaN is not between them


def whole(value: Any, *, low: int = 0, high: int = 2**62) -> int | None:
    """A foreign value as an integer within bounds, rounded, else None."""
    if type(value) is int and low <= value <= high:  # nearly always: asked six times for each beacon
        same: int = value
        return same
    found = number(value)
    if found is None or not low <= found <= high:
        return None
    return round(found)


def flag(value: Any) -> bool | None:
    """A foreign value as a boolean, else None."""
    if isinstance(value, bool):
        return value
    return (
        {"true": True, "false": False, 1: True, 0: False}.get(value) if isinstance(value, str | int) else None
    )
