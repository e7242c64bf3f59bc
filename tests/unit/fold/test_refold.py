"""History anew: rows refolded from stored events, and the retained journal read again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from firstframe.beacon import Beacon, Event, view_id_of
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Folded, fold_anew
from firstframe.engine import stored
from firstframe.engine.client import Engine
from firstframe.engine.survey import NativeView
from firstframe.errors import EngineError
from firstframe.fold.refold import Refolder
from firstframe.fold.replay import replay
from firstframe.fold.rule import FoldRule
from firstframe.fold.store import Change
from firstframe.fold.watch import Watch
from firstframe.fold.worker import Worker
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.files import FilesAppender
from firstframe.journal.replay import replay as retained
from support_cases import beacon_of

pytestmark = pytest.mark.engine

BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
START_MS = int(time.time() * 1000) - 3_600_000
STORY = [("play", 0), ("playing", 1_000), ("end", 11_000)]


def beacons(count: int) -> list[Beacon]:
    """Views that ended, one beacon each."""
    made = []
    for number in range(count):
        events = [{"type": kind, "at": START_MS + at} for kind, at in STORY]
        body = json.dumps({"view_id": f"v{number}", "events": events}).encode()
        made.append(beacon_of(body, START_MS))
    return made


async def append(journal: Path, each: list[Beacon]) -> None:
    appender = FilesAppender(journal, "edge-0", commit_ms=0)
    for number, beacon in enumerate(each):
        await appender.append(beacon, [view_id_of("default", "native", f"v{number}")])
    await appender.close()


@pytest.fixture
def journal(tmp_path: Path, engine: Engine) -> Path:
    """Three views, folded."""
    asyncio.run(append(tmp_path / "journal", beacons(3)))
    fold_all(tmp_path / "journal", engine)
    return tmp_path / "journal"


def fold_all(journal: Path, engine: Engine) -> None:
    """What a worker does that comes to the journal now."""
    consumer = FilesConsumer(journal, 0)
    worker = Worker(consumer, engine, FoldRule(), BY_NAME)
    worker.start()
    while worker.step(force=True):
        pass
    consumer.close()


def stall(journal: Path) -> None:
    """A late report: two of v0's ten seconds of playing were a stall."""
    late = {
        "view_id": "v0",
        "events": [
            {"type": "stall_start", "at": START_MS + 5_000},
            {"type": "stall_end", "at": START_MS + 7_000},
        ],
    }
    asyncio.run(append(journal, [beacon_of(json.dumps(late).encode(), START_MS + 20_000)]))


def forget(engine: Engine, before_ms: int) -> None:
    """What was received up to an instant is gone, as when the day that it came in is beyond its retention."""
    engine.command(
        f"ALTER TABLE events DELETE WHERE received_at < fromUnixTimestamp64Milli(toInt64({before_ms}))"
        " SETTINGS mutations_sync = 1"
    )


def playing(engine: Engine) -> list[float]:
    return [
        row[0]
        for row in engine.query(
            "SELECT content_playing_time_ms FROM views FINAL ORDER BY native_view_id"
        ).rows
    ]


def spoil(engine: Engine) -> None:
    """Rows as an earlier version with a wrong rule might have left them."""
    engine.command(
        "ALTER TABLE views UPDATE whole_content_playing_time_ms = 1 WHERE 1 SETTINGS mutations_sync = 1"
    )
    assert playing(engine) == [1, 1, 1]


def test_refold_puts_rows_right_from_their_events(engine: Engine, journal: Path) -> None:
    """The recomputed version wins over the stored one, and there is still one row a view."""
    spoil(engine)
    now = int(time.time() * 1000)
    told: list[tuple[int, int]] = []
    refolder = Refolder(engine, FoldRule(), BY_NAME)
    refolder.run(START_MS - 1, now, told=lambda views, rows: told.append((views, rows)))
    assert playing(engine) == [10_000, 10_000, 10_000]
    assert told[-1][0] >= 3


def test_refold_finds_the_views_of_every_day(engine: Engine, journal: Path) -> None:
    """Views whose events came in on other days are refolded in the same run; what came outside the range is not."""
    day_ms = 86_400_000
    for number in (0, 1):
        engine.command(
            "INSERT INTO events SELECT * REPLACE ("
            f"received_at - INTERVAL {1 + number * 3} DAY AS received_at, age + {(1 + number * 3) * day_ms} AS age)"
            f" FROM events FINAL WHERE native_view_id = 'v{number}'"
        )
    engine.command(
        "ALTER TABLE events DELETE WHERE native_view_id IN ('v0', 'v1') AND chunk > 0 AND"
        f" received_at >= fromUnixTimestamp64Milli(toInt64({START_MS})) SETTINGS mutations_sync = 1"
    )
    spoil(engine)
    now = int(time.time() * 1000)
    told: list[tuple[int, int]] = []
    Refolder(engine, FoldRule(), BY_NAME).run(
        START_MS - 2 * day_ms, now, told=lambda views, rows: told.append((views, rows))
    )
    assert playing(engine) == [10_000, 1, 10_000]
    assert told[-1] == (2, 2)


def test_refold_of_another_dialect_touches_nothing(engine: Engine, journal: Path) -> None:
    """The dialect that was asked for is the only one that is refolded."""
    spoil(engine)
    now = int(time.time() * 1000)
    Refolder(engine, FoldRule(), BY_NAME).run(START_MS - 1, now, dialect="mux", told=lambda views, rows: None)
    assert playing(engine) == [1, 1, 1]


