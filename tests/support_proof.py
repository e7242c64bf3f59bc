"""What must hold after any fault: nothing acknowledged is lost or twice, rows equal a recomputation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

import msgspec

from firstframe.beacon import Event
from firstframe.dialects import DIALECTS
from firstframe.engine.client import Engine
from firstframe.engine.rows import EPOCH_FIELDS, LATEST_MS, READ_COLUMNS, record_from
from firstframe.fold.rule import FoldRule
from firstframe.folder import Folder
from firstframe.view.record import Span, ViewRecord
from support_ledger import Ledger
from support_load import Load
from support_product import Product
from support_stored import load_events

SPEAKERS = {dialect.name: dialect for dialect in DIALECTS}
AT_ONCE = 1_000
"""Views that are recomputed together."""
EXACT = 2**53
ALL_TIME_MS = 2**60
"""Spans further off than that (a mutant may claim them) are stored as that far off."""
TURN_SECONDS = 30.0
"""A view whose silence is up this moment is written anew soon: so long a row may differ from a recomputation."""


class Proof(msgspec.Struct, frozen=True):
    """What was compared, all of it equal."""

    events: int
    views: int
    acknowledged: int


def settle(product: Product, load: Load | Ledger, seconds: float = 120) -> Proof:
    """End the load, wait until all of it can be seen, and prove it."""
    if isinstance(load, Load):
        load.stop()
    stopped_at = datetime.now(UTC)
    product.wait_until(lambda: product.shows(stopped_at), seconds, "the fold to catch up")
    return prove(product, load)


def prove(product: Product, load: Load | Ledger) -> Proof:
    """Compare what was acknowledged with what is stored, and the rows with a recomputation from the events."""
    engine = Engine.connect(Folder(product.data).engine_face().url)
    acknowledged = prove_named(engine, load) if isinstance(load, Load) else prove_keyed(engine, load)
    views, events = prove_rows(engine)
    return Proof(events, views, acknowledged)


def prove_named(engine: Engine, load: Load) -> int:
    """Each acknowledged event of a native load is there under its own id, once."""
    assert len(load.acknowledged) > 20
    counted = engine.query(
        "SELECT native_view_id, JSONExtractString(payload, 'id') AS id, count() FROM events FINAL GROUP BY ALL"
    )
    stored: dict[str, dict[str, int]] = {}
    for view, event_id, times in counted.rows:
        stored.setdefault(view, {})[event_id] = times
    _nothing_lost(load.acknowledged, stored)
    own = {view: stored[view] for view in load.acknowledged}
    doubled = {view: ids for view, ids in own.items() if any(times != 1 for times in ids.values())}
    assert not doubled
    return sum(map(len, load.acknowledged.values()))


def prove_keyed(engine: Engine, ledger: Ledger) -> int:
    """Each acknowledged event is there once, and nothing is there that was never sent."""
    assert len(ledger.acknowledged) > 20
    stored = _keys_of(engine)
    _nothing_lost(ledger.acknowledged, stored)
    for view, keys in stored.items():
        assert all(times == 1 for times in keys.values()), f"twice of {view}: {keys}"
        strange = keys.keys() - ledger.sent.get(view, set())
        assert not strange, f"never sent of {view}: {strange}"
    return ledger.event_count


def prove_rows(engine: Engine) -> tuple[int, int]:
    """Every row equals what its view's stored events make of it; gives the numbers of rows and of their events."""
    named = engine.query("SELECT DISTINCT view_key, project, dialect FROM events").rows
    names = {key: (project, dialect) for key, project, dialect in named}
    keys = iter(sorted(names))
    views = events = 0
    while part := list(islice(keys, AT_ONCE)):
        deadline = time.monotonic() + TURN_SECONDS
        while wrong := _wrong(engine, part, names):
            assert time.monotonic() < deadline, wrong[:3]
            time.sleep(1)
        views += len(_rows(engine, part))
        events += sum(map(len, load_events(engine, part).values()))
    ((stored, distinct, alone),) = engine.query(
        "SELECT count(), uniqExact(view_id), countIf(view_key NOT IN (SELECT view_key FROM events)) FROM views FINAL"
    ).rows
    assert stored == distinct == views
    assert alone == 0
    return views, events


