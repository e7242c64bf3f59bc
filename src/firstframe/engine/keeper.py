"""Keeps a full disk from doing harm: a reserve is left free, and what a merge broke is taken back by a new start.

Without room, chDB commits merged parts whose files are cut off, and no read of the table succeeds from then on. So
merges rest and inserts are refused while the disk has less than the reserve; an insert during which it ran short is
refused too, though rows of it may be there. Whoever fills a disk faster than can be looked may still break a part:
then this process ends itself, and the next one falls back on the parts it was merged from, which stay on the disk for
eight minutes.

A table's definition is rewritten whole and breaks in the same way: `firstframe.engine.definition` takes such a change back.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, TypeVar

import structlog

from firstframe.engine.definition import Definitions
from firstframe.engine.fault import NOT_ENOUGH_SPACE, Fault, fault
from firstframe.engine.session import Session, literal, quoted

log = structlog.get_logger()

T = TypeVar("T")

RESERVE_BYTES = 128 * 2**20
RESERVE_SHARE = 16
"""The reserve is 128 MiB, or a sixteenth of a small disk."""
DEFINITION_BYTES = 4 * 2**20
"""A change of what a table is takes some kilobytes, and may be what makes room: it may use the reserve."""
AMPLE = 1.25
"""How many times the reserve there must be before merges go on."""
LOOK_SECONDS = 0.05
CALM_SECONDS = 60
"""A process that has lived for so long without a full disk may end itself for a broken part, but not a younger one:
when a new start did not help, another will not."""
EXIT_CODE = 75
BROKEN = frozenset({5, 33, 40, 74, 107, 117, 226, 228, 246, 271, 432, 740})
"""ClickHouse's codes for data that cannot be read as it was written."""

_MERGING = "SELECT count() FROM system.merges"
_RECENT = """
SELECT database, table, name
FROM system.parts
WHERE active AND modification_time > now() - 900 AND engine LIKE '%MergeTree'
"""
_WHOLE = """
SELECT whole.min_block_number = whole.max_block_number OR sum(source.rows) >= whole.rows
FROM system.parts AS whole
LEFT JOIN system.parts AS source
    ON source.database = whole.database AND source.table = whole.table
    AND source.partition_id = whole.partition_id AND NOT source.active
WHERE whole.active AND whole.database = {database:String} AND whole.table = {table:String} AND whole.name = {part:String}
    AND (source.name = '' OR (source.min_block_number >= whole.min_block_number
        AND source.max_block_number <= whole.max_block_number AND source.level < whole.level))
GROUP BY whole.min_block_number, whole.max_block_number, whole.rows
"""


