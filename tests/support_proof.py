"""What must hold after any fault: nothing acknowledged is lost or twice, rows equal a recomputation."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec

from firstframe.dialects import DIALECTS
from firstframe.engine.client import Engine
from firstframe.engine.rows import record_from
from firstframe.engine.stored import load_events
from firstframe.fold.rule import FoldRule
from firstframe.folder import Folder
from support_load import Load
from support_product import Product


def settle(product: Product, load: Load, seconds: float = 120) -> None:
    """End the load, wait until all of it can be seen, and prove it."""
    load.stop()
    stopped_at = datetime.now(UTC)
    product.wait_until(lambda: caught_up(product, stopped_at), seconds, "the fold to catch up")
    prove(product, load)


def caught_up(product: Product, since: datetime) -> bool:
    """Whether everything accepted before an instant can be seen."""
    health = product.health()
    fresh = health and health["fresh_as_of"]
    return bool(fresh) and datetime.fromisoformat(fresh) > since


def prove(product: Product, load: Load) -> None:
    """Compare what was acknowledged with what is stored, and the rows with a recomputation from the events."""
    engine = Engine.connect(Folder(product.data).engine_face().url)
    native = next(dialect for dialect in DIALECTS if dialect.name == "native")
    assert len(load.acknowledged) > 20
    counted = engine.query(
        "SELECT native_view_id, JSONExtractString(payload, 'id') AS id, count() FROM events FINAL GROUP BY ALL"
    )
    stored: dict[str, dict[str, int]] = {}
    for view, event_id, times in counted.rows:
        stored.setdefault(view, {})[event_id] = times
    for view, events in load.acknowledged.items():
        assert events <= stored.get(view, {}).keys(), (
            f"lost of {view}: {events - stored.get(view, {}).keys()}"
        )
    doubled = {view: ids for view, ids in stored.items() if any(times != 1 for times in ids.values())}
    assert not doubled
    answer = engine.query("SELECT * FROM views FINAL")
    rows = [record_from(answer.columns, row) for row in answer.rows]
    assert len(rows) == len({row.view_id for row in rows}) >= len(load.acknowledged)
    keys = answer.columns.index("view_key")
    events_of = load_events(engine, [row[keys] for row in answer.rows])
    for record, row in zip(rows, answer.rows, strict=True):
        now = int(time.time() * 1000)
        again = FoldRule().fold(native, record.project, record.native_view_id, events_of[row[keys]], now)
        (wanted,) = (each for each in again.rows if each.view_id == record.view_id)
        assert told(record) == told(wanted)


def told(record: object) -> dict[str, object]:
    """A row as plain data, without what only says when it was last heard of."""
    data: dict[str, object] = msgspec.to_builtins(record)
    return {name: value for name, value in data.items() if name not in ("received_last_ms", "event_count")}