def told(record: object) -> dict[str, object]:
    """A row as plain data, without what only says when it was last heard of."""
    data: dict[str, object] = msgspec.to_builtins(record)
    data["played_ranges"] = data["played_ranges"] or None  # stored as an empty list either way
    return {name: value for name, value in data.items() if name not in ("received_last_ms", "event_count")}


def _nothing_lost(acknowledged: Mapping[str, set[str]], stored: Mapping[str, Mapping[str, int]]) -> None:
    for view, events in acknowledged.items():
        lost = events - stored.get(view, {}).keys()
        assert not lost, f"lost of {view}: {lost}"


def _keys_of(engine: Engine) -> dict[str, dict[str, int]]:
    answer = engine.query("SELECT view_key, event_key, count() FROM events FINAL GROUP BY ALL")
    stored: dict[str, dict[str, int]] = {}
    for view, key, times in answer.rows:
        stored.setdefault(view, {})[key] = times
    return stored


def _wrong(
    engine: Engine, keys: Sequence[str], names: Mapping[str, tuple[str, str]]
) -> list[tuple[str, dict[str, object]]]:
    """The views whose rows are not what their events say now, with the differences."""
    now = int(time.time() * 1000)
    rows, events = _rows(engine, keys), load_events(engine, keys)
    wanted = {record.view_id: told(record) for record in map(_as_stored, _again(events, names, now))}
    found = {view_id: told(_as_stored(record)) for view_id, record in rows.items()}
    return [
        (view_id, _difference(found.get(view_id, {}), wanted.get(view_id, {})))
        for view_id in sorted(found.keys() | wanted.keys())
        if found.get(view_id) != wanted.get(view_id)
    ]


def _as_stored(record: ViewRecord) -> ViewRecord:
    """The same, made to fit its columns: no instant before 1970 or beyond all time, no number that a float cannot tell."""
    fit = msgspec.structs.replace(
        record, spans=[Span(span.state, _mark(span.start_ms), _mark(span.end_ms)) for span in record.spans]
    )
    for name in EPOCH_FIELDS:
        setattr(fit, name, min(max(getattr(fit, name), 0), LATEST_MS))
    for name in fit.__struct_fields__:
        value = getattr(fit, name)
        if type(value) is int and abs(value) > EXACT:
            setattr(fit, name, float(value))
    return fit


def _mark(instant_ms: float) -> int:
    return int(max(-ALL_TIME_MS, min(ALL_TIME_MS, instant_ms)))


def _again(
    events: Mapping[str, list[Event]], names: Mapping[str, tuple[str, str]], now: int
) -> Iterator[ViewRecord]:
    """Every row that the stored events of these views make; events that mean nothing make none."""
    for key, told_of in events.items():
        project, dialect = names[key]
        yield from FoldRule().fold(SPEAKERS[dialect], project, told_of[0].native_view_id, told_of, now).rows


def _rows(engine: Engine, keys: Sequence[str]) -> dict[str, ViewRecord]:
    columns = ", ".join(f"`{column}`" for column in READ_COLUMNS)
    answer = engine.query(
        f"SELECT {columns} FROM views FINAL WHERE view_key IN {{keys:Array(String)}}", {"keys": keys}
    )
    records = [record_from(answer.columns, row) for row in answer.rows]
    assert len({record.view_id for record in records}) == len(records)
    return {record.view_id: record for record in records}


def _difference(found: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    return {
        name: {"stored": found.get(name), "recomputed": wanted.get(name)}
        for name in found.keys() | wanted.keys()
        if found.get(name) != wanted.get(name)
    }
