"""Rows of the engine's tables, from events and records and back: the one place that knows a column's form.

`VIEW_COLUMNS` is `FIELDS` under the engine's names; what differs is a table of conversions. Whatever a fold
hands over is made to fit its column (numbers clamped, lone surrogates replaced): no view can stop a batch.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
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

EPOCH_FIELDS = ("view_start_ms", "view_end_ms", "received_first_ms", "received_last_ms")
SPAN_COLUMNS = ("spans.state", "spans.start_ms", "spans.end_ms")
WRITTEN_SPAN_COLUMNS = ("spans.state", "spans.gap_ms", "spans.length_ms")
ROW_COLUMNS = ("view_key", "first_hour", "version", "is_deleted")
WRITTEN_ROW_COLUMNS = ("first_view_id", "first_hour", "version", "is_deleted")

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


def _written(name: str) -> str:
    return f"own_{name}" if name in TWINS else column_of(name)


VIEW_COLUMNS = (
    *(
        column
        for field in FIELDS
        for column in (WRITTEN_SPAN_COLUMNS if field.name == "spans" else (_written(field.name),))
    ),
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
    place = _text(project), view_id_of(project, dialect, native), dialect, _text(native)
    context, last = "", None
    for event in events:
        if event.context is not last:
            last = event.context
            context = _text(_encode(last).decode())
        received = _instant(event.received_at_ms)
        row = (
            *place,
            event.key,
            None if event.seq is None else _whole(event.seq),
            _instant(event.at_ms),
            received,
            _text(event.name),
            context,
            _text(_encode(event.payload).decode()),
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
    return (_instant(received_at_ms), *map(_text, (project, dialect, str(reason), message, sample)))


def view_row(record: ViewRecord, version: int, first_hour: int, is_deleted: bool = False) -> tuple[Any, ...]:
    """One row of ``views``, in the order of `VIEW_COLUMNS`; ``first_hour`` in epoch seconds."""
    values: list[Any] = [write(getattr(record, name)) for name, write in _WRITERS]
    for place, usual in _TWINS:
        values[place] = own_value(values[place], usual(record))
    values[_SPANS : _SPANS + 1] = _spans(record)
    first = view_id_of(record.project, record.dialect, record.native_view_id) if record.ordinal else ""
    return (*values, first, first_hour, version, int(is_deleted))


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


def _text(value: str) -> str:
    """Valid Unicode: a lone surrogate, which no column can hold, becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _is_finite(value: float) -> bool:
    """False for integers beyond all floats too."""
    return -float_info.max <= value <= float_info.max


def _whole(value: float) -> int:
    return max(-_INT64, min(_INT64, int(value))) if _is_finite(value) else 0


def _mark(value: float) -> int:
    """An instant of a span, such that the difference of two of them fits too."""
    return max(-_INT60, min(_INT60, int(value))) if _is_finite(value) else 0


def _count(value: int) -> int:
    return max(0, min(2**32 - 1, int(value)))


def _number(value: float) -> float:
    return float(value) if _is_finite(value) else 0.0


def _instant(value: int) -> int:
    return max(0, min(LATEST_MS, int(value)))


def _texts(value: Mapping[str, str]) -> dict[str, str]:
    return {_text(key): _text(text) for key, text in value.items()}


def _ranges(value: Sequence[tuple[float, float]] | None) -> list[tuple[float, float]]:
    return [(_number(start), _number(end)) for start, end in value or ()]


def _words(value: Sequence[str]) -> list[str]:
    return [_text(str(word)) for word in value]


def _nullable(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else write(value)


def _finite_or_none(value: float | None) -> float | None:
    return float(value) if value is not None and _is_finite(value) else None


def _enum(value: Any) -> str:
    return str(value.value) if isinstance(value, Outcome | EndReason) else str(value)


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
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


def _writer(field: NamedField) -> Callable[[Any], Any]:
    if field.name in _BY_NAME:
        return _BY_NAME[field.name]
    if not field.nullable:
        return _BY_TYPE[field.type]
    kind = next(arg for arg in get_args(field.type) if arg is not type(None))
    return _finite_or_none if kind is float else _nullable(_BY_TYPE[kind])


def _same(value: Any) -> Any:
    return value


_WRITERS = tuple((field.name, _writer(field)) for field in FIELDS)
_TWINS = tuple((index, TWINS[field.name]) for index, field in enumerate(FIELDS) if field.name in TWINS)
_SPANS = next(index for index, field in enumerate(FIELDS) if field.name == "spans")
_READERS = {
    column_of(field.name): (field.name, _READ_BY_NAME.get(field.name, _same))
    for field in FIELDS
    if field.name != "spans"
}
