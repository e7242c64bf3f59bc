"""What the fold worker asks of the engine, and what it writes there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from typing import Any

import msgspec
import structlog

from firstframe.engine.client import Engine
from firstframe.engine.rows import (
    EVENT_COLUMNS,
    REJECT_COLUMNS,
    VIEW_COLUMNS,
    event_rows,
    reject_row,
    view_row,
)
from firstframe.engine.stored import Head as StoredHead
from firstframe.engine.stored import Portion, count_events, load_heads, load_portions, load_rows
from firstframe.engine.survey import EPOCH_SHIFT, NativeView, epoch_of, open_views
from firstframe.errors import EngineError
from firstframe.fold.open_view import Head, OpenView
from firstframe.fold.reading import Batch
from firstframe.view.record import ViewRecord

log = structlog.get_logger()

TICK_SHIFT = 8
"""A version is (refold epoch, chunk number, tick): 16, 40 and 8 bits."""
HOUR_MS = 3_600_000
_PAYLOAD = EVENT_COLUMNS.index("payload")


class Change(msgspec.Struct):
    """One row to write, and what to remember of it once it is written."""

    view: OpenView
    row: ViewRecord
    head: Head
    print: bytes


class Store:
    """Reads and writes `events`, `views` and `rejects`; holds no state of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def epoch(self) -> int:
        """The latest refold epoch among the stored rows."""
        return epoch_of(self._engine)

    def open_views(self) -> Iterable[NativeView]:
        """The native views whose latest row is not closed."""
        return open_views(self._engine)

    def put_events(self, batch: Batch, chunk: int, token: str | None) -> None:
        """Store a chunk's events and rejects; the same chunk again changes nothing.

        Events need no token for that, they are the same by their keys; rejects have no keys.
        """
        rows: list[tuple[Any, ...]] = []
        for name, events in batch.events.items():
            its = event_rows(name.project, name.dialect, events, chunk)
            batch.weights[name] = sum(len(row[_PAYLOAD]) for row in its)
            rows += its
        if rows:
            self._engine.insert("events", EVENT_COLUMNS, rows)
        refused = [
            reject_row(
                each.received_at_ms,
                each.project,
                each.dialect,
                reason=each.reject.reason.value,
                message=each.reject.message,
                sample=each.reject.sample,
            )
            for each in batch.refused
        ]
        if refused:
            self._engine.insert("rejects", REJECT_COLUMNS, refused, token=token)

    def load(
        self,
        names: Sequence[NativeView],
        *,
        most_events: int,
        leave: Callable[[NativeView, EngineError], None],
    ) -> Iterator[OpenView]:
        """These views with their stored events and the heads of their rows, in no promised order, some at a time.

        Who lets go of each before the next needs little memory for however many. Of more than ``most_events`` events
        the earliest by client time come, and one more. A view that is too much to load is told to ``leave`` and does
        not come. Rows whose first events are gone come as they are: there is no folding them again.
        """
        name_of = {name.key: name for name in names}

        def left(key: str, error: EngineError) -> None:
            leave(name_of[key], error)

        for portion in load_portions(self._engine, name_of, most_events, left):
            yield from self._opened([name_of[key] for key in portion.keys], portion)

    def _opened(self, names: Sequence[NativeView], portion: Portion) -> list[OpenView]:
        heads = load_heads(self._engine, names)
        views, cut_off = [], {}
        for name in names:
            view = OpenView(name.key, name.project, name.dialect, name.native_view_id)
            view.add(portion.events.pop(name.key, ()))
            view.weight = portion.weights.get(name.key, 0)
            its = heads.get(name.key, ())
            view.heads = {
                head.view_id: Head(head.ordinal, head.first_hour, head.version, head.is_deleted, head.closed)
                for head in its
            }
            views.append(view)
            begun_ms = min(_first_receipt_ms(view), portion.received_first_ms.get(name.key, inf))
            if _is_cut_off(begun_ms, its):
                cut_off[name.key] = view, begun_ms
        self._keep_standing(list(cut_off.values()))
        return views

    def _keep_standing(self, views: Sequence[tuple[OpenView, float]]) -> None:
        """Give views whose first events are gone the rows that they have; with each the first receipt that is left."""
        rows = load_rows(self._engine, [view.name for view, _ in views])
        for view, begun_ms in views:
            view.standing = [row for row in rows.get(view.key, ()) if row.received_first_ms < begun_ms]
            view.prints = {row.view_id: _print_of(row) for row in view.standing}

    def event_counts(self, names: Sequence[NativeView]) -> dict[str, int]:
        """How many events are stored of each of these views, by key; views without are not in it."""
        return count_events(self._engine, [name.key for name in names])

    def put_views(self, changes: Sequence[Change]) -> None:
        """Write new versions, then remember that they are written."""
        if not changes:
            return
        rows = [(change, row) for change in changes if (row := _row_of(change)) is not None]
        self._engine.insert("views", VIEW_COLUMNS, [row for _, row in rows])
        for change, _ in rows:
            change.view.heads[change.row.view_id] = change.head
            change.view.prints[change.row.view_id] = change.print


