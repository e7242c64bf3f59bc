"""Rows of the engine's tables, from events and records and back: the one place that knows a column's form.

`VIEW_COLUMNS` is `FIELDS` under the engine's names; what differs is a table of conversions. Whatever a fold
hands over is made to fit its column (numbers clamped, lone surrogates replaced): no view can stop a batch.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from sys import float_info
from typing import Any, get_args

import msgspec

from firstframe.beacon import Context, Event, view_id_of
from firstframe.engine.twin import TWINS, own_value
from firstframe.view.record import FIELDS, EndReason, NamedField, Outcome, Span, State, ViewRecord

LATEST_MS = 10_413_791_999_999
"""The end of the year 2299, the last instant that DateTime64(3) holds."""
MAX_AGE = 2**64 - 1
_INT64 = 2**63 - 1
_INT60 = 2**60
_NO_UUID = "00000000-0000-0000-0000-000000000000"
_UUID_LENGTH = len(_NO_UUID)
_is_uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch

EPOCH_FIELDS = ("view_start_ms", "view_end_ms", "received_first_ms", "received_last_ms")
SPAN_COLUMNS = ("spans.state", "spans.start_ms", "spans.end_ms")
WRITTEN_SPAN_COLUMNS = ("spans.state", "spans.gap_ms", "spans.length_ms")
WRITTEN_ROW_COLUMNS = ("first_hour", "version", "is_deleted")
ROW_COLUMNS = ("view_key", *WRITTEN_ROW_COLUMNS)
COMPUTED_FIELDS = frozenset({"view_id"})
"""What the engine computes from the other columns; it is read, and not written."""
DELAY_COLUMNS = {"received_first_ms": "first_delay_ms", "received_last_ms": "last_delay_ms"}
"""Receipts are stored as what passed since the view's start and end."""
ID_FIELDS = ("native_view_id", "session_id", "viewer_id")
"""Ids that nearly always are UUIDs: 16 bytes where they are, and text where they are not."""
WHOLE_FIELDS = (
    *("video_startup_time_ms", "watch_time_ms", "content_playing_time_ms", "max_playhead_ms"),
    *("bitrate_x_ms", "request_bytes", "request_load_ms", "ttfb_sum_ms", "ttfb_count"),
    "max_request_latency_ms",
)
"""Numbers that nearly always have no fraction: a whole number where they have none, and the number where they do."""

EVENT_COLUMNS = (
    "project",
    "view_key",
    "dialect",
    "native_view_id",
    "event_key",
    "seq",
    "at",
    "received_at",
    "name",
    "context",
    "payload",
    "chunk",
    "age",
)
REJECT_COLUMNS = ("received_at", "project", "dialect", "reason", "message", "sample")
ASSET_COLUMNS = (
    "project",
    "playback_id",
    "asset_id",
    "stream_id",
    "creator_id",
    "title",
    "dstorage_url",
    "duration_ms",
    "tags",
    "version",
)


def column_of(name: str) -> str:
    """The column of a record's field: the four instants lose their unit, ``spans`` is three columns."""
    return name.removesuffix("_ms") if name in EPOCH_FIELDS else name


def _written(name: str) -> tuple[str, ...]:
    if name == "spans":
        return WRITTEN_SPAN_COLUMNS
    if name in TWINS:
        return (f"own_{name}",)
    if name in DELAY_COLUMNS:
        return (DELAY_COLUMNS[name],)
    if name in ID_FIELDS:
        return (f"{name.removesuffix('id')}uuid",)
    return (f"whole_{name}",) if name in WHOLE_FIELDS else (column_of(name),)


_WRITTEN_FIELDS = tuple(field for field in FIELDS if field.name not in COMPUTED_FIELDS)


VIEW_COLUMNS = (
    *(column for field in _WRITTEN_FIELDS for column in _written(field.name)),
    *(f"{name.removesuffix('id')}text" for name in ID_FIELDS),
    *(f"rest_{name}" for name in WHOLE_FIELDS),
    *WRITTEN_ROW_COLUMNS,
)
"""The columns of ``views`` that are written, in the order of `view_row`."""
READ_COLUMNS = (
    *(
        column
        for field in FIELDS
        for column in (SPAN_COLUMNS if field.name == "spans" else (column_of(field.name),))
    ),
    *ROW_COLUMNS,
)
"""The columns of ``views`` under the names of the record's fields; some are aliases, which ``*`` leaves out."""

