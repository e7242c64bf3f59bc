"""The fold worker on the real journal and the real engine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from firstframe.beacon import Beacon, Event, view_id_of
from firstframe.dialects import DIALECTS
from firstframe.dialects.base import Folded, Reading, fold_anew
from firstframe.engine import stored
from firstframe.engine.client import Engine
from firstframe.errors import EngineError
from firstframe.fold.budget import Budget
from firstframe.fold.refold import Refolder
from firstframe.fold.rule import FoldRule
from firstframe.fold.watch import Watch
from firstframe.fold.worker import EPOCH_MS, OVERTAKEN_CHUNKS, Progress, Worker
from firstframe.journal.base import Chunk
from firstframe.journal.consumer import FilesConsumer
from firstframe.journal.files import FilesAppender
from firstframe.journal.segment import list_all_segments
from support_cases import beacon_of

pytestmark = pytest.mark.engine

NOW_MS = 1_790_000_000_000
MINUTE_MS = 60_000


class Bench:
    """A journal, a worker on it, and a clock that the test moves."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder, self.engine = folder, engine
        self.now_ms = NOW_MS
        self.told: list[Progress] = []
        self.consumer: FilesConsumer | None = None
        self.worker = self.fresh_worker()

    def fresh_worker(self, **more: Any) -> Worker:
        if self.consumer is not None:
            self.consumer.close()
        self.consumer = FilesConsumer(self.folder, 0)
        worker = Worker(
            self.consumer,
            self.engine,
            FoldRule(),
            {dialect.name: dialect for dialect in DIALECTS},
            clock=lambda: self.now_ms,
            tell=self.told.append,
            **more,
        )
        worker.start()
        return worker

    def send(self, view: str, *events: dict[str, Any], received_ms: int | None = None) -> None:
        body = json.dumps({"view_id": view, "events": list(events)}).encode()
        beacon = beacon_of(body, received_ms or self.now_ms)
        asyncio.run(self._append(beacon, view_id_of("default", "native", view)))

    async def _append(self, beacon: Beacon, key: str) -> None:
        journal = FilesAppender(self.folder, "edge-0", commit_ms=0)
        await journal.append(beacon, [key])
        await journal.close()

    def work(self, *, force: bool = True) -> None:
        while self.worker.step(force=force):
            pass

    def rows(self, columns: str = "outcome, playing_time") -> list[tuple[Any, ...]]:
        columns = columns.replace("playing_time", "toInt64(content_playing_time_ms)")
        answer = self.engine.query(f"SELECT {columns} FROM views FINAL ORDER BY native_view_id, ordinal")
        return [tuple(row) for row in answer.rows]

    def count(self, what: str) -> int:
        return int(self.engine.query(f"SELECT count() FROM {what}").rows[0][0])


@pytest.fixture
def bench(tmp_path: Path, engine: Engine) -> Bench:
    return Bench(tmp_path / "journal", engine)


def at(seconds: float, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "at": NOW_MS + int(seconds * 1000), **more}


def test_a_view_grows_with_its_beacons(bench: Bench) -> None:
    """Each beacon's events reach the row, and the row stays one."""
    bench.send("a", at(0, "play"), at(1, "playing"))
    bench.work()
    assert bench.rows("started, closed") == [(True, False)]
    bench.send("a", at(11, "end"))
    bench.work()
    assert bench.rows() == [("exited", 10_000)]
    assert bench.count("events FINAL") == 3


def test_a_restart_before_the_commit_changes_nothing(bench: Bench) -> None:
    """Chunks that were not committed come again and are recognised: same events, same row."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "end"))
    chunk = bench.consumer.next(0)
    assert chunk is not None
    bench.worker._take(chunk)  # the worker dies here: events stored, no row written, nothing committed
    bench.worker = bench.fresh_worker()
    bench.work()
    assert bench.rows() == [("exited", 10_000)]
    assert bench.count("events FINAL") == 3


def test_late_events_rewrite_a_closed_view(bench: Bench) -> None:
    """A batch that comes after the view was given up as dropped completes it, in the same row."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat"))
    bench.work()
    bench.now_ms += 61 * MINUTE_MS
    bench.work()
    assert bench.rows("outcome, closed") == [("dropped", True)]
    bench.send("a", at(27, "end"))
    bench.work()
    assert bench.rows() == [("exited", 26_000)]
    assert bench.count("views FINAL") == 1


