"""Turns at the engine: the questions of one project wait for each other, not everybody's for those of one.

The engine answers a fixed number of statements at once. Whoever asks for more than their part of them stands in a
line of their own; who lets it grow without end is told to come back later.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import msgspec

from firstframe.errors import TooMany

AT_ONCE = 4
"""Statements of one project that run side by side: half of what an API process asks at once."""
MOST_WAITING = 256
"""Statements of one project that wait: some dashboards that were all opened in the same moment."""
MOST_STREAMS = 200
"""Streams of live figures that one project may have open."""
RETRY_SECONDS = 2


class _Line(msgspec.Struct):
    """Those of one project."""

    free: asyncio.Semaphore
    waiting: int = 0


class Turns:
    """The lines of all projects, by name. Names are those of projects, so a stranger cannot make new ones."""

    def __init__(
        self, *, at_once: int = AT_ONCE, waiting: int = MOST_WAITING, streams: int = MOST_STREAMS
    ) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._most_streams = streams
        self._lines: dict[str, _Line] = {}
        self._streams: Counter[str] = Counter()

    @asynccontextmanager
    async def take(self, project: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it for as long as the block runs. Raises `TooMany`."""
        line = self._lines.get(project)
        if line is None:
            line = self._lines[project] = _Line(asyncio.Semaphore(self._at_once))
        if line.waiting >= self._most_waiting:
            raise TooMany(
                f"{line.waiting} questions of this project wait already; ask fewer at once",
                retry_after_seconds=RETRY_SECONDS,
            )
        line.waiting += 1
        try:
            await line.free.acquire()
        finally:
            line.waiting -= 1
        try:
            yield
        finally:
            line.free.release()

    def check_streams(self, project: str) -> None:
        """Raises `TooMany` when a project has as many streams as it may have."""
        if self._streams[project] >= self._most_streams:
            raise TooMany(
                f"{self._most_streams} streams of this project are open; close some",
                retry_after_seconds=RETRY_SECONDS,
            )

    @contextmanager
    def streaming(self, project: str) -> Iterator[None]:
        """One stream more, for as long as the block runs."""
        self._streams[project] += 1
        try:
            yield
        finally:
            self._streams[project] -= 1