def test_a_late_event_after_a_refold_wins_over_it(engine: Engine, journal: Path) -> None:
    """The worker writes above the refolded version, not below it."""
    now = int(time.time() * 1000)
    Refolder(engine, FoldRule(), BY_NAME).run(START_MS - 1, now, told=lambda views, rows: None)
    stall(journal)
    fold_all(journal, engine)
    assert playing(engine) == [8_000, 10_000, 10_000]


def test_replay_restores_what_the_engine_lost(engine: Engine, journal: Path) -> None:
    """Events and rows come back from the retained journal, each once."""
    engine.command("TRUNCATE TABLE events")
    engine.command("TRUNCATE TABLE views")
    now = int(time.time() * 1000)
    refolder = Refolder(engine, FoldRule(), BY_NAME)
    steps = list(replay(retained(journal, START_MS - 1, now), engine, refolder, BY_NAME, now))
    assert steps[-1][0] == 3
    assert playing(engine) == [10_000, 10_000, 10_000]
    assert engine.query("SELECT count() FROM events FINAL").rows[0][0] == 9


def test_what_is_left_of_a_view_does_not_replace_its_row(engine: Engine, journal: Path) -> None:
    """A view whose first events are beyond their retention keeps the row that all of them made."""
    stall(journal)
    fold_all(journal, engine)
    forget(engine, before_ms=START_MS + 10_000)
    before = engine.query("SELECT * FROM views FINAL ORDER BY native_view_id").rows
    Refolder(engine, FoldRule(), BY_NAME).run(START_MS - 1, START_MS + 60_000, told=lambda views, rows: None)
    assert playing(engine) == [8_000, 10_000, 10_000]
    assert engine.query("SELECT * FROM views FINAL ORDER BY native_view_id").rows == before


def test_an_event_that_comes_while_its_view_is_refolded_is_in_the_row(engine: Engine, journal: Path) -> None:
    """The worker writes between the reading and the writing of a refold: the row knows both."""
    spoil(engine)
    refolder, now = Refolder(engine, FoldRule(), BY_NAME), int(time.time() * 1000)
    put, came = refolder._store.put_views, []

    def late(changes: Sequence[Change]) -> None:
        if not came:
            came.append("v0")
            stall(journal)
            fold_all(journal, engine)
        put(changes)

    refolder._store.put_views = late
    refolder.run(START_MS - 1, now, told=lambda views, rows: None)
    assert playing(engine) == [8_000, 10_000, 10_000]


@pytest.mark.parametrize("is_endless", [False, True])
def test_a_view_that_breaks_its_dialect_stops_no_refold(
    engine: Engine, journal: Path, *, is_endless: bool
) -> None:
    """It keeps its row and is told; all behind it are refolded."""
    native = BY_NAME["native"]

    def fold(events: Sequence[Event], now_ms: int) -> Folded:
        while events[0].native_view_id == "v1":
            if not is_endless:
                raise ZeroDivisionError
        return native.fold(events, now_ms)

    spoil(engine)
    broken = {**BY_NAME, "native": msgspec.structs.replace(native, grow=fold_anew(lambda event: event, fold))}
    refolder = Refolder(engine, FoldRule(), broken, watch=Watch(0.2))
    refolder.run(START_MS - 1, START_MS + 60_000, told=lambda views, rows: None)
    assert playing(engine) == [10_000, 1, 10_000]
    assert list(refolder.left) == [view_id_of("default", "native", "v1")]


def test_a_view_that_is_too_much_to_load_stops_no_refold(
    engine: Engine, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its row and is told; all others are refolded."""
    spoil(engine)
    load = stored._load

    def loaded(engine: Engine, keys: Sequence[str], most_events: int) -> stored.Portion:
        if view_id_of("default", "native", "v2") in keys:
            raise EngineError("Code: 241. DB::Exception: Query memory limit exceeded", 241)
        return load(engine, keys, most_events)

    monkeypatch.setattr(stored, "_load", loaded)
    refolder = Refolder(engine, FoldRule(), BY_NAME)
    refolder.run(START_MS - 1, START_MS + 60_000, told=lambda views, rows: None)
    assert playing(engine) == [10_000, 10_000, 1]
    assert list(refolder.left) == [view_id_of("default", "native", "v2")]


def test_a_view_of_more_events_than_are_used_is_refolded_once(engine: Engine, journal: Path) -> None:
    """What is not loaded of it is no news; the row says that it was capped."""
    refolder = Refolder(engine, FoldRule(max_view_events=2), BY_NAME)
    turns: list[int] = []
    write = refolder._write

    def counted(names: Sequence[NativeView], epoch: int, now_ms: int) -> int:
        turns.append(len(names))
        return write(names, epoch, now_ms)

    refolder._write = counted
    refolder.run(START_MS - 1, START_MS + 60_000, told=lambda views, rows: None)
    assert turns == [3]
    assert engine.query("SELECT DISTINCT approx, event_count, closed FROM views FINAL").rows == [
        (["events_capped", "pause_lower_bound", "play_time_lower_bound", "stalls_lower_bound"], 2, True)
    ]


def test_replay_lists_no_reject_again(engine: Engine, journal: Path) -> None:
    """What could not be used stays as it was listed by the worker, however often it is read again."""
    unusable = beacon_of(b'{"view_id":"v0","events":[{"type":"play"}]}', START_MS)
    asyncio.run(append(journal, [unusable]))
    fold_all(journal, engine)
    now = int(time.time() * 1000)
    for _ in range(2):
        refolder = Refolder(engine, FoldRule(), BY_NAME)
        list(replay(retained(journal, START_MS - 1, now), engine, refolder, BY_NAME, now))
    assert engine.query("SELECT count() FROM rejects").rows == [(1,)]
