"""Work beside an event loop: in threads that are for nothing else, and only so much of it at once.

In threads that others need too, or without a limit, work that hangs or that anybody can ask for would stop what has
nothing to do with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from firstframe.errors import Unavailable

P = ParamSpec("P")
Result = TypeVar("Result")

RETRY_SECONDS = 2


class Aside:
    """Threads for one kind of work, and the line before them."""

    def __init__(self, name: str, *, threads: int, most: int, refusal: str) -> None:
        """``most`` may be done or wait, the others are told the ``refusal``; threads are begun when they are needed."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = most
        self._refusal = refusal
        self._open = 0

    async def do(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """What the work gives, or raises. Raises `Unavailable` where too much waits."""
        if self._open >= self._most:
            raise Unavailable(self._refusal, code="overloaded", retry_after_seconds=RETRY_SECONDS)
        self._open += 1
        try:
            job = partial(work, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)
        finally:
            self._open -= 1
