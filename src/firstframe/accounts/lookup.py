"""Asking the accounts from an event loop. A database can hang for minutes, and who makes up keys makes it be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from firstframe.aside import Aside
from firstframe.errors import Unavailable

P = ParamSpec("P")
Result = TypeVar("Result")


class Lookups:
    """Questions to the accounts, aside."""

    def __init__(self, name: str, *, threads: int, most: int) -> None:
        self._aside = Aside(name, threads=threads, most=most, refusal="too many ask for the accounts at once")

    async def ask(self, question: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """What the question gives, or raises. Raises `Unavailable` where too many wait, or the database is away."""
        try:
            return await self._aside.do(question, *args, **kwargs)
        except SQLAlchemyError as error:
            raise Unavailable("the accounts cannot be read now; try again") from error