def test_nothing_is_fresh_behind_damage_in_a_live_segment(bench: Bench) -> None:
    """It is not read there before its writer is gone: what waits behind it is not told to be seen."""
    accepted_ms = bench.now_ms
    appender = FilesAppender(bench.folder, "edge-0", commit_ms=0)

    async def send() -> None:
        for view in ("a", "b", "c"):
            body = json.dumps({"view_id": view, "events": [at(0, "play")]}).encode()
            await appender.append(beacon_of(body, accepted_ms), [view_id_of("default", "native", view)])

    asyncio.run(send())
    (segment,) = list_all_segments(bench.folder)
    data = bytearray(segment.path.read_bytes())
    data[data.index(segment.marker, 1)] ^= 1
    with segment.path.open("r+b") as file:
        file.write(data)
    bench.now_ms += MINUTE_MS
    bench.work()
    assert bench.count("views FINAL") == 1
    assert bench.told[-1].fresh_as_of_ms == accepted_ms
    asyncio.run(appender.close())
    bench.work()
    assert bench.count("views FINAL") == 2
    assert bench.told[-1].fresh_as_of_ms == bench.now_ms


def forget(bench: Bench, before_ms: int) -> None:
    """What was received up to an instant is gone, as when the day that it came in is beyond its retention."""
    bench.engine.command(
        f"ALTER TABLE events DELETE WHERE received_at <= fromUnixTimestamp64Milli(toInt64({before_ms}))"
        " SETTINGS mutations_sync = 1"
    )


def test_a_late_event_of_a_view_whose_events_are_gone_changes_no_row(bench: Bench) -> None:
    """What is left of its events says less than its row; the event is kept all the same."""
    bench.send(
        "a", at(0, "play"), at(1, "playing"), at(11, "stall_start"), at(13, "stall_end"), at(23, "end")
    )
    bench.work()
    before = bench.rows("*")
    forget(bench, bench.now_ms)
    bench.now_ms += 40 * 24 * 60 * MINUTE_MS
    bench.send("a", at(24, "heartbeat"))
    bench.work()
    assert bench.rows("*") == before
    assert bench.count("events FINAL") == 1


def test_an_open_view_whose_events_are_gone_ends_as_it_stands(bench: Bench) -> None:
    """A server that was off for longer than events are kept closes what was open, and deletes nothing."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat"))
    bench.work()
    assert bench.rows("outcome, closed, playing_time") == [("exited", False, 10_000)]
    forget(bench, bench.now_ms)
    bench.now_ms += 40 * 24 * 60 * MINUTE_MS
    bench.worker = bench.fresh_worker()
    bench.work()
    assert bench.rows("closed, end_reason, outcome, playing_time") == [(True, "dropped", "dropped", 10_000)]
    assert bench.rows("playback_success_score") == [(100,)]
    bench.worker = bench.fresh_worker()
    bench.work()
    assert bench.count("views") == 2  # the last version was written once


def test_an_id_is_used_again_after_the_events_of_its_first_view_are_gone(bench: Bench) -> None:
    """A kiosk with an id of its own: the old view's row stays, and each new view is a row as ever."""
    day = 24 * 3600
    for begun in (0, 20 * day):
        bench.now_ms = NOW_MS + begun * 1000 + MINUTE_MS
        bench.send("kiosk", at(begun, "play"), at(begun + 1, "playing"), at(begun + 11, "end"))
        bench.work()
    forget(bench, NOW_MS + day * 1000)
    bench.worker = bench.fresh_worker()
    for begun, played in ((39 * day, 20), (40 * day, 30)):
        bench.now_ms = NOW_MS + begun * 1000 + MINUTE_MS
        bench.send("kiosk", at(begun, "play"), at(begun + 1, "playing"))
        bench.work()
        bench.send("kiosk", at(begun + 1 + played, "end"))
        bench.work()
    bench.send("kiosk", at(12, "heartbeat"))  # late, and of the view that stands
    bench.work()
    wanted = [(0, "exited", 10_000), (1, "exited", 10_000), (2, "exited", 20_000), (3, "exited", 30_000)]
    assert bench.rows("ordinal, outcome, playing_time") == wanted


