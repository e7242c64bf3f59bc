"""What is done again and again beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger()

Chore = Callable[[], Awaitable[None] | None]


class Chores:
    """Does its chores one after the other, round after round. One that fails is told of, and the others go on."""

    def __init__(self, chores: Mapping[str, Chore], seconds: float) -> None:
        """``seconds`` is the pause between rounds."""
        self._chores = chores
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._failing: set[str] = set()
        self._done_at = 0.0

    def start(self) -> None:
        self._done_at = time.monotonic()
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End the rounds, with a last one."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.do()

    def age(self) -> float:
        """Seconds since the last round was done; 0 where none is to be done."""
        return time.monotonic() - self._done_at if self._task is not None else 0.0

    async def do(self) -> None:
        """One round. Raises nothing."""
        for name, chore in self._chores.items():
            try:
                waits = chore()
                if waits is not None:
                    await waits
            except Exception:  # whatever it was, the next round may go well
                if name not in self._failing:  # it may fail each second for days
                    log.exception("a chore of the collector fails", chore=name)
                    self._failing.add(name)
            else:
                self._failing.discard(name)
        self._done_at = time.monotonic()

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self.do()
