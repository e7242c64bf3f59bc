"""kill -9 of each role and of all of them at random moments under load: nothing acknowledged is lost or twice."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from firstframe.dialects import DIALECTS
from firstframe.engine.client import Engine
from firstframe.engine.rows import record_from
from firstframe.engine.stored import load_events
from firstframe.fold.rule import FoldRule
from firstframe.folder import Folder
from support_load import Load
from support_product import Product

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

KILLS = 50
ROLES = ("engine", "fold", "edge", "api", "serve")


def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """After at least 50 kills each event answered 2xx is stored exactly once, and rows equal a recomputation."""
    product = Product(tmp_path / "data").start()
    load = Load(lambda path, body: product.post(path, body, timeout=5)).start()
    killed = dict.fromkeys(ROLES, 0)
    chance = random.Random(11)
    try:
        while sum(killed.values()) < KILLS:
            time.sleep(chance.uniform(0.2, 1.4))
            role = ROLES[sum(killed.values()) % len(ROLES)]
            if product.kill(role):
                killed[role] += 1
            if role == "serve":
                assert product.process is not None
                product.process.wait(30)
                product.start(90)
        load.stop()
        stopped_at = datetime.now(UTC)
        product.wait_until(lambda: caught_up(product, stopped_at), 120, "the fold to catch up")
        prove(product, load)
    finally:
        load.stop()
        product.stop()
    print(f"kills {killed}, beacons sent {load.sent}, refused {load.refused}, views {len(load.acknowledged)}")


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
