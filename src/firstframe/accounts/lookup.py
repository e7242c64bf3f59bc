"""Asking the accounts from an event loop: in threads that are for nothing else, and only so many at once.

A database can hang for minutes, and who makes up keys and links makes it be asked. In threads that others need too,
or without a limit, that would stop what has nothing to do with accounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from firstframe.errors import Unavailable

P = ParamSpec("P")
Result = TypeVar("Result")

RETRY_SECONDS = 2


class Lookups:
    """Threads for questions to the accounts, and the line before them."""

    def __init__(self, name: str, *, threads: int, most: int) -> None:
        """``most`` is how many questions may be asked or wait; the threads are begun when they are needed."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = most
        self._open = 0

    async def ask(self, question: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """What the question gives, or raises. Raises `Unavailable` where too many wait, or the database is away."""
        if self._open >= self._most:
            raise Unavailable(
                "too many ask for the accounts at once", code="overloaded", retry_after_seconds=RETRY_SECONDS
            )
        self._open += 1
        try:
            job = partial(question, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)
        except SQLAlchemyError as error:
            raise Unavailable("the accounts cannot be read now; try again") from error
        finally:
            self._open -= 1
