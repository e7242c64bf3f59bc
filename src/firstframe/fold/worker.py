"""The fold worker: journal → events → views, each acknowledged beacon exactly once.

One cycle: take a chunk, store its events (under keys of their content), add them to the open views,
write the views whose turn it is, and commit every chunk that no unwritten view depends on. Whatever is not committed
is replayed after a restart and changes nothing: the events have the same keys, a view is folded from the set of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import nsmallest
from threading import Event as Flag

import msgspec
import structlog

from firstframe.clock import epoch_ms
from firstframe.dialects.base import Dialect, Folded
from firstframe.engine.client import Engine
from firstframe.engine.survey import NativeView
from firstframe.errors import EngineError
from firstframe.fold.budget import Budget
from firstframe.fold.meter import FoldMeter
from firstframe.fold.open_view import OpenView
from firstframe.fold.pace import Pace
from firstframe.fold.reading import Batch, read
from firstframe.fold.rule import FoldRule
from firstframe.fold.shelf import Shelf
from firstframe.fold.store import Store, changes_of
from firstframe.fold.watch import Stuck, Watch
from firstframe.journal.base import CHUNK_BEACONS, Chunk, Consumer, partition_of

log = structlog.get_logger()

BEHIND_BEACONS = CHUNK_BEACONS
"""With more than the next chunk takes left to be read, the fold writes less and reads more."""
SHORT_SHARE = 0.75
"""Of what waited to be read. Of a chunk that brings less, mostly because its segment ends, the next one is taken in too."""
OVERTAKEN_CHUNKS = 5
"""For so long a view that waits to be written lets those go first that were written longer ago."""
CYCLE_SECONDS = 0.4
"""Times the number of workers: from one chunk to the next at least. A statement costs the engine tens of milliseconds,
however few rows it brings."""
REST = 0.5
"""A worker that has less of this time left than that is busy."""
LEAST_DUE, MOST_DUE = 50, 2_000
"""Silent views written in one go."""
EPOCH_MS = 30_000
"""How often the refold epoch is read again. A refold beside the worker begins another, and versions of the one before
lose against its rows whatever comes later."""
AGAIN_MS = 600_000
"""After that a view that was too much to load is tried again: perhaps it was the engine that had little memory left."""


class Progress(msgspec.Struct, frozen=True):
    """What the worker tells the other roles."""

    fresh_as_of_ms: int
    """Every beacon accepted before this instant can be seen in the engine."""
    lag_beacons: int
    lag_seconds: float
    open_views: int


class Worker:
    """One worker of one partition. Not thread-safe; `run` until the flag is set."""

    def __init__(
        self,
        consumer: Consumer,
        engine: Engine,
        rule: FoldRule,
        dialects: Mapping[str, Dialect],
        *,
        partition: int = 0,
        partitions: int = 1,
        pace: Pace | None = None,
        capacity_events: int = 400_000,
        clock: Callable[[], int] = epoch_ms,
        timer: Callable[[], float] = time.perf_counter,
        meter: FoldMeter | None = None,
        watch: Watch | None = None,
        tell: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._consumer = consumer
        self._store = Store(engine)
        self._rule = rule
        self._dialects = dialects
        self._partition, self._partitions = partition, partitions
        self._pace = pace or Pace()
        self._budget = Budget()
        self._shelf = Shelf(capacity_events)
        self._clock = clock
        self._timer = timer
        self._meter = meter
        self._watch = watch or Watch()
        self._stuck: set[str] = set()
        """Views that their dialect hangs on: left alone until the next start."""
        self._too_much: set[str] = set()
        """Views that could not be loaded: left alone for a while."""
        self._tell = tell
        self._pending: Chunk | None = None
        """Handed out but not taken in: an engine that went away meets it again."""
        self._taken_at = 0.0
        self._uncommitted: dict[int, int] = {}
        """Chunks that were taken in: number → beacons, in order."""
        self._unread = 0
        """Beacons that the last cycle left in the journal."""
        self._is_busy = False
        self._epoch = 0
        self._epoch_read_ms = 0

    def start(self) -> None:
        """Learn what the engine holds: the refold epoch, and the open views whose silence must be minded."""
        now = self._clock()
        self._learn_epoch(now)
        for name in self._store.open_views():
            if partition_of(name.key, self._partitions) != self._partition:
                continue  # another worker minds it
            self._remind(name, now)

    def _learn_epoch(self, now_ms: int) -> None:
        """Never back: rows of the latest refold may go with the days that they are of."""
        self._epoch = max(self._epoch, self._store.epoch())
        self._epoch_read_ms = now_ms

    def _remind(self, name: NativeView, due_ms: int) -> None:
        self._shelf.remind(name.key, due_ms, name.project, name.dialect, name.native_view_id)

    def run(self, stop: Flag, *, wait_seconds: float = 0.5, done: Callable[[], bool] = lambda: False) -> None:
        """Work until told to stop or done; when the engine is away or the disk full, wait: the journal holds."""
        pause = 0.2
        started = False
        while not stop.is_set() and not done():
            try:
                if not started:
                    self.start()
                    started = True
                if self.step(wait_seconds):
                    self._rest(stop)
                pause = 0.2
            except (EngineError, OSError) as error:
                log.warning("cannot go on, the journal holds", error=str(error)[:300], retry_seconds=pause)
                started = False  # what was to be woken is listed anew
                self._report_standstill()
                stop.wait(pause)
                pause = min(pause * 2, 5.0)
        self._last_words()

    def step(self, wait_seconds: float = 0.0, *, force: bool = False) -> bool:
        """One cycle; returns whether there was a chunk. ``force`` writes every view now."""
        asked_ms = self._clock()
        self._pending = self._pending or self._next_chunk(wait_seconds)
        taken = self._pending is not None
        self._taken_at = began = self._timer()
        taken_beacons = self._take_pending()
        if 0 < taken_beacons < SHORT_SHARE * min(self._unread, CHUNK_BEACONS):
            with suppress(OSError):  # the next cycle meets it again; what was taken in is written in this one
                self._pending = self._consumer.next(0.0)
            self._take_pending()
        now, reading_seconds = self._clock(), self._timer() - began
        most = self._budget.views(reading_seconds, behind=self._is_behind)
        self._write(self._ready(now, sys.maxsize if force else most, force=force), now)
        self._commit()
        self._shelf.trim()
        self._report(asked_ms, caught_up=not taken)
        return taken

    @property
    def _is_behind(self) -> bool:
        return self._unread > BEHIND_BEACONS

    def _rest(self, stop: Flag) -> None:
        """Wait until the next chunk may be taken."""
        cycle_seconds = CYCLE_SECONDS * self._partitions
        left_seconds = self._taken_at + cycle_seconds - self._timer()
        self._is_busy = left_seconds < REST * cycle_seconds
        if not self._is_behind:
            stop.wait(max(0.0, left_seconds))

    # -- taking in

    def _next_chunk(self, wait_seconds: float) -> Chunk | None:
        return self._consumer.next(min(wait_seconds, 0.1) if self._shelf.dirty else wait_seconds)

    def _take_pending(self) -> int:
        """Take in the chunk that was handed out, if one was; how many beacons that were."""
        if self._pending is None:
            return 0
        self._take(self._pending)
        beacons = len(self._pending.beacons)
        self._pending = None
        return beacons

    def _take(self, chunk: Chunk) -> None:
        batch = read(
            chunk.beacons,
            self._dialects,
            copies=chunk.copies,
            partition=self._partition,
            partitions=self._partitions,
            watch=self._watch,
        )
        self._store.put_events(batch, chunk.number, chunk.token)
        self._admit(batch, chunk.number)
        self._uncommitted[chunk.number] = len(chunk.beacons)
        if self._meter:
            self._meter.took(batch)

    def _admit(self, batch: Batch, number: int) -> None:
        """Add a batch's events to their views, loading those that are not in memory from the engine."""
        strange: dict[str, list[NativeView]] = {}
        for name in batch.events:
            known = self._shelf.get(name.key)
            if known is not None:
                self._grow(known, name, batch, number)
            elif name.key not in self._too_much:
                strange.setdefault(name.key, []).append(name)  # two ids that are stored alike are one view
        self._make_room()
        for view in self._load([names[0] for names in strange.values()]):
            self._shelf.put(view)
            for name in strange[view.key]:
                self._grow(view, name, batch, number)
            self._make_room()

    def _grow(self, view: OpenView, name: NativeView, batch: Batch, number: int) -> None:
        events = batch.events[name]
        self._shelf.add(view, events, batch.weights.get(name, 0))
        self._shelf.touch(view, number, min(event.received_at_ms for event in events))

    def _make_room(self) -> None:
        """Write what is in memory where it is too much, so that it can be put away before more comes."""
        if self._shelf.is_heavy:
            self._write(list(self._shelf.dirty), self._clock())
            self._shelf.trim()

    def _load(self, names: Sequence[NativeView]) -> Iterator[OpenView]:
        now = self._clock()
        for view in self._store.load(names, most_events=self._rule.max_view_events, leave=self._leave):
            self._too_much.discard(view.key)
            view.first_seen_ms = min((e.received_at_ms for e in view.events.values()), default=now)
            yield view

    def _leave(self, name: NativeView, error: EngineError) -> None:
        """A view that is too much to load: its events stay stored, its row stays as it is, all others go on."""
        if name.key not in self._too_much:
            self._too_much.add(name.key)
            log.error(
                "a view is too much to load", view=name.key, dialect=name.dialect, error=str(error)[:300]
            )
        self._remind(name, self._clock() + AGAIN_MS)

    # -- writing

    def _ready(self, now_ms: int, most: int, *, force: bool) -> list[OpenView]:
        """Views whose turn it is, those first that were written longest ago; then those whose silence is up.

        So what seldom speaks is seen soon, and what speaks all the time makes room for it: its next version will say
        all that this one would have said. It does so for a while only, see `_turn`.
        """
        waiting = len(self._shelf.dirty)
        turn = [
            view
            for view in self._shelf.dirty
            if force or self._pace.ready(view, now_ms, waiting, busy=self._is_busy)
        ]
        ready = nsmallest(most, turn, key=_turn)
        seen = {view.key for view in ready}
        woken = self._shelf.pop_due(now_ms, min(max(most - len(ready), LEAST_DUE), MOST_DUE))
        due = [view for view in woken if view.key not in seen]
        ready.extend(self._wake([view.name for view in due if not view.events], now_ms))
        return ready + [view for view in due if view.events]

    def _wake(self, names: Sequence[NativeView], now_ms: int) -> Iterator[OpenView]:
        """Load silent views; for those that memory has no room for it is a moment too early."""
        asleep = {name.key: name for name in names}
        for view in self._load(names):
            del asleep[view.key]
            self._shelf.put(view)
            yield view
            if self._shelf.is_heavy:
                break
        for key, name in asleep.items():
            if key not in self._too_much:
                self._remind(name, now_ms)

    def _write(self, views: Sequence[OpenView], now_ms: int) -> None:
        """Fold each view and write the rows that say something new."""
        if views and not 0 <= now_ms - self._epoch_read_ms < EPOCH_MS:
            self._learn_epoch(now_ms)
        changes = []
        began = self._timer()
        for view in views:
            folded = self._fold(view, now_ms)
            if folded is None:
                continue
            changes.extend(changes_of(view, folded.rows, self._epoch))
            self._shelf.schedule(view, folded.due_ms)
            view.closed = (
                bool(folded.rows) and folded.due_ms is None and all(row.closed for row in folded.rows)
            )
        self._budget.spent(len(views), self._timer() - began)
        self._store.put_views(changes)
        for view in views:
            self._shelf.settle(view, now_ms)
            if view.closed:
                # A closed view leaves memory with its last version, so that whoever writes it next reads its head.
                self._shelf.drop(view.key)
        if self._meter:
            self._meter.wrote(len(views), len(changes), standing=sum(bool(view.standing) for view in views))

    def _fold(self, view: OpenView, now_ms: int) -> Folded | None:
        """None for a view that breaks its dialect: its events stay, its row stays as it was, all others go on."""
        if view.key in self._stuck:
            return None
        try:
            return self._watch.run(self._rule.fold_open, self._dialects[view.dialect], view, now_ms)
        except Exception as error:
            if isinstance(error, Stuck):
                self._stuck.add(view.key)
            log.exception(
                "a view cannot be folded", view=view.key, dialect=view.dialect, error=repr(error)[:300]
            )
            return None

    # -- committing

    def _commit(self) -> None:
        """Commit the chunks before the first one that an unwritten view depends on."""
        if not self._uncommitted:
            return
        oldest = next(iter(self._shelf.dirty), None)
        held = oldest.dirty_since if oldest else None
        done = [number for number in self._uncommitted if held is None or number < held]
        if done:
            self._consumer.commit(done[-1])
            for number in done:
                del self._uncommitted[number]

    def _report(self, asked_ms: int, *, caught_up: bool) -> None:
        now = self._clock()
        lag = self._consumer.lag()
        self._unread = lag.beacons - sum(self._uncommitted.values())
        waiting = [view.dirty_received_ms for view in self._shelf.dirty]
        is_behind = lag.is_stuck or not caught_up
        unread = [lag.oldest_received_ms] if lag.oldest_received_ms is not None and is_behind else []
        fresh = min([asked_ms, *waiting, *unread])
        self._tell(Progress(fresh, lag.beacons, max(0.0, (now - fresh) / 1000), len(self._shelf)))

    def _report_standstill(self) -> None:
        """Say how far behind this is while nothing can be written: the last good figures would tell that all is well."""
        try:
            self._report(self._clock(), caught_up=False)
        except (EngineError, OSError) as error:
            log.debug("cannot report", error=str(error)[:200])

    def _last_words(self) -> None:
        """On a clean stop write what waits, so that the next start has nothing to replay."""
        try:
            now = self._clock()
            self._write(list(self._shelf.dirty), now)
            self._commit()
        except (EngineError, OSError) as error:
            log.info("stopping before all is written; the journal holds the rest", error=str(error)[:200])


def _turn(view: OpenView) -> int:
    """The lower, the sooner a view is written; by chunks, because clocks are set back.

    No view that begins to wait `OVERTAKEN_CHUNKS` later, or after that, goes before one that waits.
    """
    return max(view.written_chunk, (view.dirty_since or 0) - OVERTAKEN_CHUNKS)
