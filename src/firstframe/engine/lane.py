"""Threads for statements: each statement has one to itself from its first byte to its last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """One thread."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in this thread; not cut short when the waiting task is cancelled."""
        job = asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *args, **kwargs))
        return await asyncio.shield(job)

    def close(self) -> None:
        self._thread.shutdown(wait=True)


class Lanes:
    """A fixed number of threads, leased in the order in which they are asked for.

    Some are kept from guests: however many of those are there, and however slowly they read, others get a turn.
    """

    def __init__(self, count: int, *, for_guests: int) -> None:
        self._all = [Lane(f"statement-{number}") for number in range(count)]
        self._free = list(self._all)
        self._gate = asyncio.Semaphore(count)
        self._guests = asyncio.Semaphore(for_guests)

    @asynccontextmanager
    async def lease(self, *, guest: bool) -> AsyncIterator[Lane]:
        async with self._guests if guest else nullcontext(), self._gate:
            lane = self._free.pop()
            try:
                yield lane
            finally:
                self._free.append(lane)

    def close(self) -> None:
        for lane in self._all:
            lane.close()