def _is_cut_off(begun_ms: float, heads: Iterable[StoredHead]) -> bool:
    """Whether a view's rows know of an earlier receipt than any of its events: those are beyond their retention."""
    first_ms = min((head.received_first_ms for head in heads if not head.is_deleted), default=inf)
    return first_ms < begun_ms


def _first_receipt_ms(view: OpenView) -> float:
    return min((event.received_at_ms for event in view.events.values()), default=inf)


def changes_of(view: OpenView, rows: Sequence[ViewRecord], epoch: int) -> list[Change]:
    """The rows that say something new, and tombstones for rows that late events have joined to another."""
    changes = [change for row in rows if (change := _change(view, row, epoch)) is not None]
    kept = {row.view_id for row in rows}
    changes.extend(
        _tombstone(view, gone, head, epoch)
        for gone, head in view.heads.items()
        if gone not in kept and not head.is_deleted
    )
    return changes


def _row_of(change: Change) -> tuple[Any, ...] | None:
    """None for a row that no column can hold: it is not written, all others are."""
    head = change.head
    try:
        return view_row(change.row, head.version, head.first_hour, is_deleted=head.is_deleted)
    except Exception as error:
        log.exception("a view cannot be written", view=change.row.view_id, error=repr(error)[:300])
        return None


def _change(view: OpenView, row: ViewRecord, epoch: int) -> Change | None:
    said = _print_of(row)
    if view.prints.get(row.view_id) == said:
        return None
    known = view.heads.get(row.view_id)
    hour = known.first_hour if known else row.received_first_ms // HOUR_MS * HOUR_MS // 1000
    head = Head(row.ordinal, hour, _next_version(view, known, epoch), closed=row.closed)
    return Change(view, row, head, said)


def _tombstone(view: OpenView, view_id: str, known: Head, epoch: int) -> Change:
    row = ViewRecord(
        project=view.project,
        dialect=view.dialect,
        view_id=view_id,
        native_view_id=view.native_view_id,
        ordinal=known.ordinal,
    )
    head = Head(known.ordinal, known.first_hour, _next_version(view, known, epoch), is_deleted=True)
    return Change(view, row, head, b"")


def _next_version(view: OpenView, known: Head | None, epoch: int) -> int:
    """Never a clock: the journal's position, and above whatever is already written."""
    position = epoch << EPOCH_SHIFT | view.last_chunk << TICK_SHIFT
    return max(position, known.version + 1) if known else position


def _print_of(row: ViewRecord) -> bytes:
    """What a row says, without what changes with every heartbeat even if nothing happens."""
    plain = msgspec.structs.replace(row, received_last_ms=0, event_count=0)
    try:
        return msgspec.msgpack.encode(plain)
    except (OverflowError, UnicodeEncodeError):
        return repr(plain).encode("utf-8", "backslashreplace")