def test_silence_is_minded_over_a_restart(bench: Bench) -> None:
    """An open view of an earlier worker is closed by the next one when its silence is up, without a new event."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat"))
    bench.work()
    bench.worker = bench.fresh_worker()
    bench.work()
    assert bench.rows("closed") == [(False,)]
    bench.now_ms += 61 * MINUTE_MS
    bench.work()
    assert bench.rows("closed") == [(True,)]


def test_events_that_close_a_gap_join_two_rows(bench: Bench) -> None:
    """Two views an hour apart become one when late events fill the gap; the superfluous row is gone."""
    hour = 3600
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "pause"))
    bench.send("a", at(1.9 * hour, "play"), at(1.9 * hour + 1, "playing"), at(1.9 * hour + 11, "end"))
    bench.now_ms += 2 * hour * 1000
    bench.work()
    assert len(bench.rows()) == 2
    bench.send("a", at(0.9 * hour, "heartbeat"), at(1.5 * hour, "heartbeat"))
    bench.work()
    assert bench.rows() == [("exited", 20_000)]


def test_a_fold_that_says_nothing_new_writes_no_version(bench: Bench) -> None:
    """A repeated delivery touches the view but adds no version of its row."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat", id="h"))
    bench.work()
    versions = bench.count("views")
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat", id="h"))
    bench.work()
    assert bench.count("views") == versions


@pytest.mark.parametrize(("seconds_a_look", "playing_ms"), [(0.0, 900), (1.0, 200)])
def test_a_worker_without_rest_lets_a_view_that_speaks_again_wait(
    bench: Bench, seconds_a_look: float, playing_ms: int
) -> None:
    """What it says in quick succession is folded once; with rest it is written again after 0.6 seconds."""
    time_passed = count(step=seconds_a_look)
    bench.worker = bench.fresh_worker(timer=lambda: next(time_passed))
    bench.send("a", at(0, "load"), at(0, "play"), at(0, "playing"), at(0.2, "pause"))
    bench.worker.run(Flag(), wait_seconds=0, done=lambda: bool(bench.told))
    bench.now_ms += 700
    bench.send("a", at(0.2, "playing"), at(0.9, "pause"))
    bench.work(force=False)
    assert bench.rows("playing_time") == [(playing_ms,)]
    bench.now_ms += 800
    bench.work(force=False)
    assert bench.rows("playing_time") == [(900,)]


def test_the_row_keeps_its_hour(bench: Bench) -> None:
    """A version written hours later, by another worker, is ordered under the hour of the first."""
    bench.send("a", at(0, "play"), at(1, "playing"))
    bench.work()
    bench.now_ms += 5 * 60 * MINUTE_MS
    bench.worker = bench.fresh_worker()
    bench.send("a", at(12, "end"))
    bench.work()
    assert bench.count("views FINAL") == 1
    assert len(bench.engine.query("SELECT DISTINCT first_hour FROM views").rows) == 1


def test_what_cannot_be_used_is_kept_as_a_reject(bench: Bench) -> None:
    """An event without a time does not stop its neighbours and can be found with its reason."""
    bench.send("a", at(0, "play"), {"type": "playing"}, at(5, "end"))
    bench.work()
    assert bench.rows("outcome") == [("exited_before_start",)]
    assert [tuple(row) for row in bench.engine.query("SELECT dialect, reason FROM rejects").rows] == [
        ("native", "bad_event")
    ]


def test_freshness_waits_for_what_is_not_written(bench: Bench) -> None:
    """`fresh_as_of` is the receipt of the oldest beacon that no row shows, and now when there is none."""
    bench.send("a", at(0, "play"))
    bench.work()
    bench.now_ms += 100
    bench.send("a", at(1, "playing"))
    bench.worker.step()
    assert bench.told[-1].fresh_as_of_ms == bench.now_ms
    bench.now_ms += 5_000
    bench.work()
    assert bench.told[-1].fresh_as_of_ms == bench.now_ms
    assert bench.told[-1].lag_beacons == 0