class Keeper:
    """Watches the disk of one engine, from a thread of its own."""

    def __init__(
        self,
        folder: Path,
        connect: Callable[[], Session],
        end: Callable[[], None] = lambda: os._exit(EXIT_CODE),
    ) -> None:
        self._folder = folder
        self._connect = connect
        self._end = end
        self._definitions = Definitions(folder)
        self._defining = threading.Lock()
        self._session = connect()
        self._begun = time.monotonic()
        self._holding = False
        self._strained = False
        """The disk was short since this process began."""
        self._doubt = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> Self:
        self.look()
        self._thread.start()
        return self

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._session.close()

    def with_room(self, insert: Callable[[], T]) -> T:
        """Insert if there is room for it before and after. Raises `Fault`."""
        self._need_room()
        done = insert()
        self._need_room()
        return done

    def with_definitions(self, change: Callable[[], T]) -> T:
        """Change what a table or a database is, one change after the other, if there is a little room before and after.

        Raises `Fault`. Where the disk ran short amid the change it is taken back, and this process ends itself: it goes on
        from what it has in memory, which is not what the disk holds.
        """
        with self._defining:
            self._need_room(DEFINITION_BYTES)
            self._definitions.keep()
            try:
                return change()
            finally:
                self._judge()

    def _judge(self) -> None:
        lack = self._lack(DEFINITION_BYTES)
        if lack is None and self._definitions.are_whole():
            self._definitions.forget()
        elif changed := self._definitions.restore():
            log.error(
                "a definition was changed without room: starting again without", files=list(map(str, changed))
            )
            self._end()
        if lack is not None:
            raise lack

    def heard(self, failure: Fault) -> None:
        """A statement failed: perhaps of a part that a full disk broke."""
        if failure.code in BROKEN:
            self._doubt.set()

    def look(self) -> None:
        """One look at the disk, and what follows from it."""
        free, reserve = room(self._folder)
        if free < reserve and not self._holding:
            self._hold(free, reserve)
        elif self._holding and free > reserve * AMPLE:
            self._release()
        elif self._doubt.is_set():
            self._doubt.clear()
            if self._strained or time.monotonic() - self._begun > CALM_SECONDS:
                self._inspect()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self.look()
            except (Fault, OSError) as error:
                log.warning("the engine's disk could not be minded", error=str(error)[:300])
                self._stop.wait(1)

    def _need_room(self, most: int = RESERVE_BYTES) -> None:
        lack = self._lack(most)
        if lack is not None:
            raise lack

    def _lack(self, most: int) -> Fault | None:
        """Why nothing may be written: the disk has less than the reserve, of which so much is needed at most."""
        free, reserve = room(self._folder)
        needed = min(reserve, most)
        if free >= needed:
            return None
        return fault(
            NOT_ENOUGH_SPACE,
            f"Not enough space: the disk has {free} bytes left, the engine keeps {needed} in reserve",
        )

    def _hold(self, free: int, reserve: int) -> None:
        self._session.whole(b"SYSTEM STOP MERGES", "Null")
        self._holding = self._strained = True
        log.warning("the disk is full: the engine takes no rows", free_bytes=free, reserve_bytes=reserve)
        self._rest()
        self._inspect()

    def _release(self) -> None:
        self._inspect()
        self._session.whole(b"SYSTEM START MERGES", "Null")
        self._holding = False
        log.info("the disk has room again: the engine takes rows")

    def _rest(self) -> None:
        """Wait for the merges that are being cancelled, but not for ever."""
        end = time.monotonic() + 10
        while self._session.ask(_MERGING, {}).strip() != "0" and time.monotonic() < end:
            if self._stop.wait(LOOK_SECONDS):
                return

    def _inspect(self) -> None:
        """End this process when a new start will mend what is broken; only say so when it will not."""
        broken = list(self._broken())
        if not broken:
            return
        certain = [self._can_fall_back(*each) for each in broken]
        names = [".".join(each) for each in broken]
        if all(certain):
            log.error("parts were broken by a full disk: starting again without them", parts=names)
            self._end()
        else:
            log.error(
                "parts are broken and what they were merged from is gone; "
                "detach them and refold or replay what they held",
                parts=names,
            )

    def _broken(self) -> Iterator[tuple[str, str, str]]:
        for line in self._session.ask(_RECENT, {}).splitlines():
            database, table, part = line.split("\t")
            if not self._is_sound(database, table, part):
                yield database, table, part

    def _is_sound(self, database: str, table: str, part: str) -> bool:
        check = f"CHECK TABLE {quoted(database)}.{quoted(table)} PART {literal(part)}"
        try:
            return (
                self._session.ask(f"{check} SETTINGS check_query_single_value_result = 1", {}).strip() != "0"
            )
        except Fault as failure:
            return failure.code not in BROKEN  # another one: merged away meanwhile, or the table is gone

    def _can_fall_back(self, database: str, table: str, part: str) -> bool:
        """Whether its sources are still there, or it is an insert, which then was answered with a failure."""
        there = self._session.ask(_WHOLE, {"database": database, "table": table, "part": part})
        return there.strip() in ("1", "true")


def room(folder: Path) -> tuple[int, int]:
    """How many bytes the disk has left, and how many it should. Raises OSError."""
    disk = os.statvfs(folder)
    reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
    return disk.f_bavail * disk.f_frsize, reserve