_encode = msgspec.json.Encoder().encode
_context_decoder = msgspec.json.Decoder(Context)
_payload_decoder = msgspec.json.Decoder(dict[str, Any])


def event_row(project: str, dialect: str, event: Event, chunk: int) -> tuple[Any, ...]:
    """One row of ``events``, in the order of `EVENT_COLUMNS`."""
    return event_rows(project, dialect, [event], chunk)[0]


def event_rows(project: str, dialect: str, events: Sequence[Event], chunk: int) -> list[tuple[Any, ...]]:
    """The rows of events of one view; what they have in common is made once."""
    rows = []
    native = events[0].native_view_id
    place = column_text(project), view_id_of(project, dialect, native), dialect, column_text(native)
    context, last = "", None
    for event in events:
        if event.context is not last:
            last = event.context
            context = column_text(_encode(last).decode())
        received = _instant(event.received_at_ms)
        row = (
            *place,
            event.key,
            None if event.seq is None else _whole(event.seq),
            _instant(event.at_ms),
            received,
            column_text(event.name),
            context,
            column_text(_encode(event.payload).decode()),
            chunk,
            MAX_AGE - received,
        )
        rows.append(row)
    return rows


def event_from(row: Mapping[str, Any]) -> Event:
    """The event that `event_row` was made of."""
    return Event(
        native_view_id=row["native_view_id"],
        key=row["event_key"],
        seq=row["seq"],
        at_ms=epoch_ms(row["at"]),
        received_at_ms=epoch_ms(row["received_at"]),
        name=row["name"],
        payload=_payload_decoder.decode(row["payload"]),
        context=_context_decoder.decode(row["context"]),
    )


def reject_row(
    received_at_ms: int, project: str, dialect: str, *, reason: str, message: str, sample: str
) -> tuple[Any, ...]:
    """One row of ``rejects``, in the order of `REJECT_COLUMNS`."""
    return (_instant(received_at_ms), *map(column_text, (project, dialect, str(reason), message, sample)))


def view_row(record: ViewRecord, version: int, first_hour: int, is_deleted: bool = False) -> tuple[Any, ...]:
    """One row of ``views``, in the order of `VIEW_COLUMNS`; ``first_hour`` in epoch seconds."""
    values: list[Any] = [
        None if value is None and nullable else write(value)
        for (write, nullable), value in zip(_WRITERS, _written_values(record), strict=True)
    ]
    for place, usual in _TWINS:
        values[place] = own_value(values[place], usual(record))
    values[_SPANS : _SPANS + 1] = _spans(record)
    values[_FIRST_RECEIPT] -= values[_START]
    values[_LAST_RECEIPT] -= values[_END]
    for place in _IDS:
        values[place], text = id_parts(values[place])
        values.append(text)
    for place in _NUMBERS:
        values[place], rest = _number_parts(values[place])
        values.append(rest)
    return (*values, first_hour, version, int(is_deleted))


def id_parts(text: str | None) -> tuple[str, str | None]:
    """As a UUID and as text, one of them empty; zeros are text, because an empty UUID is zeros."""
    if text is not None and len(text) == _UUID_LENGTH and _is_uuid(text) and text != _NO_UUID:
        return text, ""
    return "", text


def _number_parts(number: float | None) -> tuple[int | None, float]:
    """As a whole number and as it is, one of them 0: their sum is the number to the last bit."""
    if number is None:
        return None, 0.0
    return (int(number), 0.0) if number.is_integer() and -_INT60 <= number <= _INT60 else (0, number)


def _spans(record: ViewRecord) -> tuple[list[str], list[int], list[int]]:
    """States, the gap before each, and lengths: small numbers, the gaps nearly always 0."""
    states, gaps, lengths = [], [], []
    passed = _instant(record.view_start_ms)
    for span in record.spans:
        start, end = _mark(span.start_ms), _mark(span.end_ms)
        states.append(span.state.value)
        gaps.append(start - passed)
        lengths.append(end - start)
        passed = end
    return states, gaps, lengths


def record_from(columns: Sequence[str], row: Sequence[Any]) -> ViewRecord:
    """The record of a row of ``views``: other columns are passed over, missing ones become defaults."""
    named = dict(zip(columns, row, strict=True))
    values = {field: read(named[column]) for column, (field, read) in _READERS.items() if column in named}
    if SPAN_COLUMNS[0] in named:
        parts = (named[column] for column in SPAN_COLUMNS)
        values["spans"] = [Span(State(state), start, end) for state, start, end in zip(*parts, strict=True)]
    return ViewRecord(**values)