@pytest.mark.parametrize("stepped_ms", [0, -3_600_000])
def test_what_seldom_speaks_is_written_before_what_always_does(bench: Bench, stepped_ms: int) -> None:
    """With time for one view only, it is the one whose row is the oldest, whichever spoke first; whatever the clock does."""
    bench.worker._budget = Budget(most_seconds=0.0, least_views=1)
    bench.send("seldom", at(0, "play"))
    bench.worker.step()
    bench.now_ms += 60_000 + stepped_ms
    bench.send("always", at(0, "play"))
    bench.worker.step()
    bench.now_ms += 10_000
    bench.send("always", at(1, "playing"))
    bench.send("seldom", at(1, "playing"))
    bench.worker._unread = 2
    bench.worker.step()
    assert bench.rows("native_view_id, started") == [("always", False), ("seldom", True)]
    bench.worker.step()
    assert bench.rows("native_view_id, started") == [("always", True), ("seldom", True)]


def test_new_views_do_not_keep_others_from_being_written(bench: Bench) -> None:
    """However many come: one that waits is overtaken for a while only, and its chunk is committed."""
    bench.worker._budget = Budget(most_seconds=0.0, least_views=1)
    bench.send("old", at(0, "play"))
    bench.worker.step()
    bench.now_ms += 60_000
    bench.send("old", at(1, "playing"))
    for number in range(OVERTAKEN_CHUNKS + 3):
        bench.send(f"new {number}", at(0, "play"))
        bench.now_ms += 1_000
        bench.worker._unread = 2
        bench.worker.step()
    assert ("old", True) in bench.rows("native_view_id, started")


def test_a_journal_that_fails_amid_a_cycle_keeps_no_view_from_being_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken in before that is written and committed."""
    bench.send("a", at(0, "play"))
    bench.send("b", at(0, "play"))
    real = bench.consumer.next
    asked = []

    def next_chunk(wait_seconds: float) -> Chunk | None:
        asked.append(wait_seconds)
        if len(asked) > 1:
            raise OSError(28, "No space left on device")
        return real(wait_seconds)

    monkeypatch.setattr(bench.consumer, "next", next_chunk)
    bench.worker._unread = 2
    bench.worker.step()
    assert bench.rows("native_view_id") == [("a",)]
    assert bench.worker._uncommitted == {}
    assert len(asked) == 2


def test_a_journal_that_is_away_at_the_end_keeps_no_worker_from_a_good_one() -> None:
    """What it could not commit comes again."""

    def commit(number: int) -> None:
        raise OSError("Kafka: no broker has answered")

    worker = Worker(SimpleNamespace(commit=commit), None, FoldRule(), {})
    worker._uncommitted = {1: 1}
    stop = Flag()
    stop.set()
    worker.run(stop)
    assert worker._uncommitted == {1: 1}


def test_a_chunk_that_ends_with_its_segment_brings_the_next(bench: Bench) -> None:
    """What waits to be read is read in one cycle, also where its writer has begun another segment meanwhile."""
    for view in ("a", "b"):  # each from a writer of its own
        bench.send(view, at(0, "play"))
    bench.worker._unread = 2
    bench.worker.step()
    assert bench.count("events FINAL") == 2
    assert not bench.worker.step()


def test_a_dialect_that_hangs_stops_no_other(bench: Bench) -> None:
    """A beacon that is parsed without end is a reject, a view that is folded without end is left alone from then on."""
    native = next(dialect for dialect in DIALECTS if dialect.name == "native")
    hung = []

    def parse(beacon: Beacon) -> Reading:
        while b"endless" in beacon.body:
            pass
        return native.parse(beacon)

    def fold(events: Sequence[Event], now_ms: int) -> Folded:
        if any(event.native_view_id == "hangs" for event in events):
            hung.append(now_ms)
            while True:
                pass
        return native.fold(events, now_ms)

    watch = Watch(0.1)
    bench.worker._watch = watch
    bench.worker._dialects = {
        "native": msgspec.structs.replace(native, parse=parse, grow=fold_anew(lambda event: event, fold))
    }
    with watch.started():
        bench.send("endless", at(0, "play"))
        bench.send("hangs", at(0, "play"))
        bench.send("whole", at(0, "play"), at(1, "playing"), at(11, "end"))
        bench.work()
        bench.send("hangs", at(1, "playing"))
        bench.work()
    assert bench.rows() == [("exited", 10_000)]
    assert len(hung) == 1
    assert bench.count("rejects WHERE message LIKE 'Stuck: it took longer%'") == 1
    assert bench.count("events FINAL WHERE native_view_id = 'hangs'") == 2
    assert bench.consumer is not None
    assert bench.consumer.lag().beacons == 0


def test_a_view_that_breaks_its_dialect_stops_no_other(bench: Bench) -> None:
    """Its events are stored and its chunk is done; every other view is written."""
    native = next(dialect for dialect in DIALECTS if dialect.name == "native")

    def fold(events: Sequence[Event], now_ms: int) -> Folded:
        if any(event.native_view_id == "broken" for event in events):
            raise ZeroDivisionError
        return native.fold(events, now_ms)

    bench.worker._dialects = {
        "native": msgspec.structs.replace(native, grow=fold_anew(lambda event: event, fold))
    }
    bench.send("broken", at(0, "play"))
    bench.send("whole", at(0, "play"), at(1, "playing"), at(11, "end"))
    bench.work()
    assert bench.rows() == [("exited", 10_000)]
    assert bench.count("events FINAL") == 4
    assert bench.consumer is not None
    assert bench.consumer.lag().beacons == 0


def refold(bench: Bench) -> None:
    """What `firstframe refold` does beside the worker."""
    refolder = Refolder(bench.engine, FoldRule(), {dialect.name: dialect for dialect in DIALECTS})
    refolder.run(
        NOW_MS - MINUTE_MS,
        bench.now_ms + 1,
        clock=lambda: bench.now_ms,
        told=lambda views, rows: None,
    )


def test_a_refold_leaves_a_silent_view_that_is_open_to_the_worker(bench: Bench) -> None:
    """Its silence is up, but the worker has not closed it yet; then it goes on."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "heartbeat"))
    bench.work()
    bench.now_ms += 6 * MINUTE_MS
    refold(bench)
    assert bench.rows("closed, bitShiftRight(version, 48)") == [(False, 0)]
    bench.send("a", at(360, "heartbeat"), at(371, "heartbeat"), at(380, "end"))
    bench.work()
    assert bench.rows("outcome, closed, event_count") == [("exited", True, 6)]


