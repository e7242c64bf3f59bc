"""What becomes of one beacon that was given to the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator

import structlog

log = structlog.get_logger()

Told = Callable[[Exception | None], None]
"""Is told None once the beacon is durable, or why it is not."""


class Kept:
    """Settled once, with or without an error. Can be awaited, and raises it then.

    It is a future that tells at once instead of in the loop's next round: for each beacon that round cost a sixth
    of all that a collector does.
    """

    __slots__ = ("_error", "_is_open", "_told")

    def __init__(self) -> None:
        self._is_open = True
        self._error: Exception | None = None
        self._told: list[Told] = []

    def then(self, told: Told) -> None:
        """Call this when it is settled; now, where it is already."""
        if self._is_open:
            self._told.append(told)
        else:
            told(self._error)

    def settle(self, error: Exception | None = None) -> None:
        """Tell everybody. Raises nothing: what one does wrong is not the others' fault."""
        self._is_open = False
        self._error = error
        told, self._told = self._told, []
        for each in told:
            try:
                each(error)
            except Exception as fault:
                log.exception("what a beacon's end was told to failed", exc_info=fault)

    def __await__(self) -> Generator[object, None, None]:
        if self._is_open:
            over = asyncio.Event()
            self.then(lambda _: over.set())
            yield from over.wait().__await__()
        if self._error is not None:
            try:
                raise self._error
            finally:
                del self  # or its error would lead here by its traceback, and so to itself