def epoch_ms(value: datetime | int) -> int:
    """Epoch milliseconds of an instant, as the client gives it."""
    if isinstance(value, int):
        return value
    instant = value if value.tzinfo else value.replace(tzinfo=UTC)
    return int(instant.timestamp()) * 1000 + instant.microsecond // 1000


def column_text(value: str) -> str:
    """Valid Unicode: a lone surrogate, which no column can hold, becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _is_finite(value: float) -> bool:
    """False for integers beyond all floats too."""
    return -float_info.max <= value <= float_info.max


def _whole(value: float) -> int:
    return _bounded(value, _INT64)


def _mark(value: float) -> int:
    """An instant of a span, such that the difference of two of them fits too."""
    return _bounded(value, _INT60)


def _bounded(value: float, most: int) -> int:
    if -most <= value <= most:
        return int(value)
    return max(-most, min(most, int(value))) if _is_finite(value) else 0


def _count(value: int) -> int:
    return max(0, min(2**32 - 1, int(value)))


def _number(value: float) -> float:
    return float(value) if _is_finite(value) else 0.0


def _instant(value: int) -> int:
    return int(value) if 0 <= value <= LATEST_MS else max(0, min(LATEST_MS, int(value)))


def _texts(value: Mapping[str, str]) -> dict[str, str]:
    return {column_text(key): column_text(text) for key, text in value.items()}


def _ranges(value: Sequence[tuple[float, float]] | None) -> list[tuple[float, float]]:
    return [(_number(start), _number(end)) for start, end in value or ()]


def _words(value: Sequence[str]) -> list[str]:
    return [column_text(str(word)) for word in value]


def _finite_or_none(value: float) -> float | None:
    return float(value) if _is_finite(value) else None


def _enum(value: Any) -> str:
    return str(value.value) if isinstance(value, Outcome | EndReason) else str(value)


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: column_text,
    bool: bool,
    int: _whole,
    float: _number,
    Outcome: _enum,
    EndReason: _enum,
}
_BY_NAME: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(EPOCH_FIELDS, _instant),
    "ordinal": _count,
    "played_ranges": _ranges,
    "custom": _texts,
    "extra": _texts,
    "approx": _words,
    "spans": list,
}
_READ_BY_NAME: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(EPOCH_FIELDS, epoch_ms),
    "outcome": Outcome,
    "end_reason": lambda value: None if value is None else EndReason(value),
    "played_ranges": lambda value: [(start, end) for start, end in value] or None,
    "approx": list,
    "custom": dict,
    "extra": dict,
}


def _writer(field: NamedField) -> tuple[Callable[[Any], Any], bool]:
    """How a value is made to fit, and whether null is written as it is."""
    if field.name in _BY_NAME:
        return _BY_NAME[field.name], False
    if not field.nullable:
        return _BY_TYPE[field.type], False
    kind = next(arg for arg in get_args(field.type) if arg is not type(None))
    return _finite_or_none if kind is float else _BY_TYPE[kind], True


def _same(value: Any) -> Any:
    return value


_written_values = attrgetter(*(field.name for field in _WRITTEN_FIELDS))
_WRITERS = tuple(_writer(field) for field in _WRITTEN_FIELDS)
_TWINS = tuple(
    (index, TWINS[field.name]) for index, field in enumerate(_WRITTEN_FIELDS) if field.name in TWINS
)
_PLACES = {field.name: place for place, field in enumerate(_WRITTEN_FIELDS)}
_SPANS, _START, _END = _PLACES["spans"], _PLACES["view_start_ms"], _PLACES["view_end_ms"]
_FIRST_RECEIPT, _LAST_RECEIPT = _PLACES["received_first_ms"], _PLACES["received_last_ms"]
# Spans are the last field, so that their three columns move no other place.
_IDS = tuple(_PLACES[name] for name in ID_FIELDS)
_NUMBERS = tuple(_PLACES[name] for name in WHOLE_FIELDS)
_READERS = {
    column_of(field.name): (field.name, _READ_BY_NAME.get(field.name, _same))
    for field in FIELDS
    if field.name != "spans"
}