def test_a_refold_leaves_an_open_view_whose_first_events_are_gone_to_the_worker(bench: Bench) -> None:
    """A kiosk on a channel for weeks: what stands of it is not closed while the worker holds it."""
    bench.send("kiosk", at(0, "play"), at(1, "playing"))
    bench.work()
    for minute in range(1, 10):
        bench.now_ms += MINUTE_MS
        bench.send("kiosk", at(60 * minute, "heartbeat"))
        bench.work()
        if minute == 4:
            forget(bench, NOW_MS + 1)
            refold(bench)
            assert bench.rows("closed, bitShiftRight(version, 48)") == [(False, 0)]
    assert bench.rows("closed, playing_time") == [(False, 9 * MINUTE_MS - 1_000)]


def test_versions_of_a_worker_win_again_after_a_refold(bench: Bench) -> None:
    """Whatever a refold wrote of a view that the worker holds, what comes later is in the row within half a minute."""
    bench.send("a", at(0, "play"), at(1, "playing"))
    bench.work()
    bench.engine.command(
        "INSERT INTO views SELECT * REPLACE (bitShiftLeft(toUInt64(1), 48) + 7 AS version) FROM views"
    )
    bench.now_ms += EPOCH_MS
    bench.send("a", at(11, "end"))
    bench.work()
    assert bench.rows() == [("exited", 10_000)]


def test_an_open_view_that_ended_is_refolded(bench: Bench) -> None:
    """A row that an older version of the rules left open, and that no silence need close."""
    bench.send("a", at(0, "play"), at(1, "playing"), at(11, "end"))
    bench.work()
    bench.engine.command("ALTER TABLE views UPDATE closed = false WHERE 1 SETTINGS mutations_sync = 1")
    bench.now_ms += 6 * MINUTE_MS
    refold(bench)
    assert bench.rows("closed, bitShiftRight(version, 48)") == [(True, 1)]


class Narrow:
    """Lets the engine refuse to load some views, as one whose memory they are beyond."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *views: str) -> None:
        self.keys = {view_id_of("default", "native", view) for view in views}
        self.refused = 0
        load = stored._load

        def loaded(engine: Engine, keys: Sequence[str], most_events: int) -> stored.Portion:
            if self.keys.intersection(keys):
                self.refused += 1
                raise EngineError("Code: 241. DB::Exception: Query memory limit exceeded", 241)
            return load(engine, keys, most_events)

        monkeypatch.setattr(stored, "_load", loaded)


def test_a_view_that_is_too_much_to_load_stops_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events are stored, its row stays as it is, its chunk is done; it is tried again later, not at each beacon."""
    bench.send("giant", at(0, "play"), at(1, "playing"), at(11, "heartbeat"))
    bench.work()
    bench.worker = bench.fresh_worker()
    narrow = Narrow(monkeypatch, "giant")
    for second in (21, 31):
        bench.send("giant", at(second, "heartbeat"))
        bench.send("whole", at(0, "play"), at(1, "playing"), at(second, "end"))
        bench.work()
    refused = narrow.refused
    bench.send("giant", at(41, "end"))
    bench.work()
    assert narrow.refused == refused
    assert bench.rows("closed, playing_time") == [(False, 10_000), (True, 20_000)]
    assert bench.count("events FINAL WHERE native_view_id = 'giant'") == 6
    assert bench.consumer is not None
    assert bench.consumer.lag().beacons == 0
    narrow.keys.clear()
    bench.now_ms += 11 * MINUTE_MS
    bench.work()
    assert bench.rows("closed, playing_time") == [(True, 40_000), (True, 20_000)]


@pytest.mark.slow
def test_giant_views_are_loaded_and_written_some_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many views one chunk wakes, memory holds few of them, and all are written."""
    monkeypatch.setattr(stored, "LOAD_BYTES", 1_000_000)
    bench.worker = bench.fresh_worker(capacity_events=50)
    views = [f"v{number}" for number in range(20)]
    for view in views:
        bench.send(view, at(0, "play", note="x" * 50_000), at(1, "playing"))
    bench.work()
    bench.now_ms += MINUTE_MS
    bench.worker = bench.fresh_worker(capacity_events=50)
    shelf, held = bench.worker._shelf, []
    put = shelf.put
    monkeypatch.setattr(shelf, "put", lambda view: (put(view), held.append(len(shelf))))
    for view in views:
        bench.send(view, at(11, "end"))
    bench.work()
    assert bench.rows() == [("exited", 10_000)] * 20
    assert max(held) < 8


def test_of_a_crowded_view_only_what_is_used_is_loaded(bench: Bench) -> None:
    """A late event of it makes the same row as all of its events in memory would, and nothing takes it for cut off."""
    bench.worker = bench.fresh_worker()
    bench.worker._rule = FoldRule(max_view_events=5)
    bench.send("a", *(at(number, "heartbeat") for number in range(10, 20)), at(30, "end"))
    bench.work()
    bench.now_ms += 1_000
    bench.worker._shelf.drop(view_id_of("default", "native", "a"))
    bench.send(
        "a", *(at(number, kind) for number, kind in enumerate(("play", "playing", *["heartbeat"] * 8)))
    )
    bench.work()
    assert bench.rows("started, event_count, has(approx, 'events_capped')") == [(True, 5, True)]
    bench.worker._shelf.drop(view_id_of("default", "native", "a"))
    bench.send("a", at(1.5, "pause"))
    bench.work()
    assert bench.rows("started, playing_time, event_count") == [(True, 500, 5)]


def test_freshness_grows_while_the_engine_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no later than the oldest beacon that no row shows, and beacons that wait are counted."""
    bench.send("a", at(0, "play"))
    bench.work()
    accepted_ms = bench.now_ms = bench.now_ms + 5_000
    bench.send("a", at(5, "playing"))
    bench.send("b", at(5, "play"))
    bench.now_ms += 30_000
    bench.told.clear()

    def away(*_: object, **__: object) -> None:
        raise EngineError("the engine did not answer")

    monkeypatch.setattr(bench.engine, "insert", away)
    monkeypatch.setattr(bench.engine, "query", away)
    bench.worker.run(Flag(), wait_seconds=0, done=lambda: bool(bench.told))
    (progress,) = bench.told
    assert progress.fresh_as_of_ms == accepted_ms
    assert progress.lag_seconds == 30
    assert progress.lag_beacons == 2
